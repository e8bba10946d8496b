import type { MachineUse } from "../../api/use.ts";
import type { Slot } from "../../core/demand.ts";
import { isRefused, refuse } from "../../core/failure.ts";
import type { UnixMs } from "../../core/run.ts";
import { seriesOf, type UseSeries, type UseWindow, windowBack, windowOf } from "../../core/use_history.ts";
import { type AttemptRow, selectAttemptsOfRun, selectMates } from "../../store/attempts.ts";
import { selectJob } from "../../store/jobs.ts";
import { selectMachineNames } from "../../store/machines.ts";
import { selectUse } from "../../store/use.ts";
import { listed } from "../listing.ts";
import { isoOf } from "../present.ts";
import type { Handlers, Yard } from "../yard.ts";

type UseHandlers = Pick<Handlers, "machineUse" | "listUse" | "runUse">;

const HOUR_MS = 3_600_000;
/** Stretches read and taken together in one go: the yard has other things to do in between. */
const MOST_AT_ONCE = 500;

export function gpuUseHandlers(yard: Yard): UseHandlers {
  const { store, clock, uses } = yard;

  /** In the order of the machines. */
  async function seriesOfEach(machines: readonly number[], window: UseWindow): Promise<UseSeries[][]> {
    const { grain, from, stepMs, points } = window;
    const until = from + points * stepMs;
    const each = Math.ceil((points * stepMs) / grain.spanMs);
    const portion = Math.max(1, Math.floor(MOST_AT_ONCE / each));
    const series: UseSeries[][] = [];
    for (let first = 0; first < machines.length; first += portion) {
      const some = machines.slice(first, first + portion);
      const kept = await selectUse(store.read, some, grain, from, until);
      for (const machine of some) {
        series.push(seriesOf([...(kept.get(machine) ?? []), ...uses.unwritten(machine)], window));
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    return series;
  }

  function backFromNow(hours: number, points: number): UseWindow {
    return windowBack(hours * HOUR_MS, points, clock.now());
  }

  return {
    async machineUse({ params, query }) {
      const machines = await selectMachineNames(store.read);
      const row = machines.find(({ name }) => name === params.machine);
      const known = machines.map(({ name }) => name);
      if (!row) return refuse({ code: "no_such_machine", machine: params.machine, known });
      const window = backFromNow(query.hours, query.points);
      const [series = []] = await seriesOfEach([row.id], window);
      return { ...presentWindow(window), machine: presentMachineUse(row.name, series) };
    },

    async listUse({ query }) {
      const { pool, hours, points } = query;
      const meant = (await selectMachineNames(store.read)).filter((one) => pool === undefined || one.pool === pool);
      const page = listed(meant, query, ({ name }) => name, { name: (one) => one.name, pool: (one) => one.pool });
      if (isRefused(page)) return page;
      const window = backFromNow(hours, points);
      const series = await seriesOfEach(
        page.page.map(({ id }) => id),
        window,
      );
      const machines = page.page.map(({ name }, at) => presentMachineUse(name, series[at] ?? []));
      return { ...presentWindow(window), machines, next: page.next };
    },

    async runUse({ params, query }) {
      const job = await selectJob(store.read, params.job);
      if (!job) return refuse({ code: "no_such_job", job: params.job });
      const run = `${params.job}.${params.n}`;
      if (params.n > job.counts.total) return refuse({ code: "no_such_run", run });
      const attempts = await selectAttemptsOfRun(store.read, job.id, params.n);
      const ids = attempts.map(({ id }) => id);
      const rows = [...attempts, ...(await selectMates(store.read, ids))];
      const names = new Map((await selectMachineNames(store.read)).map(({ id, name }) => [id, name]));
      const workers = [];
      for (const row of rows.toSorted((a, b) => a.try - b.try || a.rank - b.rank)) {
        if (row.started_at === null) continue;
        workers.push(await workerUse(row, row.started_at, query.points, names.get(row.machine_id) ?? null));
      }
      return { workers };
    },
  };

  async function workerUse(row: AttemptRow, startedAt: UnixMs, points: number, machine: string | null) {
    const slot = JSON.parse(row.slot_json) as Slot;
    const now = clock.now();
    const window = windowOf(startedAt, Math.max(startedAt, row.ended_at ?? now), points, now);
    const [series = []] = slot.gpus.length === 0 ? [] : await seriesOfEach([row.machine_id], window);
    const nothing = Array.from({ length: window.points }, () => null);
    return {
      ...presentWindow(window),
      attempt: row.id,
      try: row.try,
      rank: row.rank,
      machine: slot.node ?? machine,
      gpus: slot.gpus.map((index) => {
        const seen = series.find((one) => one.index === index);
        return seen ? presentUse(seen) : { index, utilization: nothing, peak: nothing, usedBytes: nothing };
      }),
      startedAt: isoOf(startedAt),
      endedAt: isoOf(row.ended_at),
    };
  }
}

function presentWindow({ from, stepMs, points }: UseWindow) {
  return { from: isoOf(from), stepSeconds: stepMs / 1000, points };
}

function presentMachineUse(name: string, series: readonly UseSeries[]): MachineUse {
  const gpus = series.map((one) => {
    return { ...presentUse(one), heldSeconds: one.heldMs / 1000, idleSeconds: one.idleMs / 1000 };
  });
  return { name, gpus };
}

function presentUse({ index, utilization, peak, usedBytes }: UseSeries) {
  return { index, utilization: utilization.map(rounded), peak, usedBytes };
}

/** To a thousandth, as it is kept. */
function rounded(share: number | null): number | null {
  return share === null ? null : Math.round(1000 * share) / 1000;
}
