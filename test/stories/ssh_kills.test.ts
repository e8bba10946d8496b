import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { aFolder } from "../helpers/a_folder.ts";
import { aLab, labHosts } from "../helpers/a_lab.ts";
import { isRunning } from "../helpers/processes_of.ts";
import { theStopped } from "../helpers/the_stopped.ts";
import { openTraces } from "../helpers/traces.ts";
import { until } from "../helpers/until.ts";

const names = ["lab1", "lab2", "lab3"];
const hosts = await labHosts(names);
const story = test.skipIf(hosts.missing !== null);
const machines = { lab1: {}, lab2: {}, lab3: {} };

story("a time limit counts from the start, also where the yard was killed meanwhile", async () => {
  const lab = await aLab(hosts, { machines: { lab1: {} } });
  await lab.send("trap 'exit 9' TERM; while :; do sleep 0.05; done", { timeLimitMs: 4000 });
  await lab.reaches(1, "running");
  await lab.killYard();
  await lab.start();
  const run = await lab.reaches(1, "failed");
  expect(run).toMatchObject({ cause: { code: "time_limit" }, exitCode: 9, attempts: 1 });
  const tookMs = Date.parse(run.endedAt ?? "") - Date.parse(run.startedAt ?? "");
  expect(tookMs).toBeGreaterThan(3500);
});

story(
  "killed between any two of its steps, the yard neither forgets a run nor executes or delivers it twice",
  async () => {
    const stopFile = `${await aFolder()}/stop`;
    const lab = await aLab(hosts, { machines: { lab1: {} }, environment: { RUNYARD_STOP_FILE: stopFile } });
    const traces = openTraces(lab, names);
    for (const [index, boundary] of ["yard: assigned", "yard: taken", "yard: kept", "yard: ended"].entries()) {
      writeFileSync(stopFile, boundary);
      const job = index + 1;
      const submission = lab.send(traces.traced("echo out; echo made > made; exit 3"), traces.wishes).catch(() => null);
      const stopped = await theStopped(lab);
      rmSync(stopFile);
      await lab.killYard();
      if (isRunning(stopped)) process.kill(stopped, "SIGCONT");
      await lab.start();
      await submission;
      expect(await lab.reaches(job, "failed")).toMatchObject({ exitCode: 3, attempts: 1 });
      expect([await lab.output(job), traces.starts(`${job}.1`)]).toEqual(["out\n", 1]);
      expect(readdirSync(`${lab.folder}/results`).filter((name) => name.includes(`${job}.1`))).toEqual([
        `run${job}.1`,
        `run${job}.1.err`,
        `run${job}.1.out`,
      ]);
    }
  },
);

story(
  "however often the yard is killed, each of sixty lines over three hosts starts once and ends with its own code",
  async () => {
    const lab = await aLab(hosts, { machines });
    const traces = openTraces(lab, names);
    const lines = Array.from({ length: 60 }, (_, n) =>
      traces.traced(`sleep 0.${n % 10}; echo "$RUNYARD_RUN"; echo ${n} > made; exit ${n % 4}`),
    );
    await lab.send(lines, { ...traces.wishes, code: { "a.txt": "code\n" }, demand: { gpus: 0, cpus: 1 } });
    const points = Array.from({ length: 4 }, () => Math.floor(Math.random() * 60));
    for (const point of points.sort((a, b) => a - b)) {
      await until(async () => {
        const { succeeded, failed } = (await lab.job(1)).runs;
        return succeeded + failed >= point;
      }, `${point} runs have ended`);
      await lab.killYard();
      await lab.start();
    }
    const job = await lab.ends(1);
    expect(job.runs, `killed at ${points}`).toMatchObject({ total: 60, succeeded: 15, failed: 45 });
    const { runs } = await lab.client.call("listRuns", { params: { job: 1 }, query: { limit: 60 } });
    for (const [n, run] of runs.entries()) {
      const where = `${run.id}, killed at ${points}`;
      expect([run.exitCode, traces.starts(run.id)], where).toEqual([n % 4, 1]);
      expect(await lab.output(run.id), where).toBe(`${run.id}\n`);
      expect(lab.read(`results/run1.${n + 1}.out`), where).toBe(`${run.id}\n`);
      expect(lab.read(`results/run1.${n + 1}/made`), where).toBe(`${n}\n`);
    }
    expect(new Set(runs.map(({ machine }) => machine)).size).toBe(3);
    await until(() => names.every((name) => lab.attemptsOn(name).length === 0), "nothing is left there");
  },
);
