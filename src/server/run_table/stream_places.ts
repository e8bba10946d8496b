import type { AttemptId } from "../../core/run.ts";
import type { OutputPlace } from "../../files/output_place.ts";
import { selectAttempts } from "../../store/attempts.ts";
import { selectMachines } from "../../store/machines.ts";
import type { Yard } from "../yard.ts";

/** A stream of an attempt, where it lies now. */
export interface StreamPlace {
  attempt: string;
  place: OutputPlace;
  /** Nothing comes to it any more. */
  isWhole: boolean;
}

/**
 * Where a stream of each of these attempts lies, of many at once. Of an attempt that goes on elsewhere it is what has come over
 * so far: nothing is asked of its machine.
 */
export async function streamPlaces(
  { store, id: yardId }: Pick<Yard, "store" | "id">,
  attempts: readonly AttemptId[],
  stream: "out" | "err" | "events",
): Promise<Map<string, StreamPlace>> {
  const machines = new Map((await selectMachines(store.read)).map((machine) => [machine.id, machine]));
  const places = new Map<string, StreamPlace>();
  for (const { id, machine_id, output_json } of await selectAttempts(store.read, [...attempts])) {
    const kept = output_json === null ? null : (JSON.parse(output_json) as Record<string, OutputPlace>);
    const spool = machines.get(machine_id)?.spool;
    const name = stream === "events" ? "events.jsonl" : stream;
    const open: OutputPlace = spool ? { kind: "spool", path: `${spool}/${yardId}/${id}/0/${name}` } : { kind: "none" };
    places.set(id, { attempt: id, place: kept ? (kept[stream] ?? { kind: "none" }) : open, isWhole: kept !== null });
  }
  return places;
}
