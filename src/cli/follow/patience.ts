import { setTimeout as after } from "node:timers/promises";
import { isRefusedCall } from "../../client/client.ts";
import type { Connection } from "../connect.ts";
import { isStoppedCommand, stopWith } from "../stop.ts";
import { note } from "../terminal.ts";

/** How long a yard that vanished is waited for, and one that was stopped on purpose. */
const PATIENCE_MS = 300_000;
const STOPPED_PATIENCE_MS = 5000;
const SAID_AFTER_MS = 2000;
const AGAIN_AFTER_MS = 250;

/** Bears with a yard that does not answer for a while: it may be started again, at another address even. */
export interface Patience {
  /** It answered. */
  answered(): void;
  /** It did not: waits a little and looks where it is now. Throws what is no matter of patience, and when that is over. */
  bear(error: unknown, signal: AbortSignal): Promise<void>;
}

export function openPatience(connection: Connection): Patience {
  let lostAt: number | null = null;
  let isSaid = false;

  return {
    answered() {
      if (isSaid) note("The yard is back.");
      lostAt = null;
      isSaid = false;
    },
    async bear(error, signal) {
      if (isFinal(error) || signal.aborted) throw error;
      const now = Date.now();
      lostAt ??= now;
      const place = connection.refresh();
      const lostMs = now - lostAt;
      if (place === "stopped" && lostMs > STOPPED_PATIENCE_MS) {
        const message = "The yard was stopped. What runs goes on; start the yard again with: runyard up";
        throw stopWith({ code: "yard_stopped", message, exitCode: 3 });
      }
      if (lostMs > PATIENCE_MS) {
        const message =
          "The yard cannot be reached any more. What runs goes on; look at it with: runyard up && runyard ls";
        throw stopWith({ code: "yard_lost", message, exitCode: 3 });
      }
      if (!isSaid && lostMs > SAID_AFTER_MS) {
        isSaid = true;
        note("The yard does not answer; waiting for it. What runs goes on.");
      }
      await after(AGAIN_AFTER_MS, undefined, { signal });
    },
  };
}

/** A yard whose database is away, or one behind a proxy that does not find it, will be back; any other "no" stays one. */
function isFinal(error: unknown): boolean {
  return isRefusedCall(error) ? ![502, 503, 504].includes(error.problem.status) : isStoppedCommand(error);
}
