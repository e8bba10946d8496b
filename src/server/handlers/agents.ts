import type { Assignment, Report, Stop } from "../../api/agent.ts";
import type { Slot } from "../../core/demand.ts";
import { type Refused, refuse } from "../../core/failure.ts";
import { withUnseen } from "../../core/machine.ts";
import type { AttemptId, StopReason } from "../../core/run.ts";
import { paramsJson } from "../../core/work.ts";
import type { OutputPlace } from "../../files/output_place.ts";
import { describeFileProblem } from "../../files/problem.ts";
import { boundary } from "../../platform/boundary.ts";
import {
  type AttemptRow,
  selectAttempts,
  selectOpenAttempts,
  selectWantedStops,
  takeAttempts,
} from "../../store/attempts.ts";
import type { Change } from "../../store/changes.ts";
import { type JobRow, selectJobs } from "../../store/jobs.ts";
import { introduceAgent, type MachineRow, selectMachines, updateHardware } from "../../store/machines.ts";
import { type Ended, recordEnds, recordObserved, recordStarts } from "../../store/reports.ts";
import type { Handlers, Yard } from "../yard.ts";

type AgentHandlers = Pick<Handlers, "hello" | "poll" | "report" | "environment">;
type EndedReport = Extract<Report, { kind: "ended" }>;

const MOST_AT_ONCE = 256;
const nothingNew = { stops: [], isRefit: false };

/** What an agent has been told since it said hello, so that it is told once. */
interface Session {
  agent: string;
  machine: MachineRow;
  /** `<attempt> <reason> <grace>`: a cancel is told although a withdrawal was, and one that gives less grace. */
  stops: Set<string>;
  slots: string[] | null;
  /** Slots or stops may have changed since it was told. */
  isStale: boolean;
  /** How often the bell had rung when it took all that was assigned; null: there may be more. */
  tookAll: number | null;
}

export function agentHandlers(yard: Yard): AgentHandlers {
  const { store, presence, clock } = yard;
  const sessions = new Map<string, Session>();
  store.changes.hear((changes) => {
    for (const change of changes) {
      if (change.kind !== "machine" && change.kind !== "stop") continue;
      for (const session of sessions.values()) if (session.machine.id === change.machine) session.isStale = true;
    }
  });

  return {
    async hello({ params, body }) {
      const now = clock.now();
      const before = (await machineNamed(params.machine))?.hardware.gpus ?? [];
      const introduced = { ...body, hardware: withUnseen(body.hardware, before) };
      await store.write((db) => introduceAgent(db, params.machine, introduced, now));
      const machine = await machineNamed(params.machine);
      if (!machine) return refuse({ code: "no_such_machine", machine: params.machine, known: [] });
      presence.heard(machine.id, now);
      const { slots, hardware } = machine;
      const nothingTold = { stops: new Set<string>(), isStale: true, tookAll: null };
      sessions.set(machine.name, { agent: body.agent, machine, slots, ...nothingTold });
      await store.write((db) => takeAttempts(db, machine.id, body.agent, 1_000_000));
      const open = await selectOpenAttempts(store.read, machine.id);
      store.changes.tell([{ kind: "machine", machine: machine.id }]);
      yard.bell.ring(machine.id);
      return { yard: yard.id, epoch: yard.epoch, slots, hardware, attempts: await assignments(open) };
    },

    async poll({ params, body, signal }) {
      const session = await recognise(params.machine, body);
      if ("refused" in session) return session;
      const { machine } = session;
      const deadline = clock.steady() + body.waitMs;
      presence.heard(machine.id, clock.now());
      for (;;) {
        const rings = yard.bell.rings(machine.id);
        const isOver = clock.steady() >= deadline;
        const taken = rings === session.tookAll && !isOver ? [] : await take(session, rings);
        if (taken.length > 0) boundary("yard: taken");
        const { stops, isRefit } = session.isStale || isOver ? await refresh(session) : nothingNew;
        if (taken.length > 0 || stops.length > 0 || isRefit || isOver) {
          return { assignments: await assignments(taken), stops, slots: session.slots };
        }
        await yard.bell.wait(machine.id, rings, Math.max(0, deadline - clock.steady()), signal);
        if (signal.aborted) return { assignments: [], stops: [], slots: session.slots };
        if (sessions.get(machine.name) !== session) return refuse({ code: "superseded" });
      }
    },

    async report({ params, body }) {
      const session = await recognise(params.machine, body);
      if ("refused" in session) return session;
      const { machine } = session;
      presence.heard(machine.id, clock.now());
      const changes: Change[] = [];
      if (body.hardware) {
        const { hardware } = body;
        await store.write((db) => updateHardware(db, machine.id, hardware, clock.now()));
        changes.push({ kind: "machine", machine: machine.id });
      }
      const kept = await keep(machine, body.reports, changes);
      store.changes.tell(changes);
      return { kept };
    },

    async environment({ params }) {
      const variables = await yard.files.environments.get(params.environment);
      return variables.ok
        ? { variables: variables.value }
        : refuse({ code: "gone", what: describeFileProblem(variables.problem) });
    },
  };

  async function machineNamed(name: string): Promise<MachineRow | undefined> {
    return (await selectMachines(store.read)).find((machine) => machine.name === name);
  }

  async function recognise(machine: string, body: { agent: string; epoch: number }): Promise<Session | Refused> {
    const session = sessions.get(machine);
    if (!session || body.epoch !== yard.epoch) return refuse({ code: "stale_epoch", epoch: yard.epoch });
    return session.agent === body.agent ? session : refuse({ code: "superseded" });
  }

  async function take(session: Session, rings: number): Promise<AttemptRow[]> {
    const { machine, agent } = session;
    const taken = await store.write((db) => takeAttempts(db, machine.id, agent, MOST_AT_ONCE));
    session.tookAll = taken.length < MOST_AT_ONCE ? rings : null;
    return taken;
  }

  /** What the agent has not been told yet of its machine's stops and slots. */
  async function refresh(session: Session): Promise<{ stops: Stop[]; isRefit: boolean }> {
    session.isStale = false;
    const rows = (await selectWantedStops(store.read, session.machine.id)).filter(
      (row) => !session.stops.has(wordOf(row)),
    );
    for (const row of rows) session.stops.add(wordOf(row));
    const stops = rows.map((row) => ({
      attempt: row.id,
      reason: row.stop_reason as StopReason,
      graceMs: row.stop_grace_ms ?? 0,
    }));
    const slots = (await machineNamed(session.machine.name))?.slots ?? null;
    const isRefit = JSON.stringify(slots) !== JSON.stringify(session.slots);
    session.slots = slots;
    return { stops, isRefit };
  }

  async function assignments(rows: AttemptRow[]): Promise<Assignment[]> {
    const jobs = new Map<number, JobRow>();
    for (const job of await selectJobs(store.read, [...new Set(rows.map((row) => row.job_id))])) jobs.set(job.id, job);
    const list: Assignment[] = [];
    for (const row of rows) {
      const job = jobs.get(row.job_id);
      if (job) list.push(await assignment(row, job));
    }
    return list;
  }

  async function assignment(row: AttemptRow, job: JobRow): Promise<Assignment> {
    const { command, values } = (await yard.works.of(job)).run(row.n);
    const { cwd, environment, umask, limits, out } = job.plan;
    return {
      attempt: row.id,
      job: job.id,
      n: row.n,
      try: row.try,
      slot: JSON.parse(row.slot_json) as Slot,
      command,
      params: paramsJson(values),
      cwd,
      environment,
      umask,
      limits,
      out,
      snapshot: row.snapshot,
      timeLimitMs: job.timeLimitMs,
      previous: row.previous_id,
      started: row.status === "running",
    };
  }

  /** First the streams, then what happened, in one commit; only then may the agent forget. */
  async function keep(machine: MachineRow, reports: Report[], changes: Change[]): Promise<string[]> {
    const ends = reports.filter((report) => report.kind === "ended");
    const known = await selectAttempts(
      store.read,
      ends.map((end) => end.attempt as AttemptId),
    );
    const rows = new Map<string, AttemptRow>(known.map((row) => [row.id, row]));
    const fresh = ends.filter((end) => (rows.get(end.attempt)?.status ?? "ended") !== "ended");
    const recorded = await keepStreams(machine, fresh, rows);
    if (recorded.length > 0) boundary("yard: kept");
    const now = clock.now();
    await store.write(async (db) => {
      const started = reports.filter((report) => report.kind === "started");
      const observed = reports.filter((report) => report.kind === "observed");
      const touched = [
        ...(await recordStarts(
          db,
          started.map(({ attempt, at }) => ({ attempt: attempt as AttemptId, at })),
        )),
        ...(await recordObserved(
          db,
          observed.map((one) => ({ ...one, attempt: one.attempt as AttemptId })),
        )),
      ];
      const ended = await recordEnds(db, recorded, now);
      changes.push(...[...touched, ...ended.touched].map(({ job, n }) => ({ kind: "run" as const, job, n })));
      changes.push(...recorded.map((end) => endedChange(machine, end)));
      changes.push(...ended.jobs.map((job) => ({ kind: "job" as const, job })));
    });
    if (recorded.length > 0) boundary("yard: ended");
    return ends.map((end) => end.attempt).filter((attempt) => rows.has(attempt));
  }

  function endedChange(machine: MachineRow, end: Ended): Change {
    const tookMs = end.startedAt === null ? null : end.endedAt - end.startedAt;
    return { kind: "ended", attempt: end.attempt, machine: machine.id, tookMs };
  }

  async function keepStreams(
    machine: MachineRow,
    ends: EndedReport[],
    rows: Map<string, AttemptRow>,
  ): Promise<Ended[]> {
    const byJob = Map.groupBy(ends, (end) => rows.get(end.attempt)?.job_id ?? 0);
    const lists = await Promise.all([...byJob].map(([job, list]) => keepStreamsOfJob(machine, job, list)));
    return lists.flat();
  }

  async function keepStreamsOfJob(machine: MachineRow, job: number, ends: EndedReport[]): Promise<Ended[]> {
    const chunks: Buffer[] = [];
    const places: Record<string, OutputPlace | number>[] = [];
    for (const end of ends) {
      const place: Record<string, OutputPlace | number> = {};
      for (const name of ["out", "err", "events"] as const) {
        const stream = end[name];
        if (stream.kind === "inline") place[name] = chunks.push(Buffer.from(stream.base64, "base64")) - 1;
        else if (stream.kind === "path") place[name] = await adopt(machine, job, end.attempt, name, stream.path);
        else place[name] = { kind: "none" };
      }
      places.push(place);
    }
    const packed = chunks.length > 0 ? await yard.files.append(job, chunks) : { ok: true as const, value: [] };
    if (!packed.ok) throw new Error(describeFileProblem(packed.problem));
    return ends.map((end, index) => {
      const output = Object.entries(places[index] ?? {}).map(([name, place]) => {
        const slice = typeof place === "number" ? packed.value[place] : undefined;
        return [name, slice ? { kind: "pack", job, ...slice } : place];
      });
      return { ...end, attempt: end.attempt as AttemptId, output: JSON.stringify(Object.fromEntries(output)) };
    });
  }

  /** A large stream becomes a file of the yard's. Only what lies in that attempt's own spool can. */
  async function adopt(
    machine: MachineRow,
    job: number,
    attempt: string,
    name: string,
    path: string,
  ): Promise<OutputPlace> {
    const file = name === "events" ? "events.jsonl" : name;
    if (path !== `${machine.spool}/${yard.id}/${attempt}/0/${file}`) return { kind: "none" };
    const adopted = await yard.files.adopt(job, `${attempt}.${name}`, path);
    if (!adopted.ok) throw new Error(describeFileProblem(adopted.problem));
    return adopted.value;
  }
}

function wordOf(row: AttemptRow): string {
  return `${row.id} ${row.stop_reason} ${row.stop_grace_ms}`;
}
