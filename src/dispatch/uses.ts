import { type GpuUse, type MachineUse, machinesTogether, oneLook } from "../core/gpu_use.ts";
import { idleHeldMs, idleSince } from "../core/idle_since.ts";
import type { Gpu, Hardware } from "../core/machine.ts";
import type { UnixMs } from "../core/run.ts";
import { fineGrain, startOf, type UseSample } from "../core/use_history.ts";
import type { Clock } from "../platform/clock.ts";
import { type HolderRow, selectHolders } from "../store/holders.ts";
import { type Look, selectLastLook } from "../store/machines.ts";
import type { Store } from "../store/store.ts";
import { addUse, forgetUse } from "../store/use.ts";

/**
 * What machines say of their GPUs, taken together by minutes of the yard's clock, and written when a minute is over. A
 * minute in which a machine was not heard is missing.
 */
export interface Uses {
  /** Notes a look at the machine's GPUs. Answers the hardware with since when each GPU has been idle. */
  hear(machine: number, hardware: Hardware): Promise<Hardware>;
  /** What is noted of the machine and not written yet; whose its GPUs were is not said. */
  unwritten(machine: number): UseSample[];
  /** Writes all that is noted; then nothing more is. */
  close(): Promise<void>;
}

/** A machine in one minute. */
interface Noted {
  gpus: MachineUse;
  /** For how much of the minute it is known what its GPUs did. */
  watchedMs: number;
}

type Minutes = Map<UnixMs, Map<number, Noted>>;

/** A longer time between two looks counts as so much: nobody knows what a GPU did meanwhile. */
const LONGEST_STEP_MS = 30_000;
const CHECK_MS = 5000;
/** Machines written, and stretches forgotten, at once: the yard has other things to do in between. */
const PORTION = 25;
const MOST_FORGOTTEN = 1000;
/** While the store is away, so much is kept in memory. */
const LONGEST_UNWRITTEN_MS = 3_600_000;

const NOTHING: Noted = { gpus: new Map(), watchedMs: 0 };

export function openUses(store: Store, clock: Clock, onError: (error: unknown) => void): Uses {
  const looks = new Map<number, Look>();
  let noted: Minutes = new Map();
  let writing: { minutes: Minutes; done: Promise<void> } | null = null;
  const checking = setInterval(() => {
    const current = startOf(fineGrain, clock.now());
    if (writing === null && [...noted.keys()].some((minute) => minute !== current)) void write(current);
  }, CHECK_MS);
  checking.unref();

  function note(machine: number, gpus: readonly Gpu[], before: Look | null, now: UnixMs): void {
    const sinceMs = before === null ? 0 : Math.max(0, now - before.seenAt);
    const seen = new Map(gpus.map(({ index, utilization, usedBytes }) => [index, oneLook(utilization, usedBytes)]));
    add(noted, startOf(fineGrain, now), machine, { gpus: seen, watchedMs: Math.min(LONGEST_STEP_MS, sinceMs) });
  }

  /** Writes the minutes that are over: all but `current`. */
  function write(current: UnixMs | null): Promise<void> {
    const minutes: Minutes = new Map([...noted].filter(([minute]) => minute !== current));
    noted = new Map([...noted].filter(([minute]) => minute === current));
    const done = keep(minutes)
      .catch((error: unknown) => {
        onError(error);
        giveBack(minutes);
      })
      .finally(() => {
        writing = null;
      });
    writing = { minutes, done };
    return done;
  }

  /** What is written is taken out of `minutes`. */
  async function keep(minutes: Minutes): Promise<void> {
    for (const [at, machines] of minutes) {
      const all = [...machines];
      for (let first = 0; first < all.length; first += PORTION) {
        const some = all.slice(first, first + PORTION);
        const ids = some.map(([machine]) => machine);
        await store.write(async (db) => {
          const holders = await selectHolders(db, ids);
          const seen = some.map(([machine, one]) => {
            return { machine, at, gpus: withHolders(one, at, looks.get(machine), holders.get(machine) ?? []) };
          });
          await addUse(db, seen);
        });
        for (const machine of ids) machines.delete(machine);
        await breath();
      }
    }
    while (await store.write((db) => forgetUse(db, clock.now(), MOST_FORGOTTEN))) await breath();
  }

  /** What could not be written is tried again with the next. */
  function giveBack(minutes: Minutes): void {
    for (const [at, machines] of minutes) {
      if (at < clock.now() - LONGEST_UNWRITTEN_MS) continue;
      for (const [machine, one] of machines) add(noted, at, machine, one);
    }
  }

  /** Whose the GPUs were, as far as it can be told at the end of the minute, and what of that they were left idle. */
  function withHolders(
    { gpus, watchedMs }: Noted,
    minute: UnixMs,
    last: Look | undefined,
    holders: readonly HolderRow[],
  ): MachineUse {
    const end = Math.min(clock.now(), minute + fineGrain.spanMs);
    const held = [...gpus].map(([index, use]): [string, GpuUse] => {
      const having = holders.filter(({ slot }) => slot.gpus.includes(index));
      const since = Math.min(...having.map(({ startedAt }) => startedAt ?? end));
      const heldMs = Math.min(watchedMs, Math.max(0, end - since));
      const idle = last?.gpus.find((gpu) => gpu.index === index)?.idleSince ?? null;
      const isWasted = having.length > 0 && idleHeldMs(idle, since, end) !== null;
      return [index, { ...use, heldMs: having.length > 0 ? heldMs : 0, idleMs: isWasted ? heldMs : 0 }];
    });
    return new Map(held);
  }

  return {
    async hear(machine, hardware) {
      if (hardware.gpus.length === 0) return hardware;
      const before = looks.get(machine) ?? (await selectLastLook(store.read, machine));
      const now = clock.now();
      note(machine, hardware.gpus, before, now);
      const gpus = hardware.gpus.map((gpu) => {
        return { ...gpu, idleSince: idleSince(lastOf(gpu, before), gpu.utilization, now) };
      });
      looks.set(machine, { seenAt: now, gpus });
      return { ...hardware, gpus };
    },
    unwritten(machine) {
      return [...(writing?.minutes ?? []), ...noted].flatMap(([at, machines]) => {
        const one = machines.get(machine);
        return one ? [{ at, gpus: one.gpus }] : [];
      });
    },
    async close() {
      clearInterval(checking);
      await writing?.done;
      await write(null);
    },
  };
}

function add(minutes: Minutes, at: UnixMs, machine: number, { gpus, watchedMs }: Noted): void {
  const machines = minutes.get(at) ?? new Map<number, Noted>();
  const before = machines.get(machine) ?? NOTHING;
  machines.set(machine, { gpus: machinesTogether(before.gpus, gpus), watchedMs: before.watchedMs + watchedMs });
  minutes.set(at, machines);
}

/** What the look before said of this very GPU. */
function lastOf({ index, uuid }: Gpu, before: Look | null): { idleSince: UnixMs | null; seenAt: UnixMs } | null {
  const last = before?.gpus.find((gpu) => gpu.index === index && gpu.uuid === uuid);
  return last && before ? { idleSince: last.idleSince ?? null, seenAt: before.seenAt } : null;
}

function breath(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
