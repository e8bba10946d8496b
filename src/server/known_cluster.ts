import type { Submission } from "../api/job.ts";
import { isRefused, type Refused, refuse } from "../core/failure.ts";
import { isPoolName, poolsIn } from "../core/pool.ts";
import { insertAudit } from "../store/audit.ts";
import { ensureMachine, type MachineRow, selectMachines } from "../store/machines.ts";
import { ensurePool, selectPools } from "../store/pools.ts";
import type { Principal } from "./auth.ts";
import type { Yard } from "./yard.ts";

type Slurm = NonNullable<Submission["slurm"]>;

/**
 * The cluster that a pool of Slurm's stands for, by its machine's name. One that is not known is made known, as is its pool:
 * what is executed there is executed as whoever runs the yard, so others may only name what is there. A pool has as many
 * machines as it has stood for clusters.
 */
export async function knownCluster(yard: Yard, pool: string, slurm: Slurm, who: Principal): Promise<string | Refused> {
  const { store } = yard;
  const name = await poolOfCluster(yard, pool);
  if (isRefused(name)) return name;
  const { login, conf, spool } = slurm;
  const place = placeOf({ login, cluster: { conf, spool } });
  const machines = await selectMachines(store.read);
  const known = machines.find((machine) => machine.pool === name && machine.cluster && placeOf(machine) === place);
  if (known) return known.name;
  if (who.role !== "admin")
    return refuse({ code: "forbidden", needs: "an administrator, who runs something there first" });
  const taken = new Set(machines.map((machine) => machine.name));
  let machine = name;
  for (let n = 2; taken.has(machine); n += 1) machine = `${name}~${n}`;
  await store.write(async (db) => {
    await ensurePool(db, name, "slurm", who.user);
    await ensureMachine(db, machine, name, login, { conf, spool });
    const detail = { pool: name, host: login?.host ?? null, conf };
    const target = `machine ${machine}`;
    await insertAudit(db, { at: yard.clock.now(), user: who.user, action: "add", target, detail });
  });
  const row = (await selectMachines(store.read)).find((one) => one.name === machine);
  if (row) store.changes.tell([{ kind: "machine", machine: row.id }]);
  return machine;
}

/** Which of the pools is Slurm's: the one that is so called, or that the yard does not know. */
async function poolOfCluster(yard: Yard, pool: string): Promise<string | Refused> {
  const names = poolsIn(pool);
  const wrong = names.find((name) => !isPoolName(name));
  if (wrong !== undefined)
    return refuse({ code: "bad_request", detail: `${JSON.stringify(wrong)} cannot be the name of a pool.` });
  const others = new Set(
    (await selectPools(yard.store.read)).flatMap(({ name, driver }) => (driver === "slurm" ? [] : [name])),
  );
  const [name, ...more] = names.filter((one) => !others.has(one));
  if (name !== undefined && more.length === 0) return name;
  const detail = `One of the pools has to be Slurm's, and only one: ${pool} names ${name === undefined ? "none" : more.length + 1}. Leave the others out, or add one.`;
  return refuse({ code: "bad_request", detail });
}

function placeOf({ login, cluster }: Pick<MachineRow, "login" | "cluster">): string {
  const { host = null, user = null, port = null, key = null, hostKey = null } = login ?? {};
  return JSON.stringify([host, user, port, key, hostKey, cluster?.conf, cluster?.spool]);
}
