import type { Login } from "../core/login.ts";
import { bad, good, type Result } from "../platform/result.ts";
import { prepareClient, type SshClient, type SshPlace } from "./client.ts";
import { findMaster, socketsOf, throughSocket } from "./master.ts";
import { asOptions, destination, plain, trust } from "./options.ts";
import { type SshProblem, sshProblem } from "./problem.ts";
import { readSettings, type SshSettings } from "./settings.ts";

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
  const found = await findClient(machine, login, place);
  if (!found.ok) return found;
  const { client, settings } = found.value;
  const argv = [
    ...start(client, place),
    ...["-S", socketsOf(login, place).attended],
    ...asOptions(FOR_LONG),
    ...plain(settings),
    ...trust(login, settings),
    ...destination(login),
    "exit 0",
  ];
  return good({ argv, cwd: place.folder });
}

/**
 * What executes a command there, with stdin and stdout of this process: through a connection that the yard holds, where there
 * is one. Else ssh may ask, also whether the key of a host that nobody knows is the right one.
 *
 * @param isTerminal  whether the command gets a terminal of its own
 */
export async function remoteCommand(
  machine: string,
  login: Login,
  place: SshPlace,
  command: string,
  isTerminal: boolean,
): Promise<Result<LoginCommand, SshProblem>> {
  const found = await findClient(machine, login, place);
  if (!found.ok) return found;
  const { client, settings } = found.value;
  const { attended, own } = socketsOf(login, place);
  const master = (await findMaster(client, attended)) ?? (await findMaster(client, own));
  const terminal = isTerminal ? "-t" : "-T";
  const argv = master
    ? [client.program, ...throughSocket(master.socket), terminal, "--", "machine", command]
    : [
        ...start(client, place),
        ...plain(settings),
        terminal,
        ...(login.hostKey === null ? asOptions({ StrictHostKeyChecking: "ask" }) : []),
        ...trust(login, settings),
        ...destination(login),
        command,
      ];
  return good({ argv, cwd: place.folder });
}

function start({ program }: SshClient, { config }: SshPlace): string[] {
  return [program, ...(config === null ? [] : ["-F", config])];
}

async function findClient(
  machine: string,
  login: Login,
  place: SshPlace,
): Promise<Result<{ client: SshClient; settings: SshSettings }, SshProblem>> {
  const client = await prepareClient(login, place);
  if (!client.ok) return bad(sshProblem(machine, client.problem));
  const settings = await readSettings(client.value, login);
  if (!settings.ok) return bad(sshProblem(machine, settings.problem));
  return good({ client: client.value, settings: settings.value });
}
