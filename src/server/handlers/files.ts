import { pipeline } from "node:stream/promises";
import type { FileEntry } from "../../api/file.ts";
import { isRefused, type Refused, refuse } from "../../core/failure.ts";
import type { AttemptId } from "../../core/run.ts";
import { archiveOf } from "../../files/folder_archive.ts";
import { listFolder, openFile, type SeenEntry } from "../../files/folder_view.ts";
import { describeFileProblem, type FileProblem } from "../../files/problem.ts";
import { type AttemptRow, selectAttempt, selectAttemptsOfRun } from "../../store/attempts.ts";
import { type JobRow, selectJob } from "../../store/jobs.ts";
import { byteRange } from "../byte_range.ts";
import { downloadHeaders } from "../download_headers.ts";
import { isoOf } from "../present.ts";
import { placesOf, type RunPlace, type RunPlaces } from "../run_places.ts";
import { forbidStrangers } from "../selection.ts";
import { answered, type Handlers, type Request, type Yard } from "../yard.ts";

type FileHandlers = Pick<Handlers, "listFiles" | "readFile" | "archiveFiles">;

/** What runs have written, for their owners to look at. The names in a path were chosen by whatever ran: none is trusted. */
export function fileHandlers(yard: Yard): FileHandlers {
  const { store } = yard;

  return {
    async listFiles(request) {
      const { path, after, limit } = request.query;
      const found = await find(request);
      if (isRefused(found)) return found;
      if (found === null) return { path, entries: [], next: null, elsewhere: ["It has not begun yet."] };
      if (path === "") {
        const entries = found.places.map(presentPlace);
        return { path, entries: await Promise.all(entries), next: null, elsewhere: found.elsewhere };
      }
      const [place, names] = placeAt(found, path);
      if (!place || place.file !== null) return noSuchFile(path);
      const seen = await listFolder(place.folder, names, { after: after ?? null, limit });
      if (!seen.ok) return unreadable(path, seen.problem);
      const { entries, next } = seen.value;
      return { path, entries: entries.map(presentEntry), next, elsewhere: [] };
    },

    async readFile(request) {
      const { path } = request.query;
      const found = await find(request);
      if (isRefused(found)) return found;
      const [place, below] = found === null ? [undefined, []] : placeAt(found, path);
      const names = place && place.file !== null ? [place.file, ...below] : below;
      if (!place || names.length === 0 || (place.file !== null && below.length > 0)) return noSuchFile(path);
      const opened = await openFile(place.folder, names);
      if (!opened.ok) return unreadable(path, opened.problem);
      const { handle, sizeBytes, modifiedAt } = opened.value;
      const { incoming, outgoing, signal } = request;
      const etag = `"${sizeBytes}-${modifiedAt}"`;
      const isStale = incoming.headers["if-range"] !== undefined && incoming.headers["if-range"] !== etag;
      const range = isStale ? null : byteRange(incoming.headers.range, sizeBytes);
      const head = { ...downloadHeaders(names.at(-1) ?? ""), "accept-ranges": "bytes", etag };
      if (range === "unsatisfiable") {
        await handle.close();
        outgoing.writeHead(416, { ...head, "content-range": `bytes */${sizeBytes}`, "content-length": 0 }).end();
        return answered;
      }
      const { from, to } = range ?? { from: 0, to: sizeBytes };
      const about = range === null ? {} : { "content-range": `bytes ${from}-${to - 1}/${sizeBytes}` };
      outgoing.writeHead(range === null ? 200 : 206, { ...head, ...about, "content-length": to - from });
      if (to === from || incoming.method === "HEAD") {
        await handle.close();
        outgoing.end();
        return answered;
      }
      // It closes the file, also where the reader goes away in between.
      await send(handle.createReadStream({ start: from, end: to - 1 }), outgoing, signal);
      return answered;
    },

    async archiveFiles(request) {
      const { path } = request.query;
      const found = await find(request);
      if (isRefused(found)) return found;
      const [place, names] = found === null ? [undefined, []] : placeAt(found, path);
      if (!place || place.file !== null) return noSuchFile(path);
      const top = names.at(-1) ?? place.name;
      const archive = await archiveOf(place.folder, names, top);
      if (!archive.ok) return unreadable(path, archive.problem);
      const { job, n } = request.params;
      request.outgoing.writeHead(200, downloadHeaders(`${job}.${n}-${top}.tar`));
      if (request.incoming.method === "HEAD") request.outgoing.end();
      else await send(archive.value, request.outgoing, request.signal);
      return answered;
    },
  };

  /** Null: no attempt of the run has begun. */
  async function find({
    params,
    query,
    who,
  }: Pick<Request<"listFiles">, "params" | "who"> & { query: { attempt?: string | undefined } }): Promise<
    RunPlaces | Refused | null
  > {
    const job = await selectJob(store.read, params.job);
    if (!job) return refuse({ code: "no_such_job", job: params.job });
    const forbidden = forbidStrangers(who, [job]);
    if (forbidden) return forbidden;
    const run = `${params.job}.${params.n}`;
    if (params.n > job.counts.total) return refuse({ code: "no_such_run", run });
    const attempt = await attemptOf(job, params.n, query.attempt);
    if (attempt) return placesOf(yard, job, attempt);
    return query.attempt === undefined
      ? null
      : refuse({ code: "gone", what: `Attempt ${query.attempt} of run ${run}` });
  }

  async function attemptOf(job: JobRow, n: number, id: string | undefined): Promise<AttemptRow | null> {
    if (id === undefined) return (await selectAttemptsOfRun(store.read, job.id, n)).at(-1) ?? null;
    const attempt = await selectAttempt(store.read, id as AttemptId);
    return attempt?.job_id === job.id && attempt.n === n ? attempt : null;
  }
}

/** The place that a path begins with, and the names below it. */
function placeAt({ places }: RunPlaces, path: string): [RunPlace | undefined, string[]] {
  const [first, ...names] = path.split("/");
  return [places.find(({ name }) => name === first), names];
}

async function presentPlace({ name, folder, file }: RunPlace): Promise<FileEntry> {
  const at = file === null ? folder : `${folder}/${file}`;
  const opened = file === null ? null : await openFile(folder, [file]);
  if (!opened?.ok) return { name, kind: "folder", sizeBytes: null, modifiedAt: null, target: null, at };
  await opened.value.handle.close();
  const { sizeBytes, modifiedAt } = opened.value;
  return { name, kind: "file", sizeBytes, modifiedAt: isoOf(modifiedAt), target: null, at };
}

function presentEntry({ modifiedAt, ...entry }: SeenEntry): FileEntry {
  return { ...entry, modifiedAt: isoOf(modifiedAt), at: null };
}

/** Whoever reads may go away at any time, and a disk may fail: what was sent until then is all there is. */
async function send(from: NodeJS.ReadableStream, outgoing: NodeJS.WritableStream, signal: AbortSignal): Promise<void> {
  await pipeline(from, outgoing, { signal }).catch(() => undefined);
}

function noSuchFile(path: string): Refused {
  return refuse({ code: "no_such_file", path, why: null });
}

function unreadable(path: string, problem: FileProblem): Refused {
  const why =
    problem.code === "missing" ? null : describeFileProblem({ ...problem, ...("path" in problem && { path }) });
  return refuse({ code: "no_such_file", path, why });
}
