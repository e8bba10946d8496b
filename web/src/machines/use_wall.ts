import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import type { Machine } from "../../../src/api/machine.ts";
import type { MachineUse } from "../../../src/api/use.ts";
import { cache } from "../yard/cache.ts";
import { call } from "../yard/client.ts";
import { hearEvents } from "../yard/live.ts";

/** A yard's machines say every few seconds how they are. Of many it is asked more seldom: each answer tells of all. */
const PAUSE_MS = 1500;
const PAUSE_PER_MACHINE_MS = 12;
/** Not of `["machines", …]`: what that holds is asked for anew at every event. */
export const MACHINES_KEY = ["wall"];
const PAGE = 500;

/** Use is kept by the minute. */
const USE_EVERY_MS = 60_000;
const POINTS = 48;

/** How the GPUs of machines were used lately, by machine and GPU. */
export interface WallUse {
  hours: number;
  of(machine: string, gpu: string): MachineUse["gpus"][number] | null;
  /** For how long GPUs were held but idle, all of them together. */
  wastedSeconds: number;
}

/** Every machine, as it is now. */
export function useMachines() {
  const machines = useQuery({
    queryKey: MACHINES_KEY,
    queryFn: ({ signal }) => allMachines(signal),
    // To look for what has stayed the same in a thousand machines takes longer than to draw the few on screen.
    structuralSharing: false,
  });
  const pauseMs = PAUSE_MS + PAUSE_PER_MACHINE_MS * (machines.data?.length ?? 0);
  useEffect(() => {
    let waiting: ReturnType<typeof setTimeout> | null = null;
    const stop = hearEvents((event) => {
      if (event !== "machines" && event !== "job") return;
      waiting ??= setTimeout(() => {
        waiting = null;
        void cache.invalidateQueries({ queryKey: MACHINES_KEY });
      }, pauseMs);
    });
    return () => {
      stop();
      if (waiting !== null) clearTimeout(waiting);
    };
  }, [pauseMs]);
  return machines;
}

async function allMachines(signal: AbortSignal): Promise<Machine[]> {
  const machines: Machine[] = [];
  for (let after: string | null = null; ; ) {
    const query = { limit: PAGE, ...(after !== null && { after }) };
    const page: { machines: Machine[]; next: string | null } = await call("listMachines", { query, signal });
    machines.push(...page.machines);
    after = page.next;
    if (after === null) return machines;
  }
}

/** Null: it is not known yet. */
export function useWallUse(hours: number): WallUse | null {
  const { data } = useQuery({
    queryKey: ["use", hours],
    queryFn: ({ signal }) => allUse(hours, signal),
    refetchInterval: USE_EVERY_MS,
    placeholderData: (before) => before,
  });
  return useMemo(() => {
    if (!data) return null;
    const gpus = new Map(data.flatMap(({ name, gpus }) => gpus.map((gpu) => [`${name} ${gpu.index}`, gpu])));
    const wastedSeconds = [...gpus.values()].reduce((sum, { idleSeconds }) => sum + idleSeconds, 0);
    return { hours, of: (machine, gpu) => gpus.get(`${machine} ${gpu}`) ?? null, wastedSeconds };
  }, [data, hours]);
}

async function allUse(hours: number, signal: AbortSignal): Promise<MachineUse[]> {
  const machines: MachineUse[] = [];
  for (let after: string | null = null; ; ) {
    const query = { hours, points: POINTS, ...(after !== null && { after }) };
    const page: { machines: MachineUse[]; next: string | null } = await call("listUse", { query, signal });
    machines.push(...page.machines);
    after = page.next;
    if (after === null) return machines;
  }
}
