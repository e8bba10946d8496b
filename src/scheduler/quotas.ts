import type { Slot } from "../core/demand.ts";
import { openUsage, QUOTA_DAYS, type Usage } from "../core/usage.ts";
import type { Clock } from "../platform/clock.ts";
import { selectService } from "../store/attempts.ts";
import type { Store } from "../store/store.ts";
import type { Governing } from "./governing.ts";
import type { Held, Queue } from "./queue.ts";

/** Who has used up their GPU hours, of the pools that have quotas. */
export interface Quotas {
  /** Tells the queue who has by now. */
  look(queue: Queue): Promise<void>;
  /** A worker has given up its place. */
  left(held: Held): void;
}

export function openQuotas(store: Store, governing: Governing, clock: Clock): Quotas {
  /** Of pools that have quotas, from the first look on. */
  const usages = new Map<string, Usage>();

  async function usageOf(pool: string): Promise<Usage> {
    const known = usages.get(pool);
    if (known) return known;
    const usage = openUsage();
    const since = clock.now() - QUOTA_DAYS * 86_400_000;
    for (const { user, startedAt, endedAt, slot } of await selectService(store.read, pool, since)) {
      const { gpus } = JSON.parse(slot) as Slot;
      usage.add(user, (gpus.length * (endedAt - startedAt)) / 1000, endedAt);
    }
    usages.set(pool, usage);
    return usage;
  }

  return {
    async look(queue) {
      for (const [pool, quotas] of governing.quotas()) {
        const usage = await usageOf(pool);
        const held = Map.groupBy(queue.held(pool, clock.steady() / 1000), ({ user }) => user);
        const users = new Set([...held.keys(), ...queue.users(pool)]);
        const isOver = (user: string) => {
          const quota = Object.hasOwn(quotas, user) ? quotas[user] : quotas["*"];
          const now = (held.get(user) ?? []).reduce((sum, { gpuSeconds }) => sum + gpuSeconds, 0) / 3600;
          return quota !== undefined && usage.of(user, clock.now()) + now >= quota;
        };
        queue.lend(pool, new Set([...users].filter(isOver)), clock.steady() / 1000);
      }
    },
    left({ pool, user, gpuSeconds }) {
      usages.get(pool)?.add(user, gpuSeconds, clock.now());
    },
  };
}
