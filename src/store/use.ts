import { sql } from "kysely";
import { type GpuUse, type MachineUse, machineUseTogether } from "../core/gpu_use.ts";
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
      return [machine, grain.spanMs, start, pack(before ? machineUseTogether(before, gpus) : gpus)];
    });
    const columns = { machine_id: "bigint", span_ms: "bigint", at: "bigint", gpus_json: "text" } as const;
    // SQLite takes what follows FROM for a join unless a WHERE stands between.
    await sql`insert into machine_use (machine_id, span_ms, at, gpus_json)
      select machine_id, span_ms, at, gpus_json from ${wordsOf(db).table(columns, rows)} as seen where true
      on conflict (machine_id, span_ms, at) do update set gpus_json = excluded.gpus_json`.execute(db);
  }
}

async function selectStretches(db: Db, seen: readonly SeenUse[], grain: Grain): Promise<Map<string, MachineUse>> {
  const rows = seen.map(({ machine, at }) => [machine, startOf(grain, at)]);
  const known = await sql<{
    machine_id: number;
    at: UnixMs;
    gpus_json: string;
  }>`select machine_use.machine_id, machine_use.at,
    machine_use.gpus_json from ${wordsOf(db).table({ machine_id: "bigint", at: "bigint" }, rows)} as seen
    inner join machine_use on machine_use.machine_id = seen.machine_id and machine_use.span_ms = ${grain.spanMs}
      and machine_use.at = seen.at`.execute(db);
  return new Map(known.rows.map((row) => [`${row.machine_id} ${row.at}`, unpack(row.gpus_json)]));
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

/** Forgets what is older than its grain is kept, `most` stretches of each at once; whether there may be more. */
export async function forgetUse(db: Db, now: UnixMs, most: number): Promise<boolean> {
  let isMore = false;
  for (const { spanMs, keptMs } of grains) {
    const old = await db
      .selectFrom("machine_use")
      .select(["machine_id", "at"])
      .where("span_ms", "=", spanMs)
      .where("at", "<", now - keptMs - spanMs)
      .orderBy("at")
      .limit(most)
      .execute();
    if (old.length === 0) continue;
    const rows = old.map(({ machine_id, at }) => [machine_id, at]);
    await sql`delete from machine_use where span_ms = ${spanMs} and (machine_id, at) in
      ${wordsOf(db).table({ machine_id: "bigint", at: "bigint" }, rows)}`.execute(db);
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
