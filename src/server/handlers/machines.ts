import { setTimeout as sleep } from "node:timers/promises";
import type { Slot } from "../../core/demand.ts";
import { isRefused, refuse } from "../../core/failure.ts";
import { selectOpenAttempts, wantBack } from "../../store/attempts.ts";
import { insertAudit } from "../../store/audit.ts";
import { selectMachines, setMachine } from "../../store/machines.ts";
import { selectPools, sharePool } from "../../store/pools.ts";
import { listed } from "../listing.ts";
import { presentMachine } from "../present.ts";
import type { Handlers, Yard } from "../yard.ts";

/** A yard that has just started gives its machines this long to be heard, before it says that they are off. */
const FIRST_WORD_MS = 6000;
const LOOK_MS = 20;

type MachineHandlers = Pick<Handlers, "listMachines" | "setMachine" | "listPools" | "setPool">;

export function machineHandlers(yard: Yard): MachineHandlers {
  const { store, clock } = yard;
  const openedAt = clock.steady();

  async function heardOfAll(): Promise<void> {
    const machines = await selectMachines(store.read);
    const isHeard = () => machines.every(({ id }) => yard.presence.of(id).seenAt !== null);
    while (!isHeard() && clock.steady() - openedAt < FIRST_WORD_MS) await sleep(LOOK_MS);
  }

  async function present() {
    const attempts = await selectOpenAttempts(store.read, null);
    return (await selectMachines(store.read)).map((row) => {
      const held = attempts
        .filter((attempt) => attempt.machine_id === row.id && attempt.status === "running")
        .map((attempt) => ({ run: `${attempt.job_id}.${attempt.n}`, slot: JSON.parse(attempt.slot_json) as Slot }));
      return presentMachine({ ...row, ...yard.presence.of(row.id) }, held);
    });
  }

  return {
    async listMachines({ query }) {
      await heardOfAll();
      const { pool, status } = query;
      const meant = (await present()).filter(
        (machine) => (pool === undefined || machine.pool === pool) && (status?.includes(machine.status) ?? true),
      );
      const machines = listed(meant, query, ({ name }) => name, {
        name: (machine) => machine.name,
        pool: (machine) => machine.pool,
        status: (machine) => machine.status,
      });
      return isRefused(machines) ? machines : { machines: machines.page, next: machines.next };
    },

    async setMachine({ params, body, who }) {
      const machines = await selectMachines(store.read);
      const row = machines.find(({ name }) => name === params.machine);
      if (!row)
        return refuse({ code: "no_such_machine", machine: params.machine, known: machines.map(({ name }) => name) });
      const back = await store.write(async (db) => {
        await setMachine(db, row.name, {
          ...(body.slots !== undefined && { slots: body.slots }),
          ...(body.drained !== undefined && { drained: body.drained }),
        });
        await insertAudit(db, {
          at: yard.clock.now(),
          user: who.user,
          action: "set",
          target: `machine ${row.name}`,
          detail: body,
        });
        // What was given to a slot that is gone, or to a machine that is to start nothing, may go elsewhere.
        return body.slots !== undefined || body.drained ? wantBack(db, { machine: row.id }) : [];
      });
      store.changes.tell([
        { kind: "machine", machine: row.id },
        ...(back.length > 0 ? [{ kind: "stop" as const, machine: row.id }] : []),
      ]);
      yard.bell.ring(row.id);
      await heardOfAll();
      const machine = (await present()).find(({ name }) => name === row.name);
      return machine ? { machine } : refuse({ code: "no_such_machine", machine: row.name, known: [] });
    },

    async listPools({ query }) {
      const { owner, shared } = query;
      const meant = (await selectPools(store.read)).filter(
        (pool) => (owner === undefined || pool.owner === owner) && (shared === undefined || pool.shared === shared),
      );
      const pools = listed(meant, query, ({ name }) => name, {
        name: (pool) => pool.name,
        owner: (pool) => pool.owner,
      });
      return isRefused(pools) ? pools : { pools: pools.page, next: pools.next };
    },

    async setPool({ params, body, who }) {
      const pools = await selectPools(store.read);
      const pool = pools.find(({ name }) => name === params.pool);
      if (!pool) return refuse({ code: "no_such_pool", pool: params.pool, known: pools.map(({ name }) => name) });
      await store.write(async (db) => {
        await sharePool(db, pool.name, body.shared);
        await insertAudit(db, {
          at: yard.clock.now(),
          user: who.user,
          action: "set",
          target: `pool ${pool.name}`,
          detail: body,
        });
      });
      return { pool: { ...pool, shared: body.shared } };
    },
  };
}
