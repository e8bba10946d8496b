import type { Login } from "../core/login.ts";
import { bad, good, type Result } from "../platform/result.ts";
import { runSsh, type SshClient } from "./client.ts";
import { destination } from "./options.ts";
import { oneLine, type Trouble } from "./problem.ts";

/** What the user's ssh_config makes of a login: `ssh -G`. */
export interface SshSettings {
  /** The first value of a keyword in small letters; null: this ssh does not know the keyword, or nothing sets it. */
  get(keyword: string): string | null;
  all(keyword: string): string[];
  /** The system's ssh_config; null: there is none. */
  systemConfig: string | null;
}

export async function readSettings(client: SshClient, login: Login): Promise<Result<SshSettings, Trouble>> {
  const named = client.place.config === null ? [] : ["-F", client.place.config];
  const answer = await runSsh(client, ["-G", "-v", ...named, ...destination(login)]);
  if (answer.kind === "missing") return bad({ code: "no_ssh", reason: "it is gone" });
  if (answer.kind === "not_started") return bad({ code: "no_ssh", reason: answer.reason });
  // A `Match exec` that hangs.
  if (answer.kind === "timed_out") return bad({ code: "bad_config", reason: "reading it takes longer than 10 s" });
  if (answer.code !== 0) {
    const said = answer.stderr.split("\n").filter((line) => line.trim() !== "" && !/^debug\d:|^OpenSSH_/.test(line));
    return bad({ code: "bad_config", reason: oneLine(said[0] ?? "ssh -G fails without a word") });
  }
  const values = new Map<string, string[]>();
  for (const line of answer.stdout.split("\n")) {
    const [, keyword, value] = /^(\S+) (.*)$/.exec(line) ?? [];
    if (keyword === undefined || value === undefined) continue;
    values.set(keyword, [...(values.get(keyword) ?? []), value]);
  }
  const read = [...answer.stderr.matchAll(/^debug1: Reading configuration data (.*\/ssh_config)\r?$/gm)];
  return good({
    get: (keyword) => values.get(keyword)?.[0] ?? null,
    all: (keyword) => values.get(keyword) ?? [],
    systemConfig: client.place.config === null ? (read.at(-1)?.[1] ?? null) : null,
  });
}
