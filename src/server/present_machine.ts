import type { Machine, MachineHolder } from "../api/machine.ts";
import type { Login } from "../core/login.ts";
import {
  type Machine as CoreMachine,
  devicesOf,
  type Gpu,
  gpuNamed,
  gpusNamed,
  type Hardware,
  whyClosed,
} from "../core/machine.ts";
import { roomOn } from "../core/room.ts";
import type { UnixMs } from "../core/run.ts";
import { describeWaste, type Holder, wasteOn } from "../core/waste.ts";
import type { HolderRow } from "../store/holders.ts";
import { allowsOf, type MachineRow } from "../store/machines.ts";
import { isoOf } from "./present.ts";

/** A machine, and whether it is heard. */
export type SeenMachine = MachineRow & Pick<CoreMachine, "unreachableSince" | "trouble">;

export function machineStatus(machine: SeenMachine, isHeld: boolean): Machine["status"] {
  if (isReachable(machine)) return isHeld ? "working" : "idle";
  return machine.seenAt === null ? "off" : "unreachable";
}

function isReachable({ seenAt, unreachableSince, trouble }: SeenMachine): boolean {
  return seenAt !== null && unreachableSince === null && trouble === null;
}

/**
 * @param held  by what runs there now
 * @param minuteOfDay  local time, from midnight
 */
export function presentMachine(
  row: SeenMachine,
  held: readonly HolderRow[],
  now: UnixMs,
  minuteOfDay: number,
): Machine {
  const machine: CoreMachine = { ...row, ...allowsOf(row) };
  const { hardware, seenAt, unreachableSince, trouble, slots } = machine;
  const closed = whyClosed(machine, minuteOfDay);
  const slotsHeld = held.map(({ slot }) => slot);
  return {
    name: machine.name,
    pool: machine.pool,
    status: machineStatus(row, held.length > 0),
    drained: machine.drained,
    cpus: hardware.cpus,
    memoryBytes: hardware.memoryBytes,
    gpus: hardware.gpus.map(({ idleSince = null, ...gpu }) => ({
      ...gpu,
      idleSince: isoOf(idleSince),
      heldBy: held.filter(({ slot }) => slot.gpus.includes(gpu.index)).map(({ run }) => run),
    })),
    slots: slots && presentSlots(hardware.gpus, slots, held),
    running: held.map(({ run }) => run),
    closed,
    room: closed === null ? roomOn(machine, slotsHeld) : 0,
    holders: held.map(presentHolder),
    reserved: hardware.reserved,
    waste: isReachable(row)
      ? wasteOn(hardware.gpus, held.map(holderOf), now).map((waste) => ({ ...waste, text: describeWaste(waste) }))
      : [],
    problems: [
      ...[trouble, hardware.blocked].filter((problem) => problem !== null),
      ...hardware.problems,
      ...strangeDevices(hardware, slots),
    ],
    seenAt: isoOf(seenAt),
    unreachableSince: isoOf(unreachableSince),
    driver: row.driver,
    login: row.login && presentLogin(row.login),
  };
}

function presentSlots(gpus: readonly Gpu[], slots: string[], held: readonly HolderRow[]) {
  const left = [...held];
  const named = (devices: string) => gpusNamed(gpus, devices).join();
  const shown = slots.map((devices) => {
    const at = left.findIndex(({ slot }) => named(slot.devices) === named(devices));
    const [holder] = at === -1 ? [] : left.splice(at, 1);
    return { devices, heldBy: holder?.run ?? null, draining: false };
  });
  // What runs in a slot that is no longer listed: it is let go when the run ends.
  return [...shown, ...left.map(({ run, slot }) => ({ devices: slot.devices, heldBy: run, draining: true }))];
}

/** Devices that stand in slots and name no GPU, where it is known which there are. Parts of split GPUs are not known. */
function strangeDevices({ gpus }: Hardware, slots: string[] | null): string[] {
  const strange = new Set((slots ?? []).flatMap(devicesOf).filter((device) => !gpuNamed(gpus, device)));
  if (gpus.length === 0) return [];
  return [...strange]
    .filter((device) => !device.startsWith("MIG-"))
    .map((device) => `A slot names GPU ${device}, which was not found here: a run in it may see no GPU.`);
}

function holderOf({ run, slot, demand, startedAt, memoryPeakBytes, gpuMemoryPeakBytes }: HolderRow): Holder {
  const ofNeed = demand.need?.gpuRequired ? demand.need.gpuMemoryBytes : 0;
  return {
    run,
    gpus: slot.gpus,
    startedAt,
    askedGpuMemoryBytes: demand.gpuKind?.memoryBytes ?? (ofNeed || null),
    gpuMemoryPeakBytes,
    askedMemoryBytes: demand.memoryBytes ?? (demand.need?.memoryBytes || null),
    memoryPeakBytes,
  };
}

function presentHolder(row: HolderRow): MachineHolder {
  const { startedAt, gpus, ...holder } = holderOf(row);
  const { attempt, job: name, user, slot } = row;
  return { ...holder, attempt, name, user, devices: slot.devices, gpus: [...gpus], startedAt: isoOf(startedAt) };
}

function presentLogin({ host, user, port, key, hostKey }: Login): Login {
  return { host, user, port, key, hostKey };
}
