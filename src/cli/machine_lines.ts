import type { Machine } from "../api/machine.ts";
import { age } from "../core/local_time.ts";
import { describeLogin } from "../core/login.ts";
import { gpusNamed, isUsable } from "../core/machine.ts";
import { printable } from "../core/printable.ts";
import { formatBytes } from "../core/quantity.ts";
import { type Cell, type Column, layTable } from "./table.ts";
import { colours, outputWidth, print } from "./terminal.ts";

/** A machine with its GPUs and slots; of a cluster only that it is there: `machines --on` asks what it has. */
export function printMachine(machine: Machine): void {
  const away = machine.unreachableSince === null ? "" : ` since ${age(machine.unreachableSince, Date.now())}`;
  const drained = machine.drained ? ", drained" : "";
  const login = machine.login ? `, ssh ${printable(describeLogin(machine.login))}` : "";
  const driver = machine.driver === "slurm" ? ", Slurm" : "";
  print(
    `${colours.bold(printable(machine.name))} (pool ${printable(machine.pool)}${driver}${login})  ${paint(machine)}${away}${drained}  ${colours.dim(sizeOf(machine))}`,
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
  for (const { text } of machine.waste) print(`  ${colours.yellow("◌")} ${printable(text)}`);
  for (const problem of machine.problems) print(`  ${colours.yellow("!")} ${printable(problem)}`);
}

function sizeOf({ driver, running, cpus, memoryBytes, gpus }: Machine): string {
  if (driver === "slurm") return `${running.length} run${running.length === 1 ? "" : "s"} there`;
  return `${cpus} cores, ${formatBytes(memoryBytes)} memory, ${gpus.length} GPU${gpus.length === 1 ? "" : "s"}`;
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
