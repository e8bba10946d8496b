import { spawnSync } from "node:child_process";
import type { Command } from "commander";
import type { MachineChanges, NewMachine } from "../../api/machine.ts";
import type { MachineUse } from "../../api/use.ts";
import { isMisread, wholeNumber } from "../../core/option_values.ts";
import { printable } from "../../core/printable.ts";
import { objectionToSlot } from "../../core/slot_devices.ts";
import { loginCommand } from "../../shells/attended.ts";
import { sshPlace } from "../../shells/client.ts";
import { connectToChange, connectToLook } from "../connect.ts";
import type { Declaration } from "../declaration.ts";
import { printGpuUse } from "../gpu_use_lines.ts";
import { readMachineFile } from "../machine_file.ts";
import { printMachine } from "../machine_lines.ts";
import { type LoginOptions, loginOf, readLogin } from "../machine_login.ts";
import { isAllWell, printChecks } from "../machine_report.ts";
import { allMachines, pages } from "../pages.ts";
import { meantMachine, showPool } from "../pool_machines.ts";
import { wrongUsage } from "../stop.ts";
import { note, print, printJson } from "../terminal.ts";

interface SetOptions {
  /** False: --no-slots. */
  slots?: string[] | false;
  drain?: boolean;
  resume?: boolean;
  json?: boolean;
}

interface AddOptions extends LoginOptions {
  pool?: string;
  json?: boolean;
}

interface CheckOptions {
  accept?: boolean;
  json?: boolean;
}

interface UseOptions {
  hours: string;
  json?: boolean;
}

/** As many as stand beside each other in a usual terminal. */
const USE_POINTS = 36;
const MOST_HOURS = 168;

export function declareMachines({ command, act }: Declaration): void {
  command
    .option("--on <POOL>", "only this pool; of one that is Slurm's, its nodes and its queue")
    .option("--json", "print JSON");
  act(command, () => list(command.opts<{ on?: string; json?: boolean }>()));
  const add = command
    .command("add")
    .description("make a machine known that can be reached by ssh; nothing is installed there");
  add
    .argument("<name>", "what to call it, or a machine file (.yaml)")
    .argument("[login]", "user@host, or an alias of your ~/.ssh/config (default: the name)")
    .option("-p, --port <PORT>", "the port of its sshd")
    .option("-i, --identity <FILE>", "the private key to log in with")
    .option("--host-key <FINGERPRINT>", "the only host key to accept, SHA256:…")
    .option("--pool <POOL>", "the pool it belongs to (default: one of its own, with its name)")
    .option("--spool <FOLDER>", "where runs' folders lie there (default: in the account's data folder)")
    .option("--json", "print JSON");
  act(add, () => addMachine(add.args, add.opts<AddOptions>()));
  const login = command
    .command("login")
    .description("open the connection to a machine whose login asks, for the yard to use");
  login.argument("<machine>");
  act(login, () => logInto(login.args[0] ?? ""));
  const check = command
    .command("check")
    .description("tell what works on a machine behind ssh or a cluster, and what does not");
  check
    .argument("<machine>", "its name, e.g. lab1 or slurm:gpu")
    .option("--accept", "trust its host key from now on, where none is known")
    .option("--json", "print JSON");
  act(check, () => checkMachine(check.args[0] ?? "", check.opts<CheckOptions>()));
  const use = command.command("use").description("show how GPUs were used over the last hours");
  use
    .argument("[machine]", "its name (default: every machine)")
    .option("--hours <N>", "so many hours back, 168 at most", "6")
    .option("--json", "print JSON");
  act(use, () => showUse(use.args[0] ?? null, use.opts<UseOptions>()));
  const rm = command.command("rm").description("forget a machine behind ssh");
  rm.argument("<machine>").option("--json", "print JSON");
  act(rm, () => removeMachine(rm.args[0] ?? "", rm.opts<{ json?: boolean }>()));
  const set = command.command("set").description("set a machine's slots, or take it out of use for a while");
  set
    .argument("<machine>", "its name, e.g. local")
    .option("--slots <DEVICES...>", "one CUDA_VISIBLE_DEVICES a slot: '0' '0,1' ''")
    .option("--no-slots", "back to counting GPUs and cores")
    .option("--drain", "start nothing more on it; what runs goes on")
    .option("--resume", "take runs again")
    .option("--json", "print JSON");
  act(set, () => setMachine(set, set.opts<SetOptions>()));
}

async function list({ on, json }: { on?: string; json?: boolean }): Promise<number> {
  if (on !== undefined) return showPool(on, json === true);
  const machines = await allMachines(await connectToLook());
  if (json) printJson({ machines });
  else for (const machine of machines) printMachine(machine);
  return 0;
}

async function addMachine(words: string[], options: AddOptions): Promise<number> {
  const { name, login } = await newMachine(words, options);
  const { client } = await connectToChange({ quiet: options.json === true });
  const { pool } = options;
  await client.call("addMachine", { body: { name, login, ...(pool !== undefined && { pool }) } });
  const { checks } = await client.call("checkMachine", { params: { machine: name }, body: { accept: true } });
  const machines = await allMachines({ client });
  if (options.json) printJson({ machine: machines.find((one) => one.name === name), checks });
  else printChecks(name, checks);
  if (isAllWell(checks)) {
    if (!options.json) print(`Run something there with: runyard run --on ${pool ?? name} -- COMMAND`);
    return 0;
  }
  note(`${name} is known now, and what is queued for it waits. Once that is mended: runyard machines check ${name}`);
  note(`To forget it: runyard machines rm ${name}`);
  return 1;
}

async function newMachine(
  [name = "", destination]: string[],
  options: AddOptions,
): Promise<Pick<NewMachine, "name" | "login">> {
  if (!/\.ya?ml$/.test(name)) return { name, login: readLogin(destination ?? name, options) };
  if (destination !== undefined) throw wrongUsage(`The login stands in ${name}; leave out ${destination}.`);
  const given = (["port", "identity", "hostKey", "spool"] as const).filter((key) => options[key] !== undefined);
  if (given.length > 0) throw wrongUsage(`${name} says how to log in; leave out the options about it.`);
  const file = await readMachineFile(name, process.env["HOME"] ?? "");
  return { name: file.name, login: loginOf(file) };
}

/** Lets ssh ask in this terminal what it wants; the yard uses the connection that comes of it. */
async function logInto(given: string): Promise<number> {
  const connection = await connectToChange({ quiet: false });
  const { client, home } = connection;
  const name = await meantMachine(connection, given);
  const machines = await allMachines({ client });
  const login = machines.find((machine) => machine.name === name)?.login;
  if (home && login) {
    const found = await loginCommand(name, login, sshPlace(home.ssh, process.env));
    if (!found.ok) throw wrongUsage(found.problem.text);
    const [program = "ssh", ...args] = found.value.argv;
    const { status } = spawnSync(program, args, { cwd: found.value.cwd, stdio: "inherit" });
    if (status !== 0) {
      note(
        `${name}: there is no connection. What ssh said above tells why; try again with: runyard machines login ${name}`,
      );
      return 1;
    }
  } else if (login) {
    throw wrongUsage("A connection is of use to the yard only where it runs: log in on its own machine.");
  }
  const { checks } = await client.call("checkMachine", { params: { machine: name }, body: {} });
  printChecks(name, checks);
  return isAllWell(checks) ? 0 : 1;
}

async function checkMachine(given: string, { accept = false, json }: CheckOptions): Promise<number> {
  const connection = await connectToLook();
  const name = await meantMachine(connection, given);
  const { checks } = await connection.client.call("checkMachine", { params: { machine: name }, body: { accept } });
  if (json) printJson({ checks });
  else printChecks(name, checks);
  return isAllWell(checks) ? 0 : 1;
}

async function showUse(name: string | null, { hours, json }: UseOptions): Promise<number> {
  const back = wholeNumber(hours, 1, MOST_HOURS);
  if (isMisread(back)) throw wrongUsage(`--hours ${hours}: ${back.misread}`);
  const connection = await connectToLook();
  const query = { hours: back, points: USE_POINTS };
  const machines: MachineUse[] = [];
  if (name !== null) {
    const { machine } = await connection.client.call("machineUse", { params: { machine: name }, query });
    machines.push(machine);
  } else for await (const page of pages(connection, "listUse", { query })) machines.push(...page.machines);
  if (json) {
    printJson({ machines });
    return 0;
  }
  const known = new Map((await allMachines(connection)).map((machine) => [machine.name, machine]));
  for (const machine of machines) printGpuUse(machine, known.get(machine.name));
  if (machines.every(({ gpus }) => gpus.length === 0)) note(`No GPU was seen in the last ${back} h.`);
  return 0;
}

async function removeMachine(name: string, { json }: { json?: boolean }): Promise<number> {
  const { client } = await connectToChange({ quiet: json === true });
  const { machine } = await client.call("removeMachine", { params: { machine: name } });
  if (json) printJson({ machine });
  else print(`${printable(machine.name)} is forgotten.`);
  return 0;
}

async function setMachine(command: Command, options: SetOptions): Promise<number> {
  const [name = ""] = command.args;
  const body = changesFrom(options);
  const { client } = await connectToChange({ quiet: options.json === true });
  const { machine } = await client.call("setMachine", { params: { machine: name }, body });
  if (options.json) printJson({ machine });
  else printMachine(machine);
  return 0;
}

function changesFrom({ slots, drain, resume }: SetOptions): MachineChanges {
  if (drain && resume) throw wrongUsage("--drain and --resume exclude each other.");
  const [objection] = (slots || []).flatMap((devices) => objectionToSlot(devices) ?? []);
  if (objection !== undefined) throw wrongUsage(`--slots ${objection}`);
  const changes: MachineChanges = {
    ...(slots !== undefined && { slots: slots === false ? null : slots }),
    ...(drain && { drained: true }),
    ...(resume && { drained: false }),
  };
  if (Object.keys(changes).length === 0)
    throw wrongUsage("Nothing to set. Name what: --slots '0' '1', --no-slots, --drain or --resume");
  return changes;
}
