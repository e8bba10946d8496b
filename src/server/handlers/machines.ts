import type { Slot } from "../../core/demand.ts";
import { isRefused, refuse } from "../../core/failure.ts";
import { selectOpenAttempts } from "../../store/attempts.ts";
import { insertAudit } from "../../store/audit.ts";
import { selectMachines, setMachine } from "../../store/machines.ts";
import { selectPools, sharePool } from "../../store/pools.ts";
import { listed } from "../listing.ts";
import { presentMachine } from "../present.ts";
import type { Handlers, Yard } from "../yard.ts";

type MachineHandlers = Pick<Handlers, "listMachines" | "setMachine" | "listPools" | "setPool">;

export function machineHandlers(yard: Yard): MachineHandlers {
  const { store } = yard;

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
      await store.write(async (db) => {
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
      });
      store.changes.tell([{ kind: "machine", machine: row.id }]);
      yard.bell.ring(row.id);
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
