import { text } from "node:stream/consumers";
import type { Job } from "../../api/job.ts";
import type { Run } from "../../api/run.ts";
import { refusal } from "../../client/client.ts";
import { readServerEvents } from "../../client/server_events.ts";
import type { Connection } from "../connect.ts";
import { openPatience } from "./patience.ts";

/** What is seen of a job: `anew` when its runs have to be looked at once more, for something may have been missed. */
export type Sight = { kind: "anew"; job: Job } | { kind: "job"; job: Job } | { kind: "run"; run: Run };

/**
 * A job as it is now, then whenever it or one of its runs changes, until `signal` aborts. Goes on over dropped
 * connections and over a yard that is started again; where live events do not get through, it asks again and again.
 *
 * @param withRuns  whether its runs are of interest; false spares the yard a look at each of them
 */
export async function* watchJob(
  connection: Connection,
  job: number,
  signal: AbortSignal,
  withRuns = true,
): AsyncGenerator<Sight> {
  const patience = openPatience(connection);
  let lastId: string | null = null;

  async function lookAnew(): Promise<Sight> {
    const shown = await connection.client.call("showJob", { params: { job }, signal });
    patience.answered();
    return { kind: "anew", job: shown.job };
  }

  while (!signal.aborted) {
    try {
      const headers: Record<string, string> = lastId === null ? {} : { "last-event-id": lastId };
      const stream = await connection.stream(
        "events",
        { query: { job, ...(!withRuns && { runs: "false" }) }, signal },
        headers,
      );
      if (stream.statusCode !== 200) throw refusal(stream.statusCode ?? 0, await text(stream));
      for await (const { id, event, data } of readServerEvents(stream)) {
        const isFirst = lastId === null;
        lastId = id ?? lastId;
        patience.answered();
        if (event === "reset" || (event === "hello" && isFirst)) yield await lookAnew();
        else if (event === "job") yield { kind: "job", job: JSON.parse(data) };
        else if (event === "run") yield { kind: "run", run: JSON.parse(data) };
      }
      throw new Error("the stream of events ended");
    } catch (error) {
      if (signal.aborted) return;
      await patience.bear(error, signal);
      try {
        yield await lookAnew();
      } catch (again) {
        if (signal.aborted) return;
        await patience.bear(again, signal);
      }
    }
  }
}
