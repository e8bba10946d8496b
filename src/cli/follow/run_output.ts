import { isRefusedCall } from "../../client/client.ts";
import type { Connection } from "../connect.ts";

export type Stream = "out" | "err";

/** One stream of one attempt, read from where the last reading ended. */
export interface RunOutput {
  /** Hands over what is there now, piece by piece; returns whether there was anything. */
  advance(take: (bytes: Uint8Array) => Promise<void>): Promise<boolean>;
}

/** @param tail  begin with so many of the last lines; null: with the first byte */
export function openRunOutput(
  connection: Connection,
  run: { job: number; n: number },
  options: { stream: Stream; attempt: string | null; tail: number | null },
): RunOutput {
  const { stream, attempt, tail } = options;
  let position: number | null = tail === null ? 0 : null;

  async function readPiece() {
    const query = {
      stream,
      ...(attempt !== null && { attempt }),
      ...(position === null ? { tail: tail ?? 0 } : { from: position }),
    };
    try {
      const answer = await connection.fetch("output", { params: run, query });
      const to = Number(answer.headers["runyard-to"]);
      return { bytes: answer.body, to: Number.isFinite(to) ? to : (position ?? 0) + answer.body.length };
    } catch (error) {
      // What is no longer kept cannot be shown; the rest of the command goes on.
      if (isRefusedCall(error) && error.problem.code === "gone") return { bytes: Buffer.alloc(0), to: position ?? 0 };
      throw error;
    }
  }

  return {
    async advance(take) {
      for (let hadAny = false; ; hadAny = true) {
        const { bytes, to } = await readPiece();
        position = to;
        if (bytes.length === 0) return hadAny;
        await take(bytes);
      }
    },
  };
}
