import type { Stop } from "../../core/assignment.ts";
import { type Refused, refuse } from "../../core/failure.ts";
import { withUnseen } from "../../core/machine.ts";
import { describeFileProblem } from "../../files/problem.ts";
import { type MachineRow, selectMachines } from "../../store/machines.ts";
import type { Handlers, Yard } from "../yard.ts";

type AgentHandlers = Pick<Handlers, "hello" | "poll" | "report" | "environment">;

const nothingTaken = { assignments: [], isAll: true };
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
  const { store, presence, clock, desk } = yard;
  const sessions = new Map<string, Session>();
  store.changes.hear((changes) => {
    for (const change of changes) {
      if (change.kind !== "machine" && change.kind !== "stop") continue;
      for (const session of sessions.values()) if (session.machine.id === change.machine) session.isStale = true;
    }
  });

  return {
    async hello({ params, body }) {
      const known = await machineNamed(params.machine);
      if (known?.driver !== "agent") return refuse({ code: "no_such_machine", machine: params.machine, known: [] });
      await desk.introduce(known, { ...body, hardware: withUnseen(body.hardware, known.hardware.gpus) });
      const machine = (await machineNamed(params.machine)) ?? known;
      const { slots, hardware } = machine;
      const nothingTold = { stops: new Set<string>(), isStale: true, tookAll: null };
      sessions.set(machine.name, { agent: body.agent, machine, slots, ...nothingTold });
      const attempts = await desk.resume(machine.id, body.agent);
      yard.bell.ring(machine.id);
      return { yard: yard.id, epoch: yard.epoch, slots, hardware, attempts };
    },

    async poll({ params, body, who, secret, signal }) {
      const session = await recognise(params.machine, body);
      if ("refused" in session) return session;
      const { machine, agent } = session;
      const deadline = clock.steady() + body.waitMs;
      const forgotten = yard.authority.forgotten();
      presence.heard(machine.id, clock.now());
      for (;;) {
        const rings = yard.bell.rings(machine.id);
        const isOver = clock.steady() >= deadline;
        const isTaken = rings === session.tookAll && !isOver;
        const { assignments, isAll } = isTaken ? nothingTaken : await desk.take(machine.id, agent);
        if (!isTaken) session.tookAll = isAll ? rings : null;
        const { stops, isRefit } = session.isStale || isOver ? await refresh(session) : nothingNew;
        if (assignments.length > 0 || stops.length > 0 || isRefit || isOver) {
          return { assignments, stops, slots: session.slots };
        }
        await yard.bell.wait(machine.id, rings, Math.max(0, deadline - clock.steady()), signal);
        if (signal.aborted) return { assignments: [], stops: [], slots: session.slots };
        if (sessions.get(machine.name) !== session) return refuse({ code: "superseded" });
        if (yard.authority.forgotten() !== forgotten && !(await yard.authority.isStillGood(who, secret)))
          return refuse({ code: "unauthorized" });
      }
    },

    async report({ params, body }) {
      const session = await recognise(params.machine, body);
      if ("refused" in session) return session;
      const { machine } = session;
      desk.heard(machine.id);
      if (body.hardware) await desk.survey(machine.id, body.hardware);
      return { kept: await desk.report(machine, session.agent, body.reports) };
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

  /** What the agent has not been told yet of its machine's stops and slots. */
  async function refresh(session: Session): Promise<{ stops: Stop[]; isRefit: boolean }> {
    session.isStale = false;
    const stops = (await desk.stops(session.machine.id)).filter((stop) => !session.stops.has(wordOf(stop)));
    for (const stop of stops) session.stops.add(wordOf(stop));
    const slots = (await machineNamed(session.machine.name))?.slots ?? null;
    const isRefit = JSON.stringify(slots) !== JSON.stringify(session.slots);
    session.slots = slots;
    return { stops, isRefit };
  }
}

function wordOf({ attempt, reason, graceMs }: Stop): string {
  return `${attempt} ${reason} ${graceMs}`;
}
