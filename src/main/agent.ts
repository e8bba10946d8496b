import { runAgent } from "../agent/agent.ts";
import { connectHome } from "../agent/connection.ts";
import { type AgentNote, homeOf, readJsonFile, writeJsonFile } from "../platform/home.ts";
import { closeConnections } from "../platform/http.ts";
import { identify } from "../platform/processes.ts";
import { version } from "../platform/version.ts";
import { logLine } from "./log.ts";

/** With nothing to run and no yard to be reached for this long, an agent ends. */
const PATIENCE_MS = 5000;
const LINGER_MS = 2000;

/** The agent of this machine, until it is no longer needed. Returns the exit code. */
export async function agent(): Promise<number> {
  process.umask(0o077);
  const home = homeOf(process.env);
  const self = identify(process.pid);
  if (self) writeJsonFile(home.agent, { version, ...self } satisfies AgentNote);
  const isDismissed = () => readJsonFile<AgentNote>(home.agent)?.pid !== process.pid;
  const ending = new AbortController();
  process.once("SIGTERM", () => ending.abort());
  process.on("SIGHUP", () => undefined);
  const end = await runAgent({
    machine: "local",
    spool: home.spool,
    snapshots: `${home.files}/snapshots`,
    connect: () => connectHome(home),
    isDismissed,
    visible: process.env["CUDA_VISIBLE_DEVICES"] ?? null,
    log: logLine,
    ending: ending.signal,
    patienceMs: PATIENCE_MS,
  });
  logLine(`the agent ends: ${end}`);
  closeConnections();
  // One that is over but still there would keep the next from being started.
  setTimeout(() => process.exit(), LINGER_MS).unref();
  return 0;
}
