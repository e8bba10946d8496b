import type { Demand, Slot } from "./demand.ts";
import { devicesOf, isDeviceUsable, isUsable, type Machine } from "./machine.ts";

/**
 * What of one machine is held and what is free. The loop and the agent keep the same account with the same functions:
 * the loop decides by it, the agent starts a run given ahead of a free slot the moment its slot is free here.
 *
 * Slots with the same devices are interchangeable, so a machine whose slots are changed while runs hold some of them
 * needs no bookkeeping: a slot that is no longer listed drains, because more are held than there are.
 */
export interface Ledger {
  /** The slot a run with this demand would get now; null where it does not fit. */
  place(demand: Demand): Slot | null;
  /** Whether this very slot is free now. */
  isFree(slot: Slot): boolean;
  hold(slot: Slot): void;
  release(slot: Slot): void;
  /** What is free now: `gpus` are indices in counting mode, `slots` the free explicit slots whose devices are usable. */
  free(): Free;
  /** Whether a run with this demand fits when nothing else runs here; GPUs that are unhealthy or in foreign use count. */
  couldEverHold(demand: Demand): boolean;
}

export interface Free {
  gpus: string[];
  cpus: number;
  memoryBytes: number;
  /** Null in counting mode. */
  slots: string[] | null;
}

export function openLedger(machine: Machine): Ledger {
  const { hardware } = machine;
  const heldDevices = new Map<string, number>();
  const heldGpus = new Map<string, number>();
  const listed = new Map<string, number>();
  for (const devices of machine.slots ?? []) add(listed, devices, 1);
  let heldCpus = 0;
  let heldMemoryBytes = 0;

  function change(slot: Slot, by: 1 | -1): void {
    add(heldDevices, slot.devices, by);
    for (const gpu of slot.gpus) add(heldGpus, gpu, by);
    heldCpus += by * slot.cpus;
    heldMemoryBytes += by * slot.memoryBytes;
  }

  function fitsCounted(cpus: number, memoryBytes: number): boolean {
    return heldCpus + cpus <= hardware.cpus && heldMemoryBytes + memoryBytes <= hardware.memoryBytes;
  }

  function freeSlots(slots: string[]): string[] {
    const left = new Map(heldDevices);
    return slots.filter((devices) => {
      const held = left.get(devices) ?? 0;
      if (held > 0) left.set(devices, held - 1);
      return held === 0 && devicesOf(devices).every((device) => isDeviceUsable(hardware, device));
    });
  }

  function freeGpus(): string[] {
    return hardware.gpus.filter((gpu) => isUsable(gpu) && !heldGpus.has(gpu.index)).map((gpu) => gpu.index);
  }

  function place(demand: Demand): Slot | null {
    const memoryBytes = demand.memoryBytes ?? 0;
    if (machine.slots) {
      const cpus = demand.cpus ?? 0;
      if (!fitsCounted(cpus, memoryBytes)) return null;
      const devices = freeSlots(machine.slots).find((slot) => slotSuits(slot, demand));
      return devices === undefined ? null : { devices, gpus: devicesOf(devices), cpus, memoryBytes };
    }
    const gpus = gpusAsked(demand, machine);
    const cpus = coresCounted(demand, gpus);
    if (!fitsCounted(cpus, memoryBytes)) return null;
    const free = freeGpus();
    if (free.length < gpus) return null;
    const given = free.slice(0, gpus);
    return { devices: given.join(","), gpus: given, cpus, memoryBytes };
  }

  return {
    place,
    isFree(slot) {
      if (!fitsCounted(slot.cpus, slot.memoryBytes)) return false;
      if (machine.slots) return (heldDevices.get(slot.devices) ?? 0) < (listed.get(slot.devices) ?? 0);
      return slot.gpus.every((gpu) => !heldGpus.has(gpu));
    },
    hold: (slot) => change(slot, 1),
    release: (slot) => change(slot, -1),
    free: () => ({
      gpus: freeGpus(),
      cpus: hardware.cpus - heldCpus,
      memoryBytes: hardware.memoryBytes - heldMemoryBytes,
      slots: machine.slots ? freeSlots(machine.slots) : null,
    }),
    couldEverHold(demand) {
      if ((demand.memoryBytes ?? 0) > hardware.memoryBytes) return false;
      if (machine.slots) {
        return (demand.cpus ?? 0) <= hardware.cpus && machine.slots.some((slot) => slotSuits(slot, demand));
      }
      const gpus = gpusAsked(demand, machine);
      return gpus <= hardware.gpus.length && coresCounted(demand, gpus) <= hardware.cpus;
    },
  };
}

function slotSuits(slot: string, demand: Demand): boolean {
  return demand.gpus === null || devicesOf(slot).length === demand.gpus;
}

/** A demand that names no GPUs means one where the machine has any. */
function gpusAsked(demand: Demand, machine: Machine): number {
  return demand.gpus ?? (machine.hardware.gpus.length > 0 ? 1 : 0);
}

function coresCounted(demand: Demand, gpus: number): number {
  return demand.cpus ?? (gpus === 0 ? 1 : 0);
}

function add(counts: Map<string, number>, key: string, by: number): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
