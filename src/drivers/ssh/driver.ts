import { openSshHost } from "../../shells/ssh.ts";
import type { Driver } from "../driver.ts";
import { sessionDriver } from "../remote/driver.ts";
import { openSession } from "../remote/session.ts";
import type { YardTools } from "../remote/way.ts";
import { launcherWay } from "./way.ts";

/** Machines behind ssh, with nothing installed on them. */
export function sshDriver(yard: YardTools): Driver {
  return sessionDriver((machine, lookMs) => {
    if (machine.login === null) throw new Error(`${machine.name} has no login`);
    const host = openSshHost(machine.name, machine.login, yard.ssh);
    const way = (tools: Parameters<typeof launcherWay>[0]) => launcherWay(tools, yard.yard);
    return openSession({ ...yard, machine, host, spool: machine.login.spool, way, lookMs });
  });
}
