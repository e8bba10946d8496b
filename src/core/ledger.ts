import { type Capacity, capacityOf } from "./capacity.ts";
import type { Demand, Slot } from "./demand.ts";
import { type FreeMachine, type HeldRun, type Need, NOTHING } from "./free_machine.ts";
import { type GpuKind, isOfKind } from "./gpu_kind.ts";
import { devicesOf, type Gpu, gpuNamed, gpusNamed, isDeviceUsable, isUsable, type Machine } from "./machine.ts";

/**
 * What of one machine is held and what is free. The loop and the agent keep the same account with the same functions:
 * the loop decides by it, the agent starts a run given ahead of a free slot the moment its slot is free here.
 *
 * Slots that name the same GPUs are interchangeable, so a machine whose slots are changed while runs hold some of them
 * needs no bookkeeping: a slot that is no longer listed drains, because more are held than there are. Until then its GPUs
 * are not in others' slots, unless more slots name them than hold them: as many runs share a GPU as slots say.
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
  /** Of that the GPUs alone, those of one kind where that is said: it costs nothing to ask again. */
  freeGpus(kind?: GpuKind): readonly string[];
  /** How many runs of such a need fit beside what is held, where, and why no more. */
  capacity(need: Need): Capacity;
  /** How many workers with this demand fit when nothing else runs here; GPUs that are unhealthy or in foreign use count. */
  couldEverHold(demand: Demand): number;
}

export interface Free {
  gpus: string[];
  cpus: number;
  memoryBytes: number;
  /** Null in counting mode. */
  slots: string[] | null;
}

export function openLedger(machine: Machine): Ledger {
  return machine.hasQueue ? openQueueLedger(machine) : openCountingLedger(machine);
}

/** Of a cluster: what it has is its own affair, only how much it is given at once is counted. */
function openQueueLedger({ name, hardware }: Machine): Ledger {
  const most = hardware.most ?? 0;
  let given = 0;
  return {
    place({ cluster, cpus, memoryBytes }) {
      if (cluster !== name || given >= most) return null;
      return { devices: "", gpus: [], cpus: cpus ?? 0, memoryBytes: memoryBytes ?? 0 };
    },
    isFree: () => true,
    hold() {
      given += 1;
    },
    release() {
      given -= 1;
    },
    free: () => ({ gpus: [], cpus: 0, memoryBytes: 0, slots: null }),
    freeGpus: () => [],
    capacity: () => ({ placements: [], because: [] }),
    couldEverHold: ({ cluster }) => (cluster === name ? Number.POSITIVE_INFINITY : 0),
  };
}

function openCountingLedger(machine: Machine): Ledger {
  const { hardware } = machine;
  const limits = machine.allows ?? { maxRuns: null, gpus: null };
  const seated: Slot[] = [];
  const held = openShares();
  const listed = openShares();
  for (const devices of machine.slots ?? []) listed.add(gpusNamed(hardware.gpus, devices), 1);
  let heldCpus = 0;
  let heldMemoryBytes = 0;
  /** Null: to be looked for again. */
  let freeGpusNow: string[] | null = null;
  /** The least memory first, so that whoever needs more finds some: the order in which they are given. */
  const gpusInOrder = hardware.gpus.toSorted((a, b) => (a.memoryBytes ?? 0) - (b.memoryBytes ?? 0));

  function change(slot: Slot, by: 1 | -1): void {
    freeGpusNow = null;
    held.add(gpusOf(slot), by);
    heldCpus += by * slot.cpus;
    heldMemoryBytes += by * slot.memoryBytes;
    if (by === 1) seated.push(slot);
    else
      seated.splice(
        seated.findIndex((one) => isSameSlot(one, slot)),
        1,
      );
  }

  function capacity(need: Need): Capacity {
    return capacityOf(freeOf(hardware), seated.map(heldRun), need, limits);
  }

  function placeByNeed(need: Need): Slot | null {
    const { placements } = capacity(need);
    const [gpu] = placements;
    if (gpu === undefined) return null;
    const gpus = gpu === null ? [] : [gpu];
    return { devices: gpus.join(), gpus, cpus: need.cpus, memoryBytes: need.memoryBytes, need };
  }

  /** By how they are called now: a slot may have been given when nothing was known of its devices. */
  function gpusOf(slot: Slot): string[] {
    return slot.gpus.map((gpu) => gpuNamed(hardware.gpus, gpu)?.index ?? gpu);
  }

  function mayShare(gpus: string[]): boolean {
    return gpus.every((gpu) => held.of(gpu) < listed.of(gpu));
  }

  function fitsCounted(cpus: number, memoryBytes: number): boolean {
    return heldCpus + cpus <= hardware.cpus && heldMemoryBytes + memoryBytes <= hardware.memoryBytes;
  }

  function freeSlots(slots: string[]): string[] {
    const passed = openShares();
    return slots.filter((devices) => {
      const gpus = gpusNamed(hardware.gpus, devices);
      if (passed.ofAll(gpus) < held.ofAll(gpus)) {
        passed.add(gpus, 1);
        return false;
      }
      return mayShare(gpus) && devicesOf(devices).every((device) => isDeviceUsable(hardware, device));
    });
  }

  function freeGpus(): string[] {
    freeGpusNow ??= gpusInOrder
      .filter((gpu) => isUsable(gpu) && held.of(gpu.index) === 0 && isAllowed(gpu.index))
      .map((gpu) => gpu.index);
    return freeGpusNow;
  }

  function freeOfKind(kind: GpuKind | undefined): string[] {
    if (!kind) return freeGpus();
    return freeGpus().filter((index) => hardware.gpus.some((gpu) => gpu.index === index && isOfKind(gpu, kind)));
  }

  function isAllowed(gpu: string): boolean {
    return limits.gpus?.includes(gpu) ?? true;
  }

  function place(demand: Demand): Slot | null {
    if (demand.machines && !demand.machines.includes(machine.name)) return null;
    if (demand.need) return placeByNeed(demand.need);
    if (limits.maxRuns !== null && seated.length >= limits.maxRuns) return null;
    const memoryBytes = demand.memoryBytes ?? 0;
    if (machine.slots) {
      const cpus = demand.cpus ?? 0;
      if (!fitsCounted(cpus, memoryBytes)) return null;
      const devices = freeSlots(machine.slots).find((slot) => slotSuits(slot, demand, machine));
      return devices === undefined ? null : { devices, gpus: gpusNamed(hardware.gpus, devices), cpus, memoryBytes };
    }
    const gpus = gpusAsked(demand, machine);
    const cpus = coresCounted(demand, gpus);
    if (!fitsCounted(cpus, memoryBytes)) return null;
    const free = freeOfKind(demand.gpuKind);
    if (free.length < gpus) return null;
    const given = alike(free, gpus, hardware.gpus);
    return { devices: given.join(","), gpus: given, cpus, memoryBytes };
  }

  return {
    place,
    capacity,
    isFree(slot) {
      // Decided by what was measured, which the machine's own account does not know.
      if (slot.need) return true;
      if (!fitsCounted(slot.cpus, slot.memoryBytes)) return false;
      const gpus = gpusOf(slot);
      if (machine.slots) return held.ofAll(gpus) < listed.ofAll(gpus) && mayShare(gpus);
      return gpus.every((gpu) => held.of(gpu) === 0);
    },
    hold: (slot) => change(slot, 1),
    release: (slot) => change(slot, -1),
    free: () => ({
      gpus: freeGpus(),
      cpus: hardware.cpus - heldCpus,
      memoryBytes: hardware.memoryBytes - heldMemoryBytes,
      slots: machine.slots ? freeSlots(machine.slots) : null,
    }),
    freeGpus: freeOfKind,
    couldEverHold(demand) {
      if (demand.machines && !demand.machines.includes(machine.name)) return 0;
      if (demand.need) return Number.POSITIVE_INFINITY;
      const { cpus, memoryBytes } = hardware;
      const inMemory = share(memoryBytes, demand.memoryBytes ?? 0);
      if (machine.slots) {
        const suiting = machine.slots.filter((slot) => slotSuits(slot, demand, machine)).length;
        return Math.min(suiting, share(cpus, demand.cpus ?? 0), inMemory);
      }
      const gpus = gpusAsked(demand, machine);
      const { gpuKind } = demand;
      const allowed = hardware.gpus.filter(
        (gpu) => isAllowed(gpu.index) && (!gpuKind || isOfKind(gpu, gpuKind)),
      ).length;
      return Math.min(share(allowed, gpus), share(cpus, coresCounted(demand, gpus)), inMemory);
    },
  };
}

/** How often `each` is in `all`. */
function share(all: number, each: number): number {
  return each === 0 ? Number.POSITIVE_INFINITY : Math.floor(all / each);
}

function isSameSlot(a: Slot, b: Slot): boolean {
  return a.devices === b.devices && a.cpus === b.cpus && a.memoryBytes === b.memoryBytes;
}

/** Where it was not measured, what is not held is taken to be free. */
function freeOf({ free, cpus, memoryBytes, gpus }: Machine["hardware"]): FreeMachine {
  if (free) return free;
  return {
    cpus,
    cpuUsage: 0,
    freeMemoryBytes: memoryBytes,
    gpus: gpus.map((gpu) => ({
      index: gpu.index,
      freeMemoryBytes: gpu.memoryBytes === null ? null : gpu.memoryBytes - (gpu.usedBytes ?? 0),
      utilization: gpu.utilization,
      problem: gpu.problem,
    })),
  };
}

/** What was placed by counting has its GPUs for itself. */
function heldRun({ need, gpus, cpus, memoryBytes }: Slot): HeldRun {
  const counted = { cpus, memoryBytes, gpuMemoryBytes: 0, gpuUtilization: 0 };
  const flags = { reserveGpu: true, gpuRequired: gpus.length > 0, reserveMachine: false };
  return { need: need ?? { ...counted, ...flags }, gpus, uses: NOTHING };
}

/** Whether an explicit slot is of the kind that a demand asks for. */
export function slotSuits(slot: string, { gpus, gpuKind }: Demand, { hardware }: Pick<Machine, "hardware">): boolean {
  const devices = devicesOf(slot);
  if (gpus !== null && devices.length !== gpus) return false;
  if (!gpuKind) return true;
  const named = devices.map((device) => gpuNamed(hardware.gpus, device));
  return named.length > 0 && named.every((gpu) => gpu !== undefined && isOfKind(gpu, gpuKind));
}

/** A demand that names no GPUs means one where the machine has any, or where it says which. */
export function gpusAsked({ gpus, gpuKind }: Demand, { hardware }: Pick<Machine, "hardware">): number {
  return gpus ?? (gpuKind || hardware.gpus.length > 0 ? 1 : 0);
}

/** So many of those that are free: with one name if there are as many, else the first. */
function alike(free: readonly string[], count: number, gpus: readonly Gpu[]): string[] {
  if (count > 1 && gpus.some(({ name }) => name !== gpus[0]?.name)) {
    const byName = Map.groupBy(free, (index) => gpus.find((gpu) => gpu.index === index)?.name);
    for (const same of byName.values()) if (same.length >= count) return same.slice(0, count);
  }
  return free.slice(0, count);
}

function coresCounted(demand: Demand, gpus: number): number {
  return demand.cpus ?? (gpus === 0 ? 1 : 0);
}

/** Counts of slots, by the GPUs they name: by all of them together, and by each of them. */
interface Shares {
  add(gpus: readonly string[], by: number): void;
  ofAll(gpus: readonly string[]): number;
  of(gpu: string): number;
}

function openShares(): Shares {
  const slots = new Map<string, number>();
  const single = new Map<string, number>();
  const shift = (counts: Map<string, number>, key: string, by: number) => counts.set(key, (counts.get(key) ?? 0) + by);
  return {
    add(gpus, by) {
      shift(slots, gpus.join(), by);
      for (const gpu of gpus) shift(single, gpu, by);
    },
    ofAll: (gpus) => slots.get(gpus.join()) ?? 0,
    of: (gpu) => single.get(gpu) ?? 0,
  };
}
