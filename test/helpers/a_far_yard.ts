import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { LoginNode } from "../testbed/login_node.ts";
import type { Slurm } from "../testbed/slurm.ts";
import { aClusterYard, type ClusterYard } from "./a_cluster_yard.ts";
import { aFolder } from "./a_folder.ts";

/** A yard whose pool `slurm:gpu` lies behind a login node. */
export interface FarYard extends ClusterYard {
  /** A folder that its runs reach too. */
  shared: string;
  spool: string;
  /** What runs have left in the file `starts` there, a line a start. */
  starts(): string[];
  /** The attempts that have a folder in the spool. */
  spooled(): string[];
  /** A file that a run has made. */
  result(run: string, file: string, rank?: number): Promise<Buffer>;
}

export interface FarYardOptions {
  /** Default: one that knows the login node. */
  knownHosts?: string;
  /** Of the pool, beside its way through the login. */
  keys?: Record<string, string>;
  /** The pool says nothing of it. */
  hasDefaultSpool?: boolean;
}

export async function aFarYard(
  slurm: Slurm,
  { port, key, home, ...node }: LoginNode,
  { knownHosts = node.knownHosts, keys = {}, hasDefaultSpool = false }: FarYardOptions = {},
): Promise<FarYard> {
  const config = `Host *\n  ConnectTimeout 4\n  IdentityAgent none\n  UserKnownHostsFile ${knownHosts}\n`;
  const shared = await aFolder({ config });
  const spool = hasDefaultSpool ? `${home}/.local/share/runyard/spool` : `${shared}/spool`;
  const yard = await aClusterYard(slurm, {
    keys: { login: "root@127.0.0.1", port, identity: key, ...(!hasDefaultSpool && { spool }), ...keys },
    environment: { RUNYARD_SSH_CONFIG: `${shared}/config` },
  });
  return {
    ...yard,
    shared,
    spool,
    starts: () => (existsSync(`${shared}/starts`) ? readFileSync(`${shared}/starts`, "utf8").trim().split("\n") : []),
    spooled() {
      const yards = existsSync(spool) ? readdirSync(spool) : [];
      return yards.flatMap((id) => readdirSync(`${spool}/${id}`).filter((name) => /^\d+\.\d+\./.test(name)));
    },
    async result(run, file, rank = 0) {
      const [job = "", n = "1"] = run.split(".");
      const { run: shown } = await yard.client.call("showRun", { params: { job, n } });
      return readFileSync(`${shown.workers[rank]?.results}/${file}`);
    },
  };
}
