import type { Login } from "../core/login.ts";
import { bad, good, type Result } from "../platform/result.ts";
import { prepareClient, type SshPlace } from "./client.ts";
import { socketsOf } from "./master.ts";
import { asOptions, destination, plain, trust } from "./options.ts";
import { type SshProblem, sshProblem } from "./problem.ts";
import { readSettings } from "./settings.ts";

/** A command for the user's terminal. */
export interface LoginCommand {
  argv: string[];
  /** Where it has to be run. */
  cwd: string;
}

/**
 * It stays for as long as the connection does, and bears with an outage of five minutes: nobody but the user can open it
 * again.
 */
const FOR_LONG = { ControlMaster: "auto", ControlPersist: "yes", ServerAliveInterval: "30", ServerAliveCountMax: "10" };

/**
 * What opens a connection in the user's terminal, where ssh may ask all that it wants. It ends with 0 when the connection is
 * there; the yard finds it at its next `connect`.
 */
export async function loginCommand(
  machine: string,
  login: Login,
  place: SshPlace,
): Promise<Result<LoginCommand, SshProblem>> {
  const prepared = await prepareClient(login, place);
  if (!prepared.ok) return bad(sshProblem(machine, prepared.problem));
  const client = prepared.value;
  const settings = await readSettings(client, login);
  if (!settings.ok) return bad(sshProblem(machine, settings.problem));
  const argv = [
    client.program,
    ...(place.config === null ? [] : ["-F", place.config]),
    ...["-S", socketsOf(login, place).attended],
    ...asOptions(FOR_LONG),
    ...plain(settings.value),
    ...trust(login, settings.value),
    ...destination(login),
    "exit 0",
  ];
  return good({ argv, cwd: place.folder });
}
