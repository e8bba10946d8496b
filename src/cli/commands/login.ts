import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { openConnection } from "../connect.ts";
import type { Declaration } from "../declaration.ts";
import { wrongUsage } from "../stop.ts";
import { note, print } from "../terminal.ts";
import { forgetLogin, storeLogin, tokenIn, yardUrl } from "../yard_place.ts";

interface LoginOptions {
  tokenFile?: string;
  forget?: boolean;
}

export function declareLogin({ command, act }: Declaration): void {
  command
    .argument("[url]", "the yard's address, e.g. https://yard.example.org")
    .option("--token-file <FILE>", "read the token from a file (default: asked for, or from stdin)")
    .option("--forget", "back to this machine's own yard");
  act(command, () => login(command.args[0], command.opts<LoginOptions>()));
}

async function login(address: string | undefined, options: LoginOptions): Promise<number> {
  if (options.forget) {
    const was = forgetLogin(process.env);
    print(was ? "Logged out: from now on commands go to this machine's own yard." : "There was no login.");
    return 0;
  }
  if (address === undefined) throw wrongUsage("The yard's address is missing: runyard login https://yard.example.org");
  const url = yardUrl(address);
  const token =
    options.tokenFile === undefined
      ? await askToken()
      : tokenIn(options.tokenFile, { by: "--token-file", exitCode: 2 });
  if (token === "" || /\s/.test(token))
    throw wrongUsage("That is no token. An administrator makes one with: runyard tokens create");
  // Asked before it is kept, so that a wrong one is not.
  const { yard, version } = await openConnection({ kind: "elsewhere", url, token }).client.call("status");
  const file = storeLogin(process.env, { url, token });
  if (url.startsWith("http:") && !/^http:\/\/(127\.|localhost|\[::1\])/.test(url)) {
    note("Without https everything can be read on the way, the token included.");
  }
  print(`Logged in to yard ${yard} (version ${version}) at ${url}; kept in ${file}. Undo with: runyard login --forget`);
  return 0;
}

/** Not shown while it is typed. */
function askToken(): Promise<string> {
  const isTerminal = process.stdin.isTTY === true;
  if (isTerminal) process.stderr.write("Token: ");
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: isTerminal });
  return new Promise((resolve) => {
    let token = "";
    lines.once("line", (line) => {
      token = line.trim();
      lines.close();
    });
    lines.once("close", () => {
      if (isTerminal) process.stderr.write("\n");
      resolve(token);
    });
  });
}
