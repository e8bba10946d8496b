import { readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { SubmissionInput } from "../../src/api/job.ts";
import { aFolder } from "../helpers/a_folder.ts";
import { aYard, type TestYard } from "../helpers/a_yard.ts";
import { openTerminal } from "../helpers/open_terminal.ts";
import { isRunning, killNow } from "../helpers/processes_of.ts";
import { until } from "../helpers/until.ts";

/** A run that leaves a trace of every start, speaks when it is let go, and ends with the code it is given. */
const HELD = `echo start >> "starts.$RUNYARD_RUN"; echo begun; while [ ! -e go ]; do sleep 0.03; done; echo over; exit `;

function lines(texts: string[]): SubmissionInput["work"] {
  return { kind: "lines", lines: texts.map((text, index): [number, string] => [index + 1, text]) };
}

function letGo(yard: TestYard): void {
  writeFileSync(`${yard.folder}/go`, "");
}

function startsOf(yard: TestYard, run: string): number {
  return yard.read(`starts.${run}`).split("\n").length - 1;
}

/** Three runs at once, a fourth in the queue; they end with 0, 3, 5 and 0. */
async function fourHeldRuns(yard: TestYard): Promise<void> {
  await yard.submit("", { work: lines([0, 3, 5, 0].map((code) => `${HELD}${code}`)) });
  for (const run of ["1.1", "1.2", "1.3"]) await yard.reaches(run, "running");
}

async function expectFourEnds(yard: TestYard): Promise<void> {
  const job = await yard.ends(1);
  expect(job.runs).toMatchObject({ total: 4, succeeded: 2, failed: 2, queued: 0, running: 0 });
  for (const [n, code] of [0, 3, 5, 0].entries()) {
    const run = await yard.run(`1.${n + 1}`);
    expect(run).toMatchObject({ exitCode: code, attempts: 1, status: code === 0 ? "succeeded" : "failed" });
    expect(await yard.output(run.id)).toBe("begun\nover\n");
    expect(startsOf(yard, run.id)).toBe(1);
  }
}

const THREE_CPU_SLOTS = { slots: ["", "", ""] };

test("a run goes on when the terminal that submitted it, and started the yard for it, is closed", async () => {
  const yard = await aYard({ asleep: true });
  const terminal = openTerminal(yard, ["run", "--follow", `tty; trap 'echo hung up' HUP; ${HELD}6`]);
  await until(() => yard.read("starts.1.1") !== "", "the run has started");
  await until(() => terminal.text().includes("begun"), "its output is on the terminal");
  terminal.close();
  await until(() => !isRunning(terminal.pid), "the terminal is closed");
  await yard.reaches(1, "running");
  letGo(yard);
  expect(await yard.ends(1)).toMatchObject({ status: "failed" });
  expect((await yard.run(1)).exitCode).toBe(6);
  expect(await yard.output(1)).toBe("not a tty\nbegun\nover\n");
  expect(startsOf(yard, "1.1")).toBe(1);
});

test("runs go on when the yard is killed, and what ended without it is known when it is back", async () => {
  const yard = await aYard(THREE_CPU_SLOTS);
  await fourHeldRuns(yard);
  await yard.killYard();
  letGo(yard);
  await until(() => yard.agentPid() !== null, "the agent is still there");
  await yard.start();
  await expectFourEnds(yard);
});

test("runs that still run when the yard is back belong to it again", async () => {
  const yard = await aYard(THREE_CPU_SLOTS);
  await fourHeldRuns(yard);
  await yard.killYard();
  await yard.start();
  expect((await yard.run("1.2")).status).toBe("running");
  expect(await yard.output("1.2")).toBe("begun\n");
  letGo(yard);
  await expectFourEnds(yard);
});

test("runs go on when their agent is killed, and the next agent takes them over", async () => {
  const yard = await aYard(THREE_CPU_SLOTS);
  await fourHeldRuns(yard);
  const before = yard.agentPid();
  await yard.killAgent();
  await until(() => yard.agentPid() !== null && yard.agentPid() !== before, "there is a new agent");
  letGo(yard);
  await expectFourEnds(yard);
});

test("what ends while there is no agent is told by the next one", async () => {
  const yard = await aYard(THREE_CPU_SLOTS);
  await fourHeldRuns(yard);
  await yard.killAgent();
  letGo(yard);
  await expectFourEnds(yard);
});

test("runs go on when yard and agent are killed together", async () => {
  const yard = await aYard(THREE_CPU_SLOTS);
  await fourHeldRuns(yard);
  await Promise.all([yard.killYard(), yard.killAgent()]);
  letGo(yard);
  await yard.start();
  await expectFourEnds(yard);
});

test("a yard that is stopped leaves its runs going", async () => {
  const yard = await aYard(THREE_CPU_SLOTS);
  await fourHeldRuns(yard);
  await yard.stop();
  letGo(yard);
  await yard.start();
  await expectFourEnds(yard);
});

test("without a yard an agent waits for its runs, ends by itself, and the next one tells of them", async () => {
  const yard = await aYard(THREE_CPU_SLOTS);
  await fourHeldRuns(yard);
  await yard.stop();
  const agent = yard.agentPid() ?? 0;
  letGo(yard);
  await until(() => !isRunning(agent), "the agent has ended");
  await yard.start();
  await expectFourEnds(yard);
});

test("however often yard and agent are killed, each run starts once and ends with its own code", async () => {
  const yard = await aYard(THREE_CPU_SLOTS);
  const count = 60;
  const texts = Array.from({ length: count }, (_, index) => {
    const code = index % 4;
    return `echo start >> "starts.$RUNYARD_RUN"; sleep 0.0${index % 10}; echo "$RUNYARD_RUN"; exit ${code}`;
  });
  await yard.submit("", { work: lines(texts), priority: 40 });
  for (const ended of [4, 12, 20, 30, 40, 50]) {
    await until(async () => {
      const { succeeded, failed } = (await yard.job(1)).runs;
      return succeeded + failed >= ended;
    }, `${ended} runs have ended`);
    if (ended % 20 !== 0) await yard.killYard();
    if (ended % 4 === 0) await until(() => yard.agentPid() !== null, "there is an agent").then(yard.killAgent);
    if (yard.yardPid() === null) await yard.start();
  }
  const job = await yard.ends(1);
  expect(job.runs).toMatchObject({ total: count, succeeded: count / 4, failed: (count * 3) / 4 });
  const { runs } = await yard.client.call("listRuns", { params: { job: 1 }, query: { limit: count } });
  for (const [index, run] of runs.entries()) {
    expect(run.exitCode, run.id).toBe(index % 4);
    expect(startsOf(yard, run.id), run.id).toBe(1);
    // What was on its way to an agent that was killed may have been taken back before it began.
    const before = (await yard.attempts(run.id)).slice(0, -1).map(({ cause }) => cause?.code);
    expect(before).toEqual(before.map(() => "never_began"));
    expect(await yard.output(run.id)).toBe(`${run.id}\n`);
  }
});

test("a run whose launcher is killed is lost, with what is known, and its command does not go on", async () => {
  const yard = await aYard(THREE_CPU_SLOTS);
  await yard.submit(`echo $$ > pid; ${HELD}0`);
  await yard.reaches(1, "running");
  const command = Number(await until(() => yard.read("pid") || null, "the command has said its pid"));
  await killLauncher(yard);
  const run = await yard.reaches(1, "failed");
  expect(run).toMatchObject({ cause: { code: "lost" }, attempts: 1, exitCode: null });
  expect(run.startedAt).not.toBeNull();
  expect(await yard.output(1)).toBe("begun\n");
  expect(isRunning(command)).toBe(false);
  expect(startsOf(yard, "1.1")).toBe(1);
});

test("a lost run is tried again as its retries say, and no more often", async () => {
  const yard = await aYard(THREE_CPU_SLOTS);
  await yard.submit(`${HELD}0`, { retries: 1 });
  await yard.reaches(1, "running");
  await killLauncher(yard);
  await until(() => startsOf(yard, "1.1") === 2, "it has started again");
  await yard.reaches(1, "running");
  await killLauncher(yard);
  expect(await yard.reaches(1, "failed")).toMatchObject({ cause: { code: "lost" }, attempts: 2 });
  expect((await yard.attempts(1)).map(({ status, cause }) => [status, cause?.code])).toEqual([
    ["ended", "lost"],
    ["ended", "lost"],
  ]);
  expect(startsOf(yard, "1.1")).toBe(2);
});

test("a run that fails is tried again with the same parameters until it succeeds", async () => {
  const yard = await aYard(THREE_CPU_SLOTS);
  await yard.submit('echo "try $RUNYARD_TRY"; [ "$RUNYARD_TRY" -ge 3 ]', { retries: 5 });
  const run = await yard.reaches(1, "succeeded");
  expect(run.attempts).toBe(3);
  expect(await yard.output(1)).toBe("try 3\n");
});

test("checkpoints are there again in the next attempt", async () => {
  const yard = await aYard(THREE_CPU_SLOTS);
  const text = `cat "$RUNYARD_CHECKPOINTS/step" 2>/dev/null; echo "step $RUNYARD_TRY" > "$RUNYARD_CHECKPOINTS/step"; exit 1`;
  await yard.submit(text, { retries: 2 });
  await yard.reaches(1, "failed");
  expect(await yard.output(1)).toBe("step 2\n");
});

test("after the machine has restarted, what ran is lost or tried again as its retries say, and what waited goes on", async () => {
  const yard = await aYard({ slots: ["", "", "65"] });
  await yard.submit(`${HELD}0`);
  await yard.submit(`[ "$RUNYARD_TRY" = 2 ] || { ${HELD}0; }; echo try 2`, { retries: 1 });
  await yard.submit(`${HELD}0`, { demand: { gpus: 1 } });
  await yard.submit("echo later", { demand: { gpus: 1 } });
  for (const job of [1, 2, 3]) await yard.reaches(job, "running");
  const before = startOf(await yard.run(1));
  await Promise.all([yard.killYard(), yard.killAgent()]);
  for (const attempt of yard.spooled()) restartUnder(yard.spoolOf(attempt));
  await yard.start();
  for (const job of [1, 3]) {
    const run = await yard.reaches(job, "failed");
    expect(run).toMatchObject({ attempts: 1, exitCode: null, cause: { code: "lost" } });
    expect(run.cause?.text).toMatch(/the machine restarted while it ran/);
    expect(await yard.output(job)).toBe("begun\n");
    expect(startsOf(yard, run.id)).toBe(1);
  }
  expect(Math.abs(startOf(await yard.run(1)) - before)).toBeLessThan(100);
  expect(await yard.reaches(2, "succeeded")).toMatchObject({ attempts: 2 });
  expect(await yard.output(2)).toBe("try 2\n");
  await yard.reaches(4, "succeeded");
});

test("what had started is lost where its folder is gone, and is not started again", async () => {
  const disk = await aFolder();
  const yard = await aYard({ slots: ["", ""], environment: { RUNYARD_SPOOL: `${disk}/spool` } });
  await yard.submit(`${HELD}0`);
  await yard.reaches(1, "running");
  const [folder = ""] = folders(`${disk}/spool`);
  const pids = ["begun", "pid"].map((name) => Number(readFileSync(`${folder}/${name}`, "utf8").split(" ")[0]));
  await Promise.all([yard.killYard(), yard.killAgent()]);
  for (const pid of pids) killNow(pid);
  rmSync(`${disk}/spool`, { recursive: true });
  await yard.start();
  const run = await yard.reaches(1, "failed");
  expect(run).toMatchObject({ attempts: 1, exitCode: null, cause: { code: "lost" } });
  expect(run.cause?.text).toMatch(/its folder in the spool was removed/);
  expect(startsOf(yard, "1.1")).toBe(1);
  await yard.submit("echo later");
  await yard.reaches(2, "succeeded");
});

test("a home that is moved while a run runs finds it again", async () => {
  const yard = await aYard({ slots: ["", ""] });
  await yard.submit(`${HELD}3`);
  await yard.reaches(1, "running");
  const before = yard.agentPid() ?? 0;
  await yard.stop();
  renameSync(yard.home, `${yard.home}.moved`);
  await until(() => !isRunning(before), "the agent of the home that is gone makes way");
  renameSync(`${yard.home}.moved`, yard.home);
  await yard.start();
  letGo(yard);
  expect(await yard.reaches(1, "failed")).toMatchObject({ attempts: 1, exitCode: 3 });
  expect(startsOf(yard, "1.1")).toBe(1);
});

/** The workers' folders in a spool. */
function folders(spool: string): string[] {
  return readdirSync(spool).flatMap((yardId) =>
    readdirSync(`${spool}/${yardId}`)
      .filter((name) => /^\d+\.\d+\./.test(name))
      .map((attempt) => `${spool}/${yardId}/${attempt}/0`),
  );
}

function startOf({ startedAt }: { startedAt: string | null }): number {
  return Date.parse(startedAt ?? "");
}

/** Leaves of an attempt what a restart of the machine does: its files, by processes of an earlier boot. */
function restartUnder(folder: string): void {
  for (const name of ["begun", "pid"]) {
    const path = `${folder}/${name}`;
    const [line, { mtime, atime }] = [readFileSync(path, "utf8"), statSync(path)];
    const [pid = "", ticks, bootId = "", host] = line.split(" ");
    killNow(Number(pid));
    writeFileSync(path, [pid, ticks, bootId.replaceAll(/[0-9a-f]/g, "1"), host].join(" "));
    utimesSync(path, atime, mtime);
  }
}

async function killLauncher(yard: TestYard): Promise<void> {
  const attempt = (await yard.attempts(1)).at(-1)?.id ?? "";
  const launcher = yard.launcherOf(attempt);
  if (!launcher) throw new Error(`${attempt} has no launcher`);
  killNow(launcher.pid);
}
