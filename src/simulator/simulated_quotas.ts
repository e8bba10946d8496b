import type { PolicySettings } from "../core/policies/policy.ts";
import { openUsage } from "../core/usage.ts";
import type { SimulatedRun } from "./simulated_run.ts";

/** Who has had the GPU hours that are due to them, in the course of a simulation. Instants are seconds. */
export interface SimulatedQuotas {
  submitted(run: SimulatedRun): void;
  /** It has other GPUs from now on than before. */
  holds(run: SimulatedRun, now: number): void;
  /** It has none any more. */
  leaves(run: SimulatedRun, now: number): void;
  ended(run: SimulatedRun): void;
  /** Runs whose users have come to their quota since it was asked last, or may have more again. */
  turned(now: number): SimulatedRun[];
  /** When to ask again at the latest; Infinity: no need. As of the last time. */
  nextAt(): number;
}

interface User {
  name: string;
  /** GPU hours. */
  quota: number;
  /** Of its jobs that have not ended the GPUs, and since when; null: it waits. */
  runs: Map<SimulatedRun, { gpus: number; since: number } | null>;
}

const DAY_SECONDS = 86_400;

/** As a yard counts them: what has ended by the days on which it did, and what is held now. */
export function openSimulatedQuotas({ quotas }: Pick<PolicySettings, "quotas">): SimulatedQuotas {
  const isAny = Object.keys(quotas).length > 0;
  const users = new Map<string, User>();
  const usage = openUsage();
  let nextAt = Number.POSITIVE_INFINITY;

  function userOf({ user: name }: SimulatedRun): User {
    const known = users.get(name);
    if (known) return known;
    const quota = (Object.hasOwn(quotas, name) ? quotas[name] : quotas["*"]) ?? Number.POSITIVE_INFINITY;
    const user = { name, quota, runs: new Map() };
    users.set(name, user);
    return user;
  }

  function leaves(run: SimulatedRun, now: number): void {
    const { runs, name } = userOf(run);
    const held = runs.get(run);
    if (held) usage.add(name, held.gpus * (now - held.since), 1000 * now);
    runs.set(run, null);
  }

  /** Whether it has had its hours by now, and when that may change. */
  function look({ name, quota, runs }: User, now: number): { isOver: boolean; changesAt: number } {
    const holding = [...runs.values()].filter((held) => held !== null);
    const heldSeconds = holding.reduce((sum, { gpus, since }) => sum + gpus * (now - since), 0);
    const leftSeconds = 3600 * (quota - usage.of(name, 1000 * now)) - heldSeconds;
    if (leftSeconds <= 0) return { isOver: true, changesAt: (Math.floor(now / DAY_SECONDS) + 1) * DAY_SECONDS };
    const gpus = holding.reduce((sum, held) => sum + held.gpus, 0);
    return { isOver: false, changesAt: now + leftSeconds / gpus };
  }

  return {
    submitted(run) {
      userOf(run).runs.set(run, null);
    },
    holds(run, now) {
      leaves(run, now);
      userOf(run).runs.set(run, { gpus: run.asks.gpus, since: now });
    },
    leaves,
    ended(run) {
      userOf(run).runs.delete(run);
    },
    turned(now) {
      const turned: SimulatedRun[] = [];
      nextAt = Number.POSITIVE_INFINITY;
      if (!isAny) return turned;
      for (const user of users.values()) {
        if (user.quota === Number.POSITIVE_INFINITY || user.runs.size === 0) continue;
        const { isOver, changesAt } = look(user, now);
        nextAt = Math.min(nextAt, changesAt);
        turned.push(...[...user.runs.keys()].filter((run) => run.isBorrowing !== isOver));
      }
      return turned;
    },
    nextAt: () => nextAt,
  };
}
