import { lastSight } from "../core/presence.ts";
import { troublesOf } from "../core/trouble.ts";
import { startDelivery } from "../notices/deliver.ts";
import { systemResolve } from "../notices/reach.ts";
import { openSend } from "../notices/send.ts";
import { openWatch, type Standing } from "../notices/watch.ts";
import { ownAddresses } from "../platform/network.ts";
import type { Yard } from "../server/yard.ts";
import { selectMachines } from "../store/machines.ts";
import { selectPools } from "../store/pools.ts";
import type { Role } from "../store/tokens.ts";
import { selectTokens } from "../store/tokens.ts";

const LOOK_MS = 10_000;
const QUICKEST_LOOK_MS = 500;

export interface Notifying {
  stop(): Promise<void>;
}

/** Has people told of what they want to be told of, beside everything else that the yard does. */
export function startNotifying(yard: Yard): Notifying {
  const { store, files, clock, log } = yard;
  const settings = files.notices.settings;
  const send = openSend({ settings, resolve: systemResolve, own: ownAddresses, now: clock.now, log });
  const delivery = startDelivery({ yardId: yard.id, store, files, clock, send, log });
  const watch = openWatch({
    store,
    clock,
    look: () => standing(yard),
    patienceMs: () => settings().helpAfterMs,
    log,
  });
  let timer: NodeJS.Timeout | undefined;
  let watching: Promise<void> = Promise.resolve();
  let isOver = false;

  function lookAgain(): void {
    if (isOver) return;
    const inMs = Math.max(QUICKEST_LOOK_MS, Math.min(LOOK_MS, settings().helpAfterMs / 2));
    timer = setTimeout(() => {
      watching = watch()
        .catch((error: unknown) => log(`what needs help cannot be seen: ${String(error)}`))
        .finally(lookAgain);
    }, inMs);
  }
  lookAgain();

  return {
    async stop() {
      isOver = true;
      clearTimeout(timer);
      await watching;
      await delivery.stop();
    },
  };
}

/** What needs help now, and whose: a pool's owner's and the administrators'. */
async function standing({ store, presence, files, clock, floorBytes }: Yard): Promise<Standing[]> {
  const pools = new Map((await selectPools(store.read)).map(({ name, owner }) => [name, owner]));
  const admins = await administrators(store.read, clock.now());
  const machines = (await selectMachines(store.read)).flatMap((row): Standing[] => {
    // Somebody has taken it out of use, and knows.
    if (row.drained) return [];
    const { seenAt, unreachableSince, trouble } = lastSight(presence.of(row.id), row.seenAt);
    const owner = pools.get(row.pool) ?? null;
    const account = row.login?.user ?? owner;
    const isUnreachable = unreachableSince !== null && seenAt !== null;
    const found = troublesOf({ name: row.name, account, isUnreachable, trouble, hardware: row.hardware });
    const helpers = [...new Set([...(owner === null ? [] : [owner]), ...admins])];
    return found.map((one) => ({ trouble: one, helpers }));
  });
  const free = await files.freeBytes();
  if (!free.ok || free.value >= floorBytes) return machines;
  return [...machines, { trouble: { kind: "disk_full", freeBytes: free.value, floorBytes }, helpers: admins }];
}

/** Who has a token of an administrator's that is good. */
async function administrators(db: Parameters<typeof selectTokens>[0], now: number): Promise<string[]> {
  const isGood = (token: { role: Role; revoked_at: number | null; expires_at: number | null }) =>
    token.role === "admin" && token.revoked_at === null && (token.expires_at === null || token.expires_at > now);
  return [...new Set((await selectTokens(db)).filter(isGood).map(({ user_name }) => user_name))];
}
