import { parseSelectors } from "../../core/selector.ts";
import { opener, openLink } from "../browser.ts";
import { connectToChange } from "../connect.ts";
import type { Declaration } from "../declaration.ts";
import { wrongUsage } from "../stop.ts";
import { oneTarget } from "../target.ts";
import { note, print, printJson } from "../terminal.ts";

interface OpenOptions {
  /** Given as --no-browser. */
  browser: boolean;
  json?: boolean;
}

export function declareOpen({ command, act }: Declaration): void {
  command
    .argument("[what]", "a job (12), a run (12.3) or machines; default: the queue")
    .option("--no-browser", "print the link, and open nothing")
    .option("--json", "print JSON, and open nothing");
  act(command, () => open(command.args[0], command.opts<OpenOptions>()));
}

async function open(what: string | undefined, { browser, json }: OpenOptions): Promise<number> {
  if (what !== undefined && what !== "machines" && !parseSelectors(what))
    throw wrongUsage(`"${what}" is no page of the panel. Name a job (12), a run (12.3) or machines.`);
  const connection = await connectToChange({ quiet: json === true });
  let page = what === "machines" ? "/machines" : "/";
  if (what !== undefined && what !== "machines") {
    const { job, runs } = await oneTarget(connection, [what]);
    page = runs ? `/jobs/${job}/runs/${runs.first}` : `/jobs/${job}`;
  }
  const { code, expiresAt, url } = await connection.client.call("createLogin", { body: {} });
  // Behind the `#`: no server on the way, and no log, gets to see it.
  const link = `${url ?? connection.url()}${page}#login=${code}`;
  if (json) {
    printJson({ url: link, expiresAt });
    return 0;
  }
  print(link);
  const program = browser ? opener(process.env, process.platform) : null;
  const isOpened = program !== null && (await openLink(program, link));
  note(`${isOpened ? "Opened in your browser" : "Open it in a browser"}. The link works once, within a minute.`);
  if (process.env["SSH_CONNECTION"] && url === null && connection.home) note(tunnelHint(connection.url()));
  return 0;
}

/** Somebody sits at another machine, and the yard listens on this one alone. */
function tunnelHint(url: string): string {
  const { port } = new URL(url);
  return `From the machine that you sit at, first: ssh -L ${port}:127.0.0.1:${port} THIS_MACHINE`;
}
