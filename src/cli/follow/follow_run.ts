import { setTimeout as after } from "node:timers/promises";
import type { Run } from "../../api/run.ts";
import { hasEnded } from "../../core/run.ts";
import type { Connection } from "../connect.ts";
import { note } from "../terminal.ts";
import type { OutputSink } from "./output_sink.ts";
import { openPatience } from "./patience.ts";
import { openRunOutput, type RunOutput, type Stream } from "./run_output.ts";

const FIRST_PAUSE_MS = 30;

export interface FollowOptions {
  streams: readonly Stream[];
  sinks: Record<Stream, OutputSink>;
  /** Begin with so many of the last lines; null: with the first. */
  tail: number | null;
  /** The longest pause between two looks. */
  slowestMs: number;
  signal: AbortSignal;
}

/** Hands on the output of a run, also of its further tries, until it has ended and all of it was read. */
export async function followRun(
  connection: Connection,
  id: { job: number; n: number },
  options: FollowOptions,
): Promise<Run> {
  const { streams, sinks, signal } = options;
  const patience = openPatience(connection);
  let attempt: string | null = null;
  let outputs: { stream: Stream; output: RunOutput }[] = [];
  let pauseMs = FIRST_PAUSE_MS;

  for (;;) {
    try {
      const { run, attempts } = await connection.client.call("showRun", { params: id, signal });
      const latest = attempts.at(-1);
      let hadNews = false;
      if (latest && latest.id !== attempt) {
        // What an earlier try wrote last may not have been read yet.
        await readAll();
        if (attempt !== null) note(`Run ${run.id}: try ${latest.try} begins.`);
        const tail = attempt === null ? options.tail : null;
        attempt = latest.id;
        outputs = streams.map((stream) => ({
          stream,
          output: openRunOutput(connection, id, { stream, attempt, tail }),
        }));
        hadNews = true;
      }
      hadNews = (await readAll()) || hadNews;
      patience.answered();
      if (hasEnded(run.status)) {
        for (const stream of streams) await sinks[stream].end();
        return run;
      }
      pauseMs = hadNews ? FIRST_PAUSE_MS : Math.min(pauseMs * 2, options.slowestMs);
      await after(pauseMs, undefined, { signal });
    } catch (error) {
      await patience.bear(error, signal);
    }
  }

  async function readAll(): Promise<boolean> {
    let hadNews = false;
    for (const { stream, output } of outputs) {
      hadNews = (await output.advance((bytes) => sinks[stream].take(bytes))) || hadNews;
    }
    return hadNews;
  }
}
