import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { afterAll } from "vitest";
import type { Job, SubmissionInput } from "../../src/api/job.ts";
import type { NewMachine } from "../../src/api/machine.ts";
import { homeOf } from "../../src/platform/home.ts";
import { surveyFolder } from "../../src/snapshots/survey_folder.ts";
import { takeSnapshot } from "../../src/snapshots/take_snapshot.ts";
import type { SshHost } from "../testbed/ssh_hosts/host.ts";
import type { SshHostWishes } from "../testbed/ssh_hosts/wishes.ts";
import { type SshHosts, startSshHosts } from "../testbed/ssh_hosts.ts";
import { aFolder, type Content, fill } from "./a_folder.ts";
import { aYard, type TestYard, type YardOptions } from "./a_yard.ts";
import { until } from "./until.ts";

/** Hosts for the tests of one file. */
export interface LabHosts {
  /** Why there are none, in one line; null: there are. */
  missing: string | null;
  /** Fails where there are none. */
  all(): SshHosts;
}

/** Boots hosts for the tests of a file; they are gone after it. */
export async function labHosts(names: string[], wishes: Record<string, SshHostWishes> = {}): Promise<LabHosts> {
  const started = await startSshHosts(names, wishes);
  const missing = "missing" in started ? started.missing : null;
  if (missing !== null) console.info(`Skipped: ${missing}`);
  afterAll(async () => {
    if ("stop" in started) await started.stop();
  });
  return {
    missing,
    all() {
      if ("missing" in started) throw new Error(started.missing);
      return started;
    },
  };
}

export interface LabOptions extends Pick<YardOptions, "disk" | "slots"> {
  /** The machines: hosts, each under its name. What is said of one is about its login. */
  machines: Record<string, Partial<NewMachine["login"]>>;
  /** Where they are. Default: `lab`. */
  pool?: string;
  environment?: Record<string, string>;
}

/** A yard with machines behind ssh in one pool. */
export interface Lab extends TestYard {
  host(name: string): SshHost;
  /** Puts files into the yard's folder. */
  write(files: Record<string, Content>): Promise<void>;
  /** Submits a shell text, or one a line, to the pool. Results come to `results/` of the yard's folder, as `run<job>.<line>`. */
  send(work: string | string[], wishes?: SendWishes): Promise<Job>;
  /** This yard's folder in a machine's spool, as seen from outside, where that is in the default place. */
  spoolOn(name: string): string;
  /** The attempts of this yard's that have a folder there. */
  attemptsOn(name: string): string[];
}

export type SendWishes = Partial<Omit<SubmissionInput, "work">> & {
  /** Its code: what lies in the yard's folder, after these files have been put there. Default: it brings none. */
  code?: Record<string, Content>;
};

/** @param hosts  those of this file */
export async function aLab(
  hosts: LabHosts,
  { machines, pool = "lab", environment = {}, ...options }: LabOptions,
): Promise<Lab> {
  const { config, host } = hosts.all();
  // What is cut off is noticed soon.
  const folder = await aFolder({ config: `Host *\n  ConnectTimeout 1\nInclude "${config}"\n` });
  const yard = await aYard({ ...options, environment: { RUNYARD_SSH_CONFIG: `${folder}/config`, ...environment } });
  for (const [name, login] of Object.entries(machines)) {
    await yard.client.call("addMachine", { body: { name, pool, login: { host: name, ...login } } });
  }
  await until(async () => {
    const { machines: shown } = await yard.client.call("listMachines");
    return Object.keys(machines).every((name) => shown.find((one) => one.name === name)?.status === "idle");
  }, "all machines answer");
  let sent = 0;
  const { yard: yardId } = await yard.client.call("status");
  const spoolOn = (name: string) => `${host(name).home}/.local/share/runyard/spool/${yardId}`;
  return {
    ...yard,
    host,
    write: (files) => fill(yard.folder, files),
    async send(work, { code, ...wishes } = {}) {
      sent += 1;
      const snapshot = code ? await snapshotOf(yard, code) : null;
      const body = {
        work:
          typeof work === "string"
            ? ({ kind: "command", command: { kind: "shell", text: work } } as const)
            : { kind: "lines" as const, lines: work.map((text, index): [number, string] => [index + 1, text]) },
        pool,
        cwd: yard.folder,
        environment: {},
        snapshot,
        results: { folder: `${yard.folder}/results`, prefix: `run${sent}`, only: [] },
        ...wishes,
      } satisfies SubmissionInput;
      return (await yard.client.call("submit", { body })).job;
    },
    spoolOn,
    attemptsOn(name) {
      const spool = spoolOn(name);
      return existsSync(spool) ? readdirSync(spool).filter((entry) => /^\d+\.\d+\./.test(entry)) : [];
    },
  };
}

async function snapshotOf(yard: TestYard, code: Record<string, Content>): Promise<string> {
  await fill(yard.folder, code);
  const survey = await surveyFolder(yard.folder);
  if (!survey.ok) throw new Error(survey.problem.code);
  // Results of runs before are no code.
  survey.value.files = survey.value.files.filter(({ path }) => !path.startsWith("results/"));
  const { files } = homeOf({ RUNYARD_HOME: yard.home });
  mkdirSync(files, { recursive: true, mode: 0o700 });
  const taken = await takeSnapshot(survey.value, `${files}/snapshots`);
  if (!taken.ok) throw new Error(taken.problem.code);
  return taken.value.id;
}
