import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "../helpers/until.ts";
import { layOutSlurm, NODES, type NodeName, type SlurmPlan } from "./slurm/configuration.ts";
import { type Daemon, openDaemon } from "./slurm/daemon.ts";
import { databaseArguments, installDatabase } from "./slurm/database.ts";
import { makeMungeKey, mungedArguments } from "./slurm/munge.ts";
import { answers, claimPorts } from "./slurm/ports.ts";
import { killAll, slurmProcesses, stepsOf } from "./slurm/processes.ts";
import { programPath } from "./slurm/programs.ts";

/**
 * A real Slurm of the test's own: a controller and the nodes n1 and n2, with 8 processors, 4 GiB and four GPUs each, all on
 * this machine, in a folder that goes away with it. Several may run at the same time.
 */
export interface Slurm {
  folder: string;
  /** For SLURM_CONF. */
  conf: string;
  controller: Daemon;
  nodes: Record<NodeName, Daemon>;
  /** slurmdbd; null where accounting was not wished for. */
  accounting: Daemon | null;
  /** Runs one of Slurm's commands in `folder`; `code` is null where it was killed. */
  run(program: string, args?: string[]): Promise<{ code: number | null; stdout: string; stderr: string }>;
  /** The pids of the `slurmstepd`s that serve a job: one for each of its steps on each node. */
  stepsOf(job: string): number[];
  /** The pids of all that runs for it: daemons, steps, and what jobs have started. */
  processes(): number[];
  /** Ends all, jobs included, and leaves nothing. Happens by itself when the test's process ends in any way. */
  stop(): Promise<void>;
}

export type SlurmWishes = Partial<Pick<SlurmPlan, "accounting" | "settings" | "partitions" | "cores">>;

const keeperProgram = fileURLToPath(new URL("slurm/keeper.ts", import.meta.url));

/** Starts one where `missingForSlurm()` says nothing against it. By default it has no accounting: neither sacct nor sacctmgr. */
export async function startSlurm(wishes: SlurmWishes = {}): Promise<Slurm> {
  const folder = mkdtempSync(join(tmpdir(), "runyard-slurm-"));
  chmodSync(folder, 0o755); // munged insists that everybody reaches its socket
  const keeper = spawn("sh", ["-c", 'read -r end; exec "$@"', "sh", process.execPath, keeperProgram, folder], {
    detached: true,
    stdio: ["pipe", "inherit", "inherit"],
  });
  const keeperGone = once(keeper, "exit");
  const { ports: claimed, release } = await claimPorts(4);
  const [controller = 0, accounting = 0, n1 = 0, n2 = 0] = claimed;
  const ports = { controller, accounting, n1, n2 };
  const { start, endClients, ...slurm } = openSlurm(folder, ports, wishes.accounting ?? false);
  const stop = async () => {
    endClients();
    keeper.stdin.end();
    await keeperGone;
    release();
  };
  try {
    layOutSlurm({ accounting: false, settings: {}, partitions: [], cores: 8, ...wishes, folder, ports });
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return { ...slurm, stop };
}

function openSlurm(folder: string, ports: SlurmPlan["ports"], hasAccounting: boolean) {
  const conf = join(folder, "slurm.conf");
  const mungeSocket = join(folder, "munge.sock");
  const databaseSocket = join(folder, "database.sock");
  const env = { ...process.env, PATH: programPath, SLURM_CONF: conf, MYSQL_UNIX_PORT: databaseSocket };
  const clients = new AbortController();
  const run: Slurm["run"] = (program, args = []) =>
    new Promise((resolve, reject) => {
      const limits = { signal: clients.signal, killSignal: "SIGKILL", maxBuffer: 64 * 1024 * 1024 } as const;
      const child = execFile(program, args, { cwd: folder, env, ...limits }, (error, stdout, stderr) => {
        if (child.pid === undefined) reject(error);
        else resolve({ code: child.exitCode, stdout, stderr });
      });
    });
  const open = (program: string, args: string[], isReady: () => boolean | Promise<boolean>) =>
    openDaemon({ program, args, env, log: join(folder, `${program}.out`), isReady });

  const munged = open("munged", mungedArguments(folder, mungeSocket), () => existsSync(mungeSocket));
  const database = open("mariadbd", databaseArguments(folder, databaseSocket), () => existsSync(databaseSocket));
  const accounting = open("slurmdbd", ["-D"], () => answers(ports.accounting));
  const controller = open("slurmctld", ["-D"], async () => (await run("scontrol", ["ping"])).stdout.includes("is UP"));
  const openNode = (name: NodeName) => {
    const isInService = async () => {
      const { stdout } = await run("sinfo", ["--noheader", "--Node", "--nodes", name, "--format", "%T"]);
      return /^(idle|mixed|allocated|completing)$/m.test(stdout);
    };
    return openDaemon({
      program: "slurmd",
      args: ["-D", "-N", name],
      env,
      log: join(folder, name, "slurmd.out"),
      isReady: async () => (await answers(ports[name])) && (!controller.isUp() || (await isInService())),
      kill: () => killAll(() => slurmProcesses(folder, name)),
    });
  };
  const nodes = { n1: openNode("n1"), n2: openNode("n2") };

  return {
    folder,
    conf,
    controller,
    nodes,
    accounting: hasAccounting ? accounting : null,
    run,
    stepsOf: (job: string) => stepsOf(folder, job),
    processes: () => slurmProcesses(folder),
    endClients: () => clients.abort(),
    async start() {
      makeMungeKey(folder);
      if (hasAccounting) await installDatabase(folder);
      await Promise.all([munged.start(), hasAccounting && database.start()]);
      if (hasAccounting) {
        await accounting.start();
        await until(
          async () => (await run("sacctmgr", ["-i", "add", "cluster", "testbed"])).code === 0,
          "slurmdbd knows the cluster",
        );
      }
      await controller.start();
      await Promise.all(NODES.map((name) => nodes[name].start()));
    },
  };
}
