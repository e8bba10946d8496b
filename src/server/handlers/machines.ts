import { setTimeout as sleep } from "node:timers/promises";
import type { Machine } from "../../api/machine.ts";
import { isRefused, type Refused, refuse } from "../../core/failure.ts";
import { minuteOfDay } from "../../core/hours.ts";
import type { MachineDriver } from "../../core/machine.ts";
import { changedRules } from "../../core/policies/rules.ts";
import { lastSight } from "../../core/presence.ts";
import { selectOpenAttempts, wantBack } from "../../store/attempts.ts";
import { insertAudit } from "../../store/audit.ts";
import { type HolderRow, selectHolders } from "../../store/holders.ts";
import {
  deleteMachine,
  ensureMachine,
  type MachineRow,
  selectMachines,
  selectSlots,
  setMachine,
} from "../../store/machines.ts";
import { ensurePool, selectPools, setPool } from "../../store/pools.ts";
import { knownCluster } from "../known_cluster.ts";
import { listed } from "../listing.ts";
import { machineStatus, presentMachine, type SeenMachine } from "../present_machine.ts";
import type { Handlers, Yard } from "../yard.ts";

type MachineHandlers = Pick<
  Handlers,
  | "listMachines"
  | "addMachine"
  | "addCluster"
  | "removeMachine"
  | "checkMachine"
  | "showCluster"
  | "setMachine"
  | "listPools"
  | "setPool"
>;

/** A login may take its time, and so may a tool that hangs. */
const CHECK_WITHIN_MS = 45_000;

/** A controller that is busy takes its time; somebody waits in front of it. */
const OVERVIEW_WITHIN_MS = 20_000;

/** A yard that has just started gives its machines this long to be heard, before it says what they are. */
const FIRST_WORD_MS: Record<MachineDriver, number> = { agent: 6000, ssh: 2000, slurm: 2000 };
const LOOK_MS = 20;

export function machineHandlers(yard: Yard): MachineHandlers {
  const { store, clock } = yard;
  const openedAt = clock.steady();

  async function heardOfAll(): Promise<void> {
    const machines = await selectMachines(store.read);
    const mayBeHeard = ({ id, driver }: MachineRow) =>
      yard.presence.of(id).seenAt === null && clock.steady() - openedAt < FIRST_WORD_MS[driver];
    while (machines.some(mayBeHeard)) await sleep(LOOK_MS);
  }

  async function seenMachines(): Promise<SeenMachine[]> {
    const rows = await selectMachines(store.read);
    return rows.map((row) => ({ ...row, ...lastSight(yard.presence.of(row.id), row.seenAt) }));
  }

  function present(machines: readonly SeenMachine[], holders: ReadonlyMap<number, HolderRow[]>): Machine[] {
    const now = clock.now();
    const minute = minuteOfDay(now);
    return machines.map((machine) => presentMachine(machine, holders.get(machine.id) ?? [], now, minute));
  }

  async function presentOne(name: string) {
    const seen = (await seenMachines()).filter((machine) => machine.name === name);
    const ids = seen.map(({ id }) => id);
    const [machine] = present(seen, await selectHolders(store.read, ids));
    return machine ? { machine } : refuse({ code: "no_such_machine", machine: name, known: [] });
  }

  async function find(name: string): Promise<MachineRow | Refused> {
    const machines = await selectMachines(store.read);
    const row = machines.find((machine) => machine.name === name);
    return row ?? refuse({ code: "no_such_machine", machine: name, known: machines.map((machine) => machine.name) });
  }

  return {
    async listMachines({ query }) {
      await heardOfAll();
      const { pool, status } = query;
      const holders = await selectHolders(store.read, null);
      const statusOf = (machine: SeenMachine) => machineStatus(machine, holders.has(machine.id));
      const meant = (await seenMachines()).filter(
        (machine) => (pool === undefined || machine.pool === pool) && (status?.includes(statusOf(machine)) ?? true),
      );
      const page = listed(meant, query, ({ name }) => name, {
        name: (machine) => machine.name,
        pool: (machine) => machine.pool,
        status: statusOf,
      });
      return isRefused(page) ? page : { machines: present(page.page, holders), next: page.next };
    },

    async addMachine({ body, who }) {
      const { name, login, pool = name } = body;
      const isNew = await store.write(async (db) => {
        if (!(await ensureMachine(db, name, pool, login))) return false;
        await ensurePool(db, pool, "ssh", who.user);
        const detail = { pool, host: login.host };
        await insertAudit(db, {
          at: yard.clock.now(),
          user: who.user,
          action: "add",
          target: `machine ${name}`,
          detail,
        });
        return true;
      });
      if (!isNew) return refuse({ code: "machine_exists", machine: name });
      const machine = await find(name);
      if (!isRefused(machine)) store.changes.tell([{ kind: "machine", machine: machine.id }]);
      return presentOne(name);
    },

    async addCluster({ body, who }) {
      const machine = await knownCluster(yard, body.pool, body.slurm, who);
      return isRefused(machine) ? machine : presentOne(machine);
    },

    async removeMachine({ params, who }) {
      const row = await find(params.machine);
      if (isRefused(row)) return row;
      if (row.driver === "agent") return refuse({ code: "not_behind_ssh", machine: row.name });
      const shown = await presentOne(row.name);
      const runs = await store.write(async (db) => {
        const open = await selectOpenAttempts(db, row.id);
        if (open.length > 0) return open.length;
        await deleteMachine(db, row.id);
        const target = `machine ${row.name}`;
        await insertAudit(db, { at: yard.clock.now(), user: who.user, action: "remove", target, detail: {} });
        return 0;
      });
      if (runs > 0) return refuse({ code: "machine_busy", machine: row.name, runs });
      store.changes.tell([{ kind: "machine", machine: row.id }]);
      return shown;
    },

    async checkMachine({ params, body }) {
      const row = await find(params.machine);
      if (isRefused(row)) return row;
      if (row.driver === "agent") return refuse({ code: "not_behind_ssh", machine: row.name });
      const answer = await yard.enquire(row.id, { kind: "check", accept: body.accept }, CHECK_WITHIN_MS);
      return answer?.kind === "checked" ? answer : refuse({ code: "no_answer", machine: row.name });
    },

    async showCluster({ params }) {
      const row = await find(params.machine);
      if (isRefused(row)) return row;
      if (row.driver !== "slurm") return refuse({ code: "not_a_cluster", machine: row.name });
      const answer = await yard.enquire(row.id, { kind: "overview" }, OVERVIEW_WITHIN_MS);
      if (answer?.kind === "overview") return answer.overview;
      if (answer?.kind === "failed") return refuse({ code: "cluster_failed", machine: row.name, text: answer.text });
      return refuse({ code: "no_answer", machine: row.name });
    },

    async setMachine({ params, body, who }) {
      const row = await find(params.machine);
      if (isRefused(row)) return row;
      if (body.login && row.driver !== "ssh") return refuse({ code: "not_behind_ssh", machine: row.name });
      const { expectSlots, ...changes } = body;
      const back = await store.write(async (db) => {
        const slots = await selectSlots(db, row.name);
        if (expectSlots !== undefined && JSON.stringify(slots) !== JSON.stringify(expectSlots)) return "others";
        await setMachine(db, row.name, {
          ...(body.login !== undefined && { login: body.login }),
          ...(body.slots !== undefined && { slots: body.slots }),
          ...(body.drained !== undefined && { drained: body.drained }),
        });
        await insertAudit(db, {
          at: yard.clock.now(),
          user: who.user,
          action: "set",
          target: `machine ${row.name}`,
          detail: changes,
        });
        // What was given to a slot that is gone, or to a machine that is to start nothing, may go elsewhere.
        return body.slots !== undefined || body.drained ? wantBack(db, { machine: row.id }) : [];
      });
      if (back === "others") return refuse({ code: "slots_changed", machine: row.name });
      store.changes.tell([
        { kind: "machine", machine: row.id },
        ...(back.length > 0 ? [{ kind: "stop" as const, machine: row.id }] : []),
      ]);
      yard.bell.ring(row.id);
      await heardOfAll();
      return presentOne(row.name);
    },

    async listPools({ query }) {
      const { owner, shared } = query;
      const meant = (await presentPools()).filter(
        (pool) => (owner === undefined || pool.owner === owner) && (shared === undefined || pool.shared === shared),
      );
      const pools = listed(meant, query, ({ name }) => name, {
        name: (pool) => pool.name,
        owner: (pool) => pool.owner,
      });
      return isRefused(pools) ? pools : { pools: pools.page, next: pools.next };
    },

    async setPool({ params, body, who }) {
      const pools = await presentPools();
      const pool = pools.find(({ name }) => name === params.pool);
      if (!pool) return refuse({ code: "no_such_pool", pool: params.pool, known: pools.map(({ name }) => name) });
      const { shared, policy, rules: changes = {}, usualRules = false } = body;
      await store.write(async (db) => {
        const before = (await selectPools(db)).find(({ name }) => name === pool.name)?.rules ?? {};
        await setPool(db, pool.name, { shared, policy, rules: changedRules(before, changes, usualRules) });
        await insertAudit(db, {
          at: yard.clock.now(),
          user: who.user,
          action: "set",
          target: `pool ${pool.name}`,
          detail: body,
        });
      });
      store.changes.tell([{ kind: "pools" }]);
      const now = (await presentPools()).find(({ name }) => name === pool.name);
      return { pool: now ?? pool };
    },
  };

  async function presentPools() {
    const machines = await selectMachines(store.read);
    const remote = new Set(machines.flatMap(({ pool, login }) => (login === null ? [] : [pool])));
    return (await selectPools(store.read)).map((pool) => ({ ...pool, remote: remote.has(pool.name) }));
  }
}
