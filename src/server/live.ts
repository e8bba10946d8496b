import { setTimeout as sleep } from "node:timers/promises";
import { openBell } from "../platform/bell.ts";
import type { Change } from "../store/changes.ts";
import { type LiveEvent, openLiveEvents, textOf } from "./live_events.ts";
import { answered, type Handler, type Yard } from "./yard.ts";

/** Changes remembered for those who come back: beyond them one is told to look at everything anew. */
const REMEMBERED = 20_000;
/** Changes are told in bundles: what changes ten times in a blink is told once. */
const PAUSE_MS = 100;
const HEARTBEAT_MS = 10_000;
/** With nothing to tell, it is asked this often whether the token is still good. */
const LOOK_MS = 1000;

/**
 * Live events over SSE. Each says how something is now, not what happened to it, so missing some or hearing one twice
 * does no harm: `job` and `run` carry the object, `reset` says that too much was missed. Ids are `<epoch>-<number>`.
 * Whoever has heard as much as others is told with them, in the same words: fifty who watch cost little more than one.
 */
export function liveHandler(yard: Yard): Handler<"events"> {
  const { store } = yard;
  const history: Change[] = [];
  let firstNumber = 0;
  const bell = openBell<"changes">();
  store.changes.hear((changes) => {
    history.push(...changes);
    const surplus = history.length - REMEMBERED;
    if (surplus > REMEMBERED / 4) firstNumber += history.splice(0, surplus).length;
    bell.ring("changes");
  });
  const latest = () => firstNumber + history.length;
  const events = openLiveEvents(yard);
  let beat: Promise<number> | null = null;

  /** Up to which change all are told who are waiting now; none of them before the others. */
  function nextBeat(): Promise<number> {
    beat ??= sleep(PAUSE_MS).then(() => {
      beat = null;
      return latest();
    });
    return beat;
  }

  return async ({ query, who, secret, incoming, outgoing, signal }) => {
    outgoing.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    });
    if (incoming.method === "HEAD") {
      outgoing.end();
      return answered;
    }
    const lastId = incoming.headers["last-event-id"];
    let told = whereToGoOn(typeof lastId === "string" ? lastId : null);
    if (told === null) {
      told = latest();
      await sendOne(["reset", {}], told);
    }
    await sendOne(["hello", { epoch: yard.epoch }], told);
    let toldAt = yard.clock.steady();
    while (await isWelcome()) {
      const rings = bell.rings("changes");
      if (told < firstNumber) {
        // It read so slowly that what came next is forgotten.
        told = latest();
        await sendOne(["reset", {}], told);
      } else if (latest() > told) {
        const before: number = told;
        told = await nextBeat();
        if (before < firstNumber) continue;
        const changes = () => history.slice(before - firstNumber, told === null ? undefined : told - firstNumber);
        await send(await events.between(idOf(before), idOf(told), query, changes));
        toldAt = yard.clock.steady();
      } else {
        if (yard.clock.steady() - toldAt > HEARTBEAT_MS) {
          outgoing.write(": still here\n\n");
          toldAt = yard.clock.steady();
        }
        await bell.wait("changes", rings, LOOK_MS, signal);
      }
    }
    // Not ended: who reads nothing would hold it open for ever.
    outgoing.destroy();
    return answered;

    async function isWelcome(): Promise<boolean> {
      return !signal.aborted && (await yard.authority.isStillGood(who, secret));
    }

    function sendOne(event: LiveEvent, number: number): Promise<void> {
      return send(textOf(event, idOf(number)));
    }

    /** Resolves when the other side has read enough for more: what it is slow to read does not pile up here. */
    async function send(text: string): Promise<void> {
      if (text === "" || signal.aborted) return;
      outgoing.write(text);
      while (outgoing.writableNeedDrain && (await isWelcome())) await drained();
    }

    function drained(): Promise<void> {
      return new Promise((resolve) => {
        const timer = setTimeout(done, LOOK_MS);
        outgoing.once("drain", done);
        signal.addEventListener("abort", done, { once: true });
        function done() {
          clearTimeout(timer);
          outgoing.off("drain", done);
          signal.removeEventListener("abort", done);
          resolve();
        }
      });
    }
  };

  function idOf(number: number): string {
    return `${yard.epoch}-${number}`;
  }

  /** The number after which to go on; null: too much was missed. Without an id one begins now. */
  function whereToGoOn(id: string | null): number | null {
    if (id === null) return latest();
    const [epoch, number] = id.split("-").map(Number);
    if (epoch !== yard.epoch || number === undefined || !(number >= firstNumber && number <= latest())) return null;
    return number;
  }
}
