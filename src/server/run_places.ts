import { lstat } from "node:fs/promises";
import { basename, dirname, isAbsolute } from "node:path";
import { keptName } from "../core/assignment.ts";
import { resultsName } from "../core/job.ts";
import type { AttemptRow } from "../store/attempts.ts";
import type { JobRow } from "../store/jobs.ts";
import { type MachineRow, selectMachines } from "../store/machines.ts";
import type { Yard } from "./yard.ts";

/** A folder, or a single file in one, where something of an attempt lies on the yard's machine. */
export interface RunPlace {
  /** What it is called in paths. */
  name: string;
  folder: string;
  /** Of a place that is one file: its name in the folder. Null: the place is all of the folder. */
  file: string | null;
}

export interface RunPlaces {
  places: RunPlace[];
  /** What there is besides, in words: where it lies. */
  elsewhere: string[];
}

/** Where the files of an attempt lie, as far as the yard's machine has them. */
export async function placesOf(yard: Yard, job: JobRow, attempt: AttemptRow): Promise<RunPlaces> {
  const machine = (await selectMachines(yard.store.read)).find(({ id }) => id === attempt.machine_id);
  const candidates = [...inSpool(yard, job, attempt, machine), ...(await atUsers(yard, job, attempt))];
  const places = [];
  for (const place of candidates) if (await isThere(place)) places.push(place);
  return { places: places.filter(isFirstOfItsName), elsewhere: elsewhere(yard, job, attempt, machine) };
}

function inSpool(yard: Yard, job: JobRow, attempt: AttemptRow, machine: MachineRow | undefined): RunPlace[] {
  if (!machine?.spool) return [];
  const spool = `${machine.spool}/${yard.id}`;
  const place = (name: string, below: string) => ({ name, folder: `${spool}/${below}`, file: null });
  const { id, n, rank } = attempt;
  return [
    place("results", `results/${id}`),
    // While it goes on, what it has in hand comes before what an earlier attempt has left.
    place("work", `${id}/0/work`),
    place("checkpoints", `${id}/0/keep`),
    place("checkpoints", `kept/${keptName(job.id, n, rank)}`),
  ];
}

/** What the yard itself has put where the user wants it. */
async function atUsers(yard: Yard, job: JobRow, attempt: AttemptRow): Promise<RunPlace[]> {
  const { out, results } = job.plan;
  const places: RunPlace[] = [];
  if (out !== null && attempt.rank === 0) places.push({ name: "out", folder: dirname(out), file: basename(out) });
  if (results && isAbsolute(results.folder)) {
    const { line } = (await yard.works.of(job)).run(attempt.n);
    const name = resultsName(results, line ?? attempt.n);
    places.push({ name: "collected", folder: `${results.folder}/${name}`, file: null });
  }
  return places;
}

async function isThere({ folder, file }: RunPlace): Promise<boolean> {
  const found = await lstat(file === null ? folder : `${folder}/${file}`).catch(() => null);
  return found !== null && (file === null ? found.isDirectory() : found.isFile());
}

function isFirstOfItsName(place: RunPlace, index: number, all: readonly RunPlace[]): boolean {
  return all.findIndex(({ name }) => name === place.name) === index;
}

function elsewhere(yard: Yard, job: JobRow, attempt: AttemptRow, machine: MachineRow | undefined): string[] {
  const where = machine?.name ?? "a machine that has been removed";
  const isFar = machine !== undefined && machine.driver !== "agent";
  const said: string[] = [];
  if (attempt.snapshot === null && !isFar)
    said.push(`It worked in ${job.plan.cwd} on ${where}: what it wrote there is there, and is not shown here.`);
  if (isFar && attempt.status !== "ended")
    said.push(`It has not ended: what it writes lies on ${where}, and is brought here when it has.`);
  if (job.plan.keep && attempt.status === "ended" && machine) {
    const spool = machine.cluster?.spool ?? machine.login?.spool;
    const folder = machine.login || machine.cluster ? (spool ?? "~/.local/share/runyard/spool") : machine.spool;
    said.push(`Its whole folder stays on ${where}: ${folder}/${yard.id}/runs/${attempt.id}`);
  }
  return said;
}
