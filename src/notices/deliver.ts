import { isGathered, nextTryAt, restMs } from "../core/notice_retry.ts";
import { isNoTarget, type NoticeTarget, parseTarget } from "../core/notice_target.ts";
import type { Files } from "../files/open_files.ts";
import type { Clock } from "../platform/clock.ts";
import {
  type DueNotice,
  noteFailed,
  noteTold,
  postpone,
  selectDue,
  selectWaitingAddresses,
  type WaitingAddress,
} from "../store/notices.ts";
import type { Store } from "../store/store.ts";
import { failed, type Outcome } from "./outcome.ts";
import type { Send } from "./send.ts";

/** So many addresses are written to at once: one that hangs holds up itself, and few others. */
const MOST_AT_ONCE = 8;
const MOST_IN_A_MESSAGE = 50;
/** What comes within so long of each other is looked at once. */
const GATHERING_MS = 100;
/** The longest that a timer is set for; then it looks again. */
const LONGEST_WAIT_MS = 60_000;

/** For what is under way when the yard ends: a command may take longer, and is told of again by the next yard. */
const LAST_WAIT_MS = 2000;

export interface DeliverOptions {
  yardId: string;
  store: Store;
  files: Pick<Files, "addresses" | "notices">;
  clock: Clock;
  send: Send;
  log: (text: string) => void;
}

export interface Deliverer {
  /** Ends what is under way; what is not known to have been told stays to be told. */
  stop(): Promise<void>;
}

/**
 * Tells what the store says is to be told. What is taken up is noted only when it has been tried: after a crash in between,
 * it is told once more rather than never.
 */
export function startDelivery({ yardId, store, files, clock, send, log }: DeliverOptions): Deliverer {
  const stopping = new AbortController();
  /** Those being written to, each with what it ends by. */
  const busy = new Map<string, Promise<void>>();
  /** Until when an address is left in peace, but for what somebody waits for. */
  const rests = new Map<string, number>();
  /** Until when nothing at all is tried there, since what became of the last try could not be noted. */
  const barred = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  /** When it is looked next, by the steady clock. */
  let lookAt = Number.POSITIVE_INFINITY;
  let looking: Promise<void> | null = null;
  let isStale = false;

  const hush = store.changes.hear((changes) => {
    if (changes.some(({ kind }) => kind === "job" || kind === "ended" || kind === "notice")) lookIn(GATHERING_MS);
  });
  lookIn(0);

  function lookIn(ms: number): void {
    const at = clock.steady() + ms;
    if (stopping.signal.aborted || at >= lookAt) return;
    lookAt = at;
    clearTimeout(timer);
    timer = setTimeout(look, ms);
  }

  function look(): void {
    lookAt = Number.POSITIVE_INFINITY;
    isStale = true;
    looking ??= round()
      .catch((error: unknown) => {
        log(`notices cannot be told now: ${error instanceof Error ? error.stack : String(error)}`);
        lookIn(LONGEST_WAIT_MS);
      })
      .finally(() => {
        looking = null;
      });
  }

  async function round(): Promise<void> {
    while (isStale && !stopping.signal.aborted) {
      isStale = false;
      const now = clock.now();
      for (const map of [rests, barred]) for (const [address, until] of map) if (until <= now) map.delete(address);
      for (const waiting of await selectWaitingAddresses(store.read)) {
        if (busy.has(waiting.address)) continue;
        const wait = readyAt(waiting) - now;
        if (wait > 0) lookIn(Math.min(wait, LONGEST_WAIT_MS));
        else if (busy.size < MOST_AT_ONCE) begin(waiting.address);
      }
    }
  }

  function readyAt({ address, dueAt, isTested }: WaitingAddress): number {
    const peace = isTested ? 0 : (rests.get(address) ?? 0);
    return Math.max(dueAt, peace, barred.get(address) ?? 0);
  }

  function begin(address: string): void {
    const work = tell(address)
      .catch((error: unknown) => {
        log(`a notice cannot be told: ${error instanceof Error ? error.stack : String(error)}`);
        barred.set(address, clock.now() + LONGEST_WAIT_MS);
      })
      .finally(() => {
        busy.delete(address);
        lookIn(0);
      });
    busy.set(address, work);
  }

  async function tell(address: string): Promise<void> {
    const target = await targetAt(address);
    const kind = "misread" in target ? "command" : target.kind;
    const due = await selectDue(store.read, address, clock.now(), isGathered[kind] ? MOST_IN_A_MESSAGE : 1);
    const isTest = due[0]?.notice.event === "test";
    const message = isTest ? due.slice(0, 1) : due;
    const [first] = message;
    if (!first) return;
    const outcome = isNoTarget(target)
      ? failed(target.misread, true)
      : await send(target, messageOf(message, first), stopping.signal);
    if (stopping.signal.aborted && outcome.kind === "failed") return;
    await note(address, message, outcome);
    if (!isTest) rests.set(address, clock.now() + restMs[kind]);
    store.changes.tell(message.map(({ id }) => ({ kind: "notice", notice: id })));
  }

  function messageOf(due: readonly DueNotice[], first: DueNotice) {
    return {
      id: `${yardId}-${first.id}`,
      notices: due.map(({ notice }) => notice),
      secret: files.notices.secretOf(first.user),
    };
  }

  /** A try that failed puts off all that is to be told there: a hundred notices do not knock a hundred times. */
  async function note(address: string, message: readonly DueNotice[], outcome: Outcome): Promise<void> {
    const now = clock.now();
    if (outcome.kind === "told")
      return store.write((db) =>
        noteTold(
          db,
          message.map(({ id }) => id),
          now,
        ),
      );
    const isTest = message[0]?.notice.event === "test";
    const tried = message.map(({ id, tries, createdAt }) => {
      return { id, nextAt: outcome.isFinal || isTest ? null : nextTryAt(tries + 1, createdAt, now) };
    });
    const nextAt = tried.reduce((latest, one) => Math.max(latest, one.nextAt ?? 0), 0);
    log(`a notice could not be told at ${message[0]?.shown}: ${outcome.why}`);
    await store.write(async (db) => {
      await noteFailed(db, tried, outcome.why);
      if (nextAt > 0) await postpone(db, address, nextAt);
    });
  }

  async function targetAt(address: string): Promise<NoticeTarget | { misread: string }> {
    const kept = await files.addresses.get(address);
    if (kept.ok) return parseTarget(kept.value["target"] ?? "");
    return { misread: "The yard's files no longer say where this goes. Add the target anew." };
  }

  return {
    async stop() {
      hush();
      stopping.abort();
      clearTimeout(timer);
      await looking;
      const patience = new Promise((resolve) => setTimeout(resolve, LAST_WAIT_MS).unref());
      await Promise.race([Promise.all(busy.values()), patience]);
    },
  };
}
