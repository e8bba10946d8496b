import { openLocalHost } from "../../shells/local.ts";
import { openSshHost } from "../../shells/ssh.ts";
import type { Driver } from "../driver.ts";
import { sessionDriver } from "../remote/driver.ts";
import { openSession } from "../remote/session.ts";
import type { WayTools, YardTools } from "../remote/way.ts";
import { slurmWay } from "./way.ts";

/**
 * Slurm clusters, from their login node or through it.
 *
 * @param spools  the folder for the spools of clusters that are reached from here, a folder a cluster
 */
export function slurmDriver(yard: YardTools, spools: string): Driver {
  return sessionDriver((machine, lookMs) => {
    const { login, cluster } = machine;
    const host = login === null ? openLocalHost(process.env) : openSshHost(machine.name, login, yard.ssh);
    const spool = cluster?.spool ?? (login === null ? `${spools}/${machine.id}` : login.spool);
    return openSession({ ...yard, machine, host, spool, way: (tools: WayTools) => slurmWay(tools, yard.yard), lookMs });
  });
}
