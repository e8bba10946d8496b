import type { Machine } from "../core/machine.ts";
import { mostGpusOf, withLimits } from "../core/policies/limits.ts";
import type { Amounts } from "../core/policies/policy.ts";
import { type PoolRules, policyNamed, wholeRules } from "../core/policies/rules.ts";
import { poolsIn } from "../core/pool.ts";
import type { PoolRow } from "../store/pools.ts";
import type { OpenedPolicy } from "./queue.ts";
import type { QueuedRun } from "./queued_run.ts";

/** Under which policies pools are, as they were last set, and what they have. */
export interface Governing {
  /** Takes over how pools are set now. Whether any is under another policy, or another rule, than before. */
  refresh(pools: readonly PoolRow[]): boolean;
  /** Takes over what machines there are: shares are of all that a pool has. */
  measure(machines: Iterable<Machine>): void;
  isPaused(pool: string): boolean;
  /** Of pools that have some: GPU hours by user, `*` whoever is not named. */
  quotas(): [pool: string, quotas: Readonly<Record<string, number>>][];
  /** Opens the policy of the first of these pools. */
  open(pool: string): OpenedPolicy;
}

export function openGoverning(): Governing {
  const paused = new Set<string>();
  const totals = new Map<string, Amounts>();
  let chosen = new Map<string, { policy: string; rules: PoolRules }>();

  function totalOf(pool: string): Amounts {
    const known = totals.get(pool);
    if (known) return known;
    const total = { gpus: 0, cpus: 0, memoryBytes: 0 };
    totals.set(pool, total);
    return total;
  }

  return {
    refresh(pools) {
      paused.clear();
      for (const pool of pools) if (pool.paused) paused.add(pool.name);
      const before = JSON.stringify([...chosen]);
      chosen = new Map(pools.map(({ name, policy, rules }) => [name, { policy, rules }]));
      return JSON.stringify([...chosen]) !== before;
    },
    measure(machines) {
      for (const total of totals.values()) Object.assign(total, { gpus: 0, cpus: 0, memoryBytes: 0 });
      for (const { pool, hardware, slots } of machines) {
        const total = totalOf(pool);
        // Where there are no GPUs, what runs takes a core, and counts as one.
        total.gpus +=
          slots === null && hardware.gpus.length === 0
            ? hardware.cpus
            : Math.max(hardware.gpus.length, slots?.length ?? 0);
        total.cpus += hardware.cpus;
        total.memoryBytes += hardware.memoryBytes;
      }
    },
    isPaused: (pool) => paused.has(pool),
    quotas: () =>
      [...chosen].flatMap(([pool, { rules }]) => {
        const { quotas = {} } = rules;
        return Object.keys(quotas).length > 0 ? [[pool, quotas]] : [];
      }),
    open(pool) {
      const [first = pool] = poolsIn(pool);
      const { policy: name = "", rules = {} } = chosen.get(first) ?? {};
      const policy = policyNamed(name);
      const settings = { ...wholeRules(rules), total: totalOf(first) };
      return {
        ...withLimits(policy.open<QueuedRun>(settings), settings),
        preempts: policy.preempts,
        resizes: policy.resizes,
        mostGpusOf: (user) => mostGpusOf(user, settings.mostGpus),
      };
    },
  };
}
