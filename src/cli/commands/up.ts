import { isMisread, wholeNumber } from "../../core/option_values.ts";
import { type Home, readToken, type YardAddress } from "../../platform/home.ts";
import { systemErrorCode } from "../../platform/system_error.ts";
import { ensureYard, openConnection } from "../connect.ts";
import type { Declaration, ProgramDoors, ServeOptions } from "../declaration.ts";
import { governPools } from "../pools/govern_pools.ts";
import { userPools } from "../pools/pool_sources.ts";
import { stopWith, wrongUsage } from "../stop.ts";
import { note, print, printJson } from "../terminal.ts";
import { ownHome, yardPlace, yardUrl } from "../yard_place.ts";

interface UpOptions {
  foreground?: boolean;
  host?: string;
  port?: string;
  insecureHttp?: boolean;
  url?: string;
  database?: string;
  json?: boolean;
}

export function declareUp({ command, doors, act }: Declaration): void {
  command
    .option("--foreground", "serve in this process until it is stopped: for services and containers")
    .option("--host <HOST>", "where to listen (default: 127.0.0.1)")
    .option("--port <PORT>", "on which port (default: the one it had, else any that is free)")
    .option("--insecure-http", "listen beyond this machine without TLS: tokens and commands can be read on the way")
    .option("--url <URL>", "where browsers reach the panel, behind a proxy: https://yard.example.org")
    .option("--database <URL>", "keep the queue in PostgreSQL: postgres://… (or set RUNYARD_DATABASE)")
    .option("--json", "print JSON");
  act(command, () => up(command.opts<UpOptions>(), doors));
}

async function up(options: UpOptions, doors: ProgramDoors): Promise<number> {
  const port = options.port === undefined ? null : wholeNumber(options.port, 0, 65_535);
  if (isMisread(port)) throw wrongUsage(`--port ${options.port}: ${port.misread}`);
  const url = options.url === undefined ? null : yardUrl(options.url);
  // Everyone on this machine can read what stands on a command line, and a password may be in it.
  if (options.database !== undefined) process.title = "runyard up";
  const database = options.database ?? (process.env["RUNYARD_DATABASE"] || null);
  if (options.foreground) {
    const { host = "127.0.0.1", insecureHttp: insecure = false } = options;
    return serve(doors, { host, port, insecure, url, database, onReady: () => void governOwn() });
  }
  const place = yardPlace(process.env);
  if (place.kind === "elsewhere") {
    throw wrongUsage(
      `The yard of this command line is ${place.url}, which is started where it is. For one here: unset RUNYARD_YARD, or runyard login --forget`,
    );
  }
  const { governed } = await userPools();
  const { address, isNew } = await ensureYard(place.home, { quiet: true, flags: flagsFrom(options), database });
  const unmet = isNew ? null : unmetBy(address, place.home, options);
  if (unmet !== null)
    throw wrongUsage(`A yard runs already at ${address.url}, so ${unmet} has no effect. Stop it first: runyard down`);
  // Ready is who knows its machines: what comes next may ask for their GPUs.
  const connection = openConnection(place);
  await connection.client.call("listMachines");
  await governPools(connection, governed, note);
  if (options.json) printJson({ url: address.url, home: place.home.folder, started: isNew });
  else if (isNew) print(`Started a yard at ${address.url} (home ${place.home.folder}).`);
  else print(`A yard runs already at ${address.url} (home ${place.home.folder}).`);
  return 0;
}

/** What serves goes on whatever its user's file says: it tells in its log what it cannot do. */
async function governOwn(): Promise<void> {
  try {
    // Not the yard that commands may speak to: it may be elsewhere.
    const connection = openConnection({ kind: "home", home: ownHome(process.env) });
    await governPools(connection, (await userPools()).governed, note);
  } catch (error) {
    note(error instanceof Error ? error.message : String(error));
  }
}

/** Which option asks for something else than the yard that runs; null: none does. */
function unmetBy({ url }: YardAddress, home: Home, { host, port, database, url: asked }: UpOptions): string | null {
  const now = new URL(url);
  if (port !== undefined && port !== "0" && port !== now.port) return `--port ${port}`;
  if (host !== undefined && host !== now.hostname.replace(/^\[(.*)\]$/, "$1")) return `--host ${host}`;
  if (asked !== undefined && yardUrl(asked) !== readToken(home.publicUrl)) return `--url ${asked}`;
  return database !== undefined && database !== readToken(home.databaseUrl) ? "--database" : null;
}

/** What goes wrong in serving is no failure to reach a yard: it is told as it is. */
async function serve(doors: ProgramDoors, options: ServeOptions): Promise<number> {
  try {
    return await doors.serve(options);
  } catch (error) {
    if (systemErrorCode(error) === null) throw error;
    const why = error instanceof Error ? error.message : String(error);
    const hint = "If its queue is in PostgreSQL, look whether that runs, and at --database or RUNYARD_DATABASE.";
    throw stopWith({ code: "not_serving", message: `The yard cannot serve: ${why}. ${hint}`, exitCode: 3 });
  }
}

function flagsFrom({ host, port, insecureHttp, url }: UpOptions): string[] {
  return [
    ...(host === undefined ? [] : ["--host", host]),
    ...(port === undefined ? [] : ["--port", port]),
    ...(insecureHttp ? ["--insecure-http"] : []),
    ...(url === undefined ? [] : ["--url", url]),
  ];
}
