import { setTimeout as after } from "node:timers/promises";
import type { Client } from "../../client/client.ts";
import { counted } from "../../core/number_text.ts";
import { ask } from "../ask.ts";
import { connectToLook, openConnection } from "../connect.ts";
import type { Declaration } from "../declaration.ts";
import { findYard, yardIsGone } from "../start_yard.ts";
import { INTERRUPTED, stopWith } from "../stop.ts";
import { canAsk, note, print, printJson } from "../terminal.ts";
import { yardPlace } from "../yard_place.ts";
import { graceFrom } from "./cancel.ts";

interface DownOptions {
  cancel?: boolean;
  grace: string;
  yes?: boolean;
  json?: boolean;
}

const STOPPED_WITHIN_MS = 20_000;
/** How much longer than the grace a run may take to be gone. */
const SLACK_MS = 10_000;

export function declareDown({ command, act }: Declaration): void {
  command
    .option("--cancel", "cancel everything first: what waits and what runs")
    .option("--grace <TIME>", "with --cancel: between SIGTERM and SIGKILL", "10s")
    .option("--yes", "do not ask")
    .option("--json", "print JSON");
  act(command, () => down(command.opts<DownOptions>()));
}

async function down(options: DownOptions): Promise<number> {
  const graceMs = graceFrom(options.grace);
  const place = yardPlace(process.env);
  const { client } = place.kind === "home" ? await connectToLook() : openConnection(place);
  if (options.cancel) {
    const code = await cancelAll(client, graceMs, options);
    if (code !== 0) return code;
  }
  const address = place.kind === "home" ? await findYard(place.home) : null;
  const { running } = await client.call("stopYard", { body: {} });
  if (address && typeof address === "object" && !(await yardIsGone(address, STOPPED_WITHIN_MS))) {
    const message = `The yard (pid ${address.pid}) was asked to stop, but is still there after ${STOPPED_WITHIN_MS / 1000} s.`;
    throw stopWith({ code: "not_stopped", message, exitCode: 3 });
  }
  if (options.json) printJson({ stopped: true, running });
  else if (running === 0) print("The yard has stopped.");
  else
    print(
      `The yard has stopped; ${counted(running, "run")} ${running === 1 ? "goes" : "go"} on. See ${running === 1 ? "it" : "them"} again with: runyard up`,
    );
  return 0;
}

async function cancelAll(client: Client, graceMs: number, options: DownOptions): Promise<number> {
  const { queued, running } = await client.call("status");
  if (queued + running > 0 && !options.yes && !options.json && canAsk()) {
    const answer = await ask(
      `Cancel ${counted(queued, "waiting run")} and ${counted(running, "running one")}, and stop the yard?`,
    );
    if (answer !== "yes") {
      note("Nothing was cancelled; the yard goes on.");
      return answer === "interrupted" ? INTERRUPTED : 1;
    }
  }
  await client.call("cancel", { body: { select: "all", graceMs } });
  for (const deadline = Date.now() + graceMs + SLACK_MS; Date.now() < deadline; await after(50)) {
    const now = await client.call("status");
    if (now.running === 0 && now.queued === 0) return 0;
  }
  const message = "Some runs have not ended yet; the yard goes on. See them with: runyard ls --open";
  throw stopWith({ code: "not_cancelled", message, exitCode: 1 });
}
