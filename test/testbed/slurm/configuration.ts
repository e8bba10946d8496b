import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";

export const NODES = ["n1", "n2"] as const;
export type NodeName = (typeof NODES)[number];

export interface SlurmPlan {
  folder: string;
  accounting: boolean;
  /** Of slurm.conf, by their names there; they replace what stands below. */
  settings: Record<string, string>;
  /** Further `PartitionName=` lines. */
  partitions: string[];
  /** Processors that each node says it has. */
  cores: number;
  ports: { controller: number; accounting: number } & Record<NodeName, number>;
}

/** Writes all that the daemons read. */
export function layOutSlurm({ folder, accounting, settings, partitions, cores, ports }: SlurmPlan): void {
  const [host] = hostname().split(".");
  const place = (name: string) => join(folder, name);
  const write = (name: string, lines: string[], mode = 0o644) =>
    writeFileSync(place(name), lines.map((line) => `${line}\n`).join(""), { mode });
  const listed = (all: Record<string, string>) => Object.entries(all).map(([name, value]) => `${name}=${value}`);
  for (const name of ["state", "gpus", "database", ...NODES, ...NODES.map((node) => `${node}/spool`)])
    mkdirSync(place(name));
  // Slurm insists on devices, and counts a job's GPUs by the digit at the end.
  for (const index of [0, 1, 2, 3]) symlinkSync("/dev/null", place(`gpus/gpu${index}`));
  write("gres.conf", ["AutoDetect=off", `NodeName=n[1-2] Name=gpu Type=fake File=${place("gpus")}/gpu[0-3]`]);

  const own = {
    ClusterName: "testbed",
    SlurmctldHost: `${host}(127.0.0.1)`,
    SlurmctldPort: `${ports.controller}`,
    SlurmUser: "root",
    SlurmdUser: "root",
    AuthType: "auth/munge",
    // A job that was requeued starts again only after its credential has expired: 2 minutes by default.
    AuthInfo: `socket=${place("munge.sock")},cred_expire=5`,
    StateSaveLocation: place("state"),
    SlurmctldPidFile: place("slurmctld.pid"),
    SlurmctldLogFile: place("slurmctld.log"),
    SlurmdSpoolDir: place("%n/spool"),
    SlurmdPidFile: place("%n/slurmd.pid"),
    SlurmdLogFile: place("%n/slurmd.log"),
    ProctrackType: "proctrack/linuxproc",
    TaskPlugin: "task/none",
    JobAcctGatherType: "jobacct_gather/none",
    SwitchType: "switch/none",
    MpiDefault: "none",
    // A node may say that it has more processors than this machine.
    SlurmdParameters: "config_overrides",
    SelectType: "select/cons_tres",
    SelectTypeParameters: "CR_Core",
    GresTypes: "gpu",
    // Intervals in seconds, but sched_min_interval in microseconds.
    SchedulerParameters: "sched_interval=1,sched_min_interval=10000,batch_sched_delay=0,bf_interval=1",
    KillWait: "2",
    // With it a silent node is found to be down within 15 seconds, and a silent controller within 2; by default 30 and 9.
    MessageTimeout: "3",
    SlurmctldTimeout: "5",
    SlurmdTimeout: "5",
    InactiveLimit: "0",
    ReturnToService: "2",
  };
  const database = {
    AccountingStorageType: "accounting_storage/slurmdbd",
    AccountingStorageHost: "127.0.0.1",
    AccountingStoragePort: `${ports.accounting}`,
    // Not a password: the munged through which slurmdbd is spoken to.
    AccountingStoragePass: place("munge.sock"),
    AccountingStorageTRES: "gres/gpu",
  };
  write("slurm.conf", [
    ...listed({ ...own, ...(accounting && database), ...settings }),
    ...NODES.map(
      (node) =>
        `NodeName=${node} NodeHostname=${host} NodeAddr=127.0.0.1 Port=${ports[node]} CPUs=${cores} ${EQUIPMENT}`,
    ),
    "PartitionName=gpu Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP",
    ...partitions,
  ]);
  // slurmdbd reads it only from where SLURM_CONF lies, and only if nobody else can.
  write(
    "slurmdbd.conf",
    listed({
      AuthType: "auth/munge",
      AuthInfo: `socket=${place("munge.sock")}`,
      DbdHost: host ?? "",
      DbdAddr: "127.0.0.1",
      DbdPort: `${ports.accounting}`,
      SlurmUser: "root",
      StorageType: "accounting_storage/mysql",
      StorageHost: "localhost",
      StorageUser: "root",
      StorageLoc: "slurm",
      LogFile: place("slurmdbd.log"),
      PidFile: place("slurmdbd.pid"),
    }),
    0o600,
  );
}

const EQUIPMENT = "RealMemory=4096 Gres=gpu:fake:4 State=UNKNOWN";
