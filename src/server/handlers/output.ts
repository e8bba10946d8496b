import { once } from "node:events";
import { isRefused, type Refused, refuse } from "../../core/failure.ts";
import { findLines } from "../../files/find_lines.ts";
import type { OutputPlace } from "../../files/output_place.ts";
import { describeFileProblem } from "../../files/problem.ts";
import { type JobRow, selectJob } from "../../store/jobs.ts";
import type { Principal } from "../auth.ts";
import { downloadHeaders } from "../download_headers.ts";
import { forbidStrangers } from "../selection.ts";
import { noSuchAttempt, type Streams } from "../streams.ts";
import { answered, type Handlers, type Yard } from "../yard.ts";

const PIECE_BYTES = 1024 * 1024;

/** What runs print, for their owners. */
export function outputHandlers(yard: Yard, streams: Streams): Pick<Handlers, "output" | "searchOutput" | "saveOutput"> {
  const { store } = yard;

  return {
    async output({ params, query, who, outgoing }) {
      const job = await jobOf(params, who);
      if (isRefused(job)) return job;
      // The stream may move from the spool to the yard's files between looking it up and reading it: then it is looked up anew.
      for (let left = 3; ; left -= 1) {
        const found = await streams.find(job, params.n, query.attempt ?? null, query.stream);
        if (!found) return noSuchAttempt(params.job, params.n, query.attempt);
        const stretch = await readStretch(found.place, query);
        if (!stretch.ok) {
          if (stretch.problem.code === "missing" && left > 0 && !found.ended) continue;
          if (stretch.problem.code === "missing" && !found.ended) return writeBytes(Buffer.alloc(0), 0, found.ended);
          return refuse({ code: "gone", what: describeFileProblem(stretch.problem) });
        }
        return writeBytes(stretch.bytes, stretch.from, found.ended);
      }

      function writeBytes(bytes: Buffer, from: number, ended: boolean): typeof answered {
        outgoing.writeHead(200, {
          "content-type": "application/octet-stream",
          "content-disposition": "attachment",
          "x-content-type-options": "nosniff",
          "content-length": bytes.length,
          "runyard-from": from,
          "runyard-to": from + bytes.length,
          "runyard-ended": String(ended),
        });
        outgoing.end(bytes);
        return answered;
      }
    },

    async searchOutput({ params, query, who, signal }) {
      const job = await jobOf(params, who);
      if (isRefused(job)) return job;
      const found = await streams.find(job, params.n, query.attempt ?? null, query.stream);
      if (!found) return noSuchAttempt(params.job, params.n, query.attempt);
      const searched = await findLines(yard.files.outputs, found.place, query, signal);
      return searched.ok ? searched.value : refuse({ code: "gone", what: describeFileProblem(searched.problem) });
    },

    async saveOutput({ params, query, who, incoming, outgoing, signal }) {
      const job = await jobOf(params, who);
      if (isRefused(job)) return job;
      const found = await streams.find(job, params.n, query.attempt ?? null, query.stream);
      if (!found) return noSuchAttempt(params.job, params.n, query.attempt);
      // As it is now: what is printed meanwhile is not part of it.
      const size = await yard.files.outputs.size(found.place);
      const sizeBytes = size.ok ? size.value : 0;
      if (!size.ok && size.problem.code !== "missing")
        return refuse({ code: "gone", what: describeFileProblem(size.problem) });
      const name = `${params.job}.${params.n}.${query.stream}`;
      outgoing.writeHead(200, { ...downloadHeaders(name), "content-length": sizeBytes });
      for (let from = 0; from < sizeBytes && incoming.method !== "HEAD" && !signal.aborted; ) {
        const read = await yard.files.outputs.read(found.place, from, Math.min(sizeBytes, from + PIECE_BYTES));
        if (!read.ok || read.value.length === 0) {
          // It cannot be given whole any more: the other side is to know.
          outgoing.destroy();
          return answered;
        }
        from += read.value.length;
        if (!outgoing.write(read.value)) await once(outgoing, "drain", { signal }).catch(() => undefined);
      }
      outgoing.end();
      return answered;
    },
  };

  async function jobOf({ job: id, n }: { job: number; n: number }, who: Principal): Promise<JobRow | Refused> {
    const job = await selectJob(store.read, id);
    if (!job) return refuse({ code: "no_such_job", job: id });
    const forbidden = forbidStrangers(who, [job]);
    if (forbidden) return forbidden;
    return n > job.counts.total ? refuse({ code: "no_such_run", run: `${id}.${n}` }) : job;
  }

  async function readStretch(
    place: OutputPlace,
    query: { from?: number | undefined; tail?: number | undefined; limit: number },
  ) {
    const { outputs } = yard.files;
    if (query.from === undefined && query.tail !== undefined) {
      const tail = await outputs.lastLines(place, query.tail);
      return tail.ok ? { ok: true as const, bytes: tail.value.bytes, from: tail.value.from } : tail;
    }
    const from = query.from ?? 0;
    const read = await outputs.read(place, from, from + query.limit);
    return read.ok ? { ok: true as const, bytes: read.value, from } : read;
  }
}
