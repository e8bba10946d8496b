import { sql } from "kysely";
import { type GpuUse, type MachineUse, machinesTogether } from "../core/gpu_use.ts";
import type { UnixMs } from "../core/run.ts";
import { type Grain, grains, startOf, type UseSample } from "../core/use_history.ts";
import { type Db, wordsOf } from "./dialect.ts";

/** What was seen of one machine in one stretch of the finest grain. */
export interface SeenUse extends UseSample {
  machine: number;
}

/** Adds what was seen to what is known of the same stretches, in every grain. No machine may be named twice. */
export async function addUse(db: Db, seen: readonly SeenUse[]): Promise<void> {
  for (const grain of grains) {
    const known = await selectStretches(db, seen, grain);
    const rows = seen.map(({ machine, at, gpus }) => {
      const start = startOf(grain, at);
      const before = known.get(`${machine} ${start}`);
      return [machine, grain.spanMs, start, pack(before ? machinesTogether(before, gpus) : gpus)];
    });
    const columns = { machine_id: "bigint", span_ms: "bigint", at: "bigint", gpus_json: "text" } as const;
    // SQLite takes what follows FROM for a join unless a WHERE stands between.
    await sql`insert into machine_use (machine_id, span_ms, at, gpus_json)
      select machine_id, span_ms, at, gpus_json from ${wordsOf(db).table(columns, rows)} as seen where true
      on conflict (machine_id, span_ms, at) do update set gpus_json = excluded.gpus_json`.execute(db);
  }
}

/** What is known of them, by `<machine> <start>`. */
async function selectStretches(db: Db, seen: readonly SeenUse[], grain: Grain): Promise<Map<string, MachineUse>> {
  const known = new Map<string, MachineUse>();
  for (const [start, some] of Map.groupBy(seen, ({ at }) => startOf(grain, at))) {
    const machines = some.map(({ machine }) => machine);
    const found = await selectUse(db, machines, grain, start, start + 1);
    for (const [machine, [stretch]] of found) if (stretch) known.set(`${machine} ${start}`, stretch.gpus);
  }
  return known;
}

/** What is kept of these machines from `from` on until before `until`, by machine, in order. */
export async function selectUse(
  db: Db,
  machines: readonly number[],
  { spanMs }: Grain,
  from: UnixMs,
  until: UnixMs,
): Promise<Map<number, UseSample[]>> {
  const rows = await db
    .selectFrom("machine_use")
    .select(["machine_id", "at", "gpus_json"])
    .where("machine_id", "in", machines)
    .where("span_ms", "=", spanMs)
    .where("at", ">=", from)
    .where("at", "<", until)
    .orderBy("machine_id")
    .orderBy("at")
    .execute();
  const found = new Map<number, UseSample[]>(machines.map((machine) => [machine, []]));
  for (const row of rows) found.get(row.machine_id)?.push({ at: row.at, gpus: unpack(row.gpus_json) });
  return found;
}

/** Forgets what is older than its grain is kept, about `most` stretches of each at once; whether there may be more. */
export async function forgetUse(db: Db, now: UnixMs, most: number): Promise<boolean> {
  let isMore = false;
  for (const { spanMs, keptMs } of grains) {
    const old = await db
      .selectFrom("machine_use")
      .select("at")
      .where("span_ms", "=", spanMs)
      .where("at", "<", now - keptMs - spanMs)
      .orderBy("at")
      .limit(most)
      .execute();
    const last = old.at(-1);
    if (!last) continue;
    await db.deleteFrom("machine_use").where("span_ms", "=", spanMs).where("at", "<=", last.at).execute();
    isMore ||= old.length === most;
  }
  return isMore;
}

const MIB = 1024 ** 2;

/** Thousandths, MiB and seconds, as GPUs' tools tell them: a week of a thousand machines is to stay small. */
type Packed = [looks: number, mean: number, peak: number, usedMib: number | null, heldS: number, idleS: number];

function pack(gpus: MachineUse): string {
  const packed: Record<string, Packed> = {};
  for (const [gpu, { looks, mean, peak, usedBytes, heldMs, idleMs }] of gpus) {
    const usedMib = usedBytes === null ? null : Math.round(usedBytes / MIB);
    packed[gpu] = [
      ...[looks, Math.round(1000 * mean), Math.round(1000 * peak)],
      ...[usedMib, Math.round(heldMs / 1000), Math.round(idleMs / 1000)],
    ] as Packed;
  }
  return JSON.stringify(packed);
}

function unpack(text: string): MachineUse {
  const gpus = new Map<string, GpuUse>();
  for (const [gpu, packed] of Object.entries(JSON.parse(text) as Record<string, Packed>)) {
    const [looks, mean, peak, usedMib, heldS, idleS] = packed;
    const usedBytes = usedMib === null ? null : usedMib * MIB;
    gpus.set(gpu, {
      looks,
      mean: mean / 1000,
      peak: peak / 1000,
      usedBytes,
      heldMs: 1000 * heldS,
      idleMs: 1000 * idleS,
    });
  }
  return gpus;
}
