import type { Notice } from "../core/notice.ts";
import { isOfSort } from "../core/notice.ts";
import { describeTrouble, keyOf, type Trouble } from "../core/trouble.ts";
import type { Clock } from "../platform/clock.ts";
import { selectTargetsOf } from "../store/notice_targets.ts";
import { insertNotices } from "../store/notices.ts";
import type { Store } from "../store/store.ts";
import { deleteKnownTroubles, insertKnownTrouble, selectKnownTroubles } from "../store/troubles.ts";

/** Something that needs help, and who may give it. */
export interface Standing {
  trouble: Trouble;
  helpers: string[];
}

export interface WatchOptions {
  store: Store;
  clock: Clock;
  /** What is wrong now. */
  look: () => Promise<Standing[]>;
  /** For how long something has to be wrong before it is told, in ms. */
  patienceMs: () => number;
  log: (text: string) => void;
}

/**
 * One look: tells of what has been wrong for long enough, once, and forgets what is over. What has been told is in the
 * store, so that a yard that is started anew does not tell it again.
 */
export type Watch = () => Promise<void>;

export function openWatch({ store, clock, look, patienceMs, log }: WatchOptions): Watch {
  /** By the steady clock: what a machine that slept did not see is no time of trouble. */
  const since = new Map<string, number>();

  return async () => {
    const standing = new Map((await look()).map((one) => [keyOf(one.trouble), one]));
    const steady = clock.steady();
    for (const key of since.keys()) if (!standing.has(key)) since.delete(key);
    for (const key of standing.keys()) if (!since.has(key)) since.set(key, steady);
    const known = new Set((await selectKnownTroubles(store.read)).map(({ key }) => key));
    const over = [...known].filter((key) => !standing.has(key));
    const due = [...standing].filter(([key]) => !known.has(key) && steady - (since.get(key) ?? steady) >= patienceMs());
    if (over.length === 0 && due.length === 0) return;
    const now = clock.now();
    const ids = await store.write(async (db) => {
      await deleteKnownTroubles(db, over);
      const ids: number[] = [];
      for (const [, { trouble, helpers }] of due) {
        await insertKnownTrouble(db, { trouble, helpers, since: now });
        const notice: Notice = { event: "needs_help", at: now, trouble };
        const targets = await selectTargetsOf(db, helpers);
        const to = targets.filter(({ sorts }) => sorts.some((sort) => isOfSort(notice, sort)));
        ids.push(...(await insertNotices(db, [{ to, notice, job: null }], now)));
      }
      return ids;
    });
    for (const [, { trouble }] of due) log(`help is needed: ${describeTrouble(trouble).what}`);
    store.changes.tell([{ kind: "troubles" }, ...ids.map((notice) => ({ kind: "notice" as const, notice }))]);
  };
}
