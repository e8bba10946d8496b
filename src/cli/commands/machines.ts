import type { Command } from "commander";
import type { Machine, MachineChanges } from "../../api/machine.ts";
import { gpusNamed, isUsable } from "../../core/machine.ts";
import { formatBytes } from "../../core/quantity.ts";
import { objectionToSlot } from "../../core/slot_devices.ts";
import { connectToChange, connectToLook } from "../connect.ts";
import type { Declaration } from "../declaration.ts";
import { age } from "../local_time.ts";
import { pages } from "../pages.ts";
import { printable } from "../printable.ts";
import { wrongUsage } from "../stop.ts";
import { type Cell, type Column, layTable } from "../table.ts";
import { colours, outputWidth, print, printJson } from "../terminal.ts";

interface SetOptions {
  /** False: --no-slots. */
  slots?: string[] | false;
  drain?: boolean;
  resume?: boolean;
  json?: boolean;
}

export function declareMachines({ command, act }: Declaration): void {
  command.option("--json", "print JSON");
  act(command, () => list(command.opts<{ json?: boolean }>()));
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

async function list({ json }: { json?: boolean }): Promise<number> {
  const machines: Machine[] = [];
  for await (const page of pages(await connectToLook(), "listMachines", {})) machines.push(...page.machines);
  if (json) printJson({ machines });
  else for (const machine of machines) printMachine(machine);
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

function printMachine(machine: Machine): void {
  const away = machine.unreachableSince === null ? "" : ` for ${age(machine.unreachableSince, Date.now())}`;
  const drained = machine.drained ? ", drained" : "";
  const size = `${machine.cpus} cores, ${formatBytes(machine.memoryBytes)} memory, ${machine.gpus.length} GPU${machine.gpus.length === 1 ? "" : "s"}`;
  print(
    `${colours.bold(printable(machine.name))} (pool ${printable(machine.pool)})  ${paint(machine)}${away}${drained}  ${colours.dim(size)}`,
  );
  if (machine.gpus.length > 0) printGpus(machine);
  for (const slot of machine.slots ?? []) {
    const holder =
      slot.heldBy === null ? colours.dim(isBarred(machine, slot.devices) ? "–" : "free") : `held by ${slot.heldBy}`;
    print(`  slot '${printable(slot.devices)}'  ${holder}${slot.draining ? ", removed when it ends" : ""}`);
  }
  if (machine.gpus.length === 0 && machine.slots === null && machine.running.length > 0) {
    const shown = machine.running.slice(0, 10).join(", ");
    print(`  running ${shown}${machine.running.length > 10 ? `, … (${machine.running.length})` : ""}`);
  }
  for (const problem of machine.problems) print(`  ${colours.yellow("!")} ${printable(problem)}`);
}

/** Whether a slot that nobody holds cannot be given away: for what is wrong with a GPU of it, or because one is still held. */
function isBarred({ gpus, slots }: Machine, devices: string): boolean {
  const named = gpusNamed(gpus, devices);
  const draining = (slots ?? []).filter((slot) => slot.draining).flatMap((slot) => gpusNamed(gpus, slot.devices));
  return named.some((index) => draining.includes(index) || gpus.some((gpu) => gpu.index === index && !isUsable(gpu)));
}

function paint({ status }: Machine): string {
  if (status === "working") return colours.blue(`● ${status}`);
  if (status === "idle") return colours.green(`✓ ${status}`);
  return status === "unreachable" ? colours.red(`✗ ${status}`) : colours.yellow(`○ ${status}`);
}

const gpuColumns: Column[] = [
  { title: "  GPU" },
  { title: "NAME", cuttable: true },
  { title: "MEMORY", align: "right" },
  { title: "USE", align: "right" },
  { title: "HELD BY", cuttable: true },
  { title: "OTHERS", cuttable: true },
];

function printGpus(machine: Machine): void {
  const rows = machine.gpus.map((gpu): Cell[] => {
    const memory = [gpu.usedBytes, gpu.memoryBytes]
      .map((bytes) => (bytes === null ? "?" : formatBytes(bytes)))
      .join(" / ");
    const others = gpu.others.map(({ pid, user, name, usedBytes }) => {
      const used = usedBytes === null ? "" : ` ${formatBytes(usedBytes)}`;
      return `${name} (pid ${pid}${user === null ? "" : `, ${user}`})${used}`;
    });
    return [
      `  ${printable(gpu.index)}`,
      printable(gpu.name),
      memory,
      gpu.utilization === null ? "?" : `${Math.round(gpu.utilization * 100)} %`,
      gpu.heldBy.join(", ") || (isUsable(gpu) ? "free" : "–"),
      printable([...(gpu.problem === null ? [] : [gpu.problem]), ...others].join("; ")),
    ];
  });
  const table = layTable(gpuColumns, rows, outputWidth());
  print(colours.dim(table.head));
  for (const line of table.body) print(line);
}
