import type { Report } from "../core/report.ts";
import type { AttemptId, JobId } from "../core/run.ts";
import type { Files } from "../files/open_files.ts";
import type { OutputPlace } from "../files/output_place.ts";
import { describeFileProblem } from "../files/problem.ts";
import type { Ended } from "../store/reports.ts";

type EndedReport = Extract<Report, { kind: "ended" }>;

/**
 * Brings the streams of attempts that ended into the yard's files; answers where each lies.
 *
 * @param spool  the yard's folder in the spool of their machine: a large stream is taken only from there
 */
export async function keepStreams(
  files: Files,
  log: (text: string) => void,
  spool: string,
  ends: EndedReport[],
  rows: ReadonlyMap<string, { job_id: JobId }>,
): Promise<Ended[]> {
  const byJob = Map.groupBy(ends, (end) => rows.get(end.attempt)?.job_id ?? 0);
  const lists = await Promise.all([...byJob].map(([job, list]) => keepStreamsOfJob(files, log, spool, job, list)));
  return lists.flat();
}

async function keepStreamsOfJob(
  files: Files,
  log: (text: string) => void,
  spool: string,
  job: number,
  ends: EndedReport[],
): Promise<Ended[]> {
  const chunks: Buffer[] = [];
  const places: Record<string, OutputPlace | number>[] = [];
  for (const end of ends) {
    const place: Record<string, OutputPlace | number> = {};
    for (const name of ["out", "err", "events"] as const) {
      const stream = end[name];
      if (stream.kind === "inline") place[name] = chunks.push(Buffer.from(stream.base64, "base64")) - 1;
      else if (stream.kind === "path")
        place[name] = await adopt(files, log, spool, job, end.attempt, name, stream.path);
      else place[name] = { kind: "none" };
    }
    places.push(place);
  }
  const packed = chunks.length > 0 ? await files.append(job, chunks) : { ok: true as const, value: [] };
  if (!packed.ok) throw new Error(describeFileProblem(packed.problem));
  return ends.map((end, index) => {
    const output = Object.entries(places[index] ?? {}).map(([name, place]) => {
      const slice = typeof place === "number" ? packed.value[place] : undefined;
      return [name, slice ? { kind: "pack", job, ...slice } : place];
    });
    return { ...end, attempt: end.attempt as AttemptId, output: JSON.stringify(Object.fromEntries(output)) };
  });
}

/** A large stream becomes a file of the yard's. Only what lies in that attempt's own spool can. */
async function adopt(
  files: Files,
  log: (text: string) => void,
  spool: string,
  job: number,
  attempt: string,
  name: string,
  path: string,
): Promise<OutputPlace> {
  const file = name === "events" ? "events.jsonl" : name;
  if (path !== `${spool}/${attempt}/0/${file}`) return { kind: "none" };
  const adopted = await files.adopt(job, `${attempt}.${name}`, path);
  if (adopted.ok) return adopted.value;
  const { code } = adopted.problem;
  // What a run has put in the place of its output must not keep its end, and those of others, from being taken in.
  if (code !== "missing" && code !== "not_a_file" && code !== "exists")
    throw new Error(describeFileProblem(adopted.problem));
  log(`the ${name} of ${attempt} is left out: ${describeFileProblem(adopted.problem)}`);
  return { kind: "none" };
}
