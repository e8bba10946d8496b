import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { aFolder } from "../helpers/a_folder.ts";
import { aYard, type TestYard } from "../helpers/a_yard.ts";
import { until } from "../helpers/until.ts";

/** Counts to `last`, a step every 50 ms, each noted in `file`; told to stop, it goes on from there the next time. */
function counting(last: number, file: string): string {
  return `i=$(cat "$RUNYARD_CHECKPOINTS/i" 2>/dev/null || echo 0); stop=; trap 'stop=1' TERM
    while [ "$i" -lt ${last} ]; do
      i=$((i + 1)); echo "$i" >> ${file}; echo "$i" > "$RUNYARD_CHECKPOINTS/i"
      [ -z "$stop" ] || exit 0
      sleep 0.05
    done`;
}

function countedTo(yard: TestYard, file: string): number[] {
  return yard.read(file).trimEnd().split("\n").map(Number);
}

const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);

async function govern(yard: TestYard, ...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await yard.cli(["pools", "set", "local", ...words]);
  expect([code, stderr]).toEqual([0, ""]);
  return stdout;
}

const atOnce = ["--min-quantum", "0", "--preempt-cost", "0"];

test("under srtf a shorter run takes the place of a resumable one, which goes on later without losing a step", async () => {
  const yard = await aYard({ slots: [""] });
  expect(await govern(yard, "--policy", "srtf", ...atOnce)).toContain(
    "under srtf (minimal quantum 0, preemption costs 0)",
  );
  await yard.submit(counting(60, "steps"), { resumable: true, expectedMs: 60_000 });
  await until(() => countedTo(yard, "steps").length > 3, "the long one has begun");
  await yard.submit("echo short >> steps", { expectedMs: 1000 });
  expect(await yard.reaches(1, "succeeded")).toMatchObject({ attempts: 2 });
  expect((await yard.attempts(1)).map(({ stopReason }) => stopReason)).toEqual(["preempted", null]);
  const lines = yard.read("steps").trimEnd().split("\n");
  expect(lines.indexOf("short")).toBeGreaterThan(3);
  expect(lines.indexOf("short")).toBeLessThan(59);
  expect(lines.filter((line) => line !== "short").map(Number)).toEqual(upTo(60));
});

test("who is to make room hears of it at once", async () => {
  const yard = await aYard({ slots: [""] });
  await govern(yard, "--policy", "srtf", ...atOnce);
  await yard.submit('trap "exit 0" TERM; echo > up; sleep 60 & wait', { resumable: true, expectedMs: 60_000 });
  await until(() => yard.read("up") !== "", "the long one has begun");
  const { submittedAt } = await yard.submit("true", { expectedMs: 1000 });
  const { endedAt } = await yard.reaches(2, "succeeded");
  expect(Date.parse(endedAt ?? "") - Date.parse(submittedAt)).toBeLessThan(5000);
});

test("who does not say that it can go on keeps its place, and so does who has just got it", async () => {
  const yard = await aYard({ slots: ["", ""] });
  await govern(yard, "--policy", "srtf", "--min-quantum", "1h", "--preempt-cost", "0");
  await yard.submit(counting(30, "steady"), { resumable: false, expectedMs: 60_000 });
  await yard.submit(counting(30, "young"), { resumable: true, expectedMs: 60_000 });
  await until(() => countedTo(yard, "steady").length > 3 && countedTo(yard, "young").length > 3, "both have begun");
  await yard.submit("true", { expectedMs: 1000 });
  const explained = await yard.cli(["explain", "3"]);
  expect(explained.stdout).toMatch(/3\.1 queued: no slot that suits is free: 2 on local/);
  await yard.reaches(3, "succeeded");
  expect([(await yard.run(1)).attempts, (await yard.run(2)).attempts]).toEqual([1, 1]);
});

test("under las those who have had the least come first, over the end of a yard too", async () => {
  const yard = await aYard({ slots: [""] });
  await govern(yard, "--policy", "las", "--las-limits", "1", "--starvation", "0", ...atOnce);
  for (const name of ["a", "b", "c"]) await yard.submit(counting(50, name), { resumable: true });
  await until(() => countedTo(yard, "b").length > 2, "the second has had its turn");
  await yard.killYard();
  await yard.start();
  for (const job of [1, 2, 3]) await yard.reaches(job, "succeeded");
  expect(["a", "b", "c"].map((name) => countedTo(yard, name))).toEqual([upTo(50), upTo(50), upTo(50)]);
  // The first two sink before they are done, and wait for the third; none of them is moved about for nothing.
  const attempts = await Promise.all([1, 2, 3].map(async (job) => (await yard.run(job)).attempts));
  expect(Math.min(...attempts.slice(0, 2))).toBeGreaterThan(1);
  expect(attempts.reduce((sum, count) => sum + count, 0)).toBeLessThan(9);
});

test("who waits is told for whom, and who holds what they wait for", async () => {
  const yard = await aYard({ slots: [""] });
  const explained = async (job: number) => (await yard.cli(["explain", String(job)])).stdout;
  await yard.submit("until [ -e go ]; do sleep 0.05; done");
  await yard.reaches(1, "running");
  await yard.submit("true");
  await yard.submit("true", { demand: { memoryBytes: 1 } });
  const user = (await yard.job(1)).user;
  await until(async () => (await explained(2)).includes("no slot"), "it has been looked at");
  expect(await explained(2)).toBe(`○ 2.1 queued: no slot that suits is free: 1 on local, held by 1.1 of ${user}\n`);
  await govern(yard, "--policy", "fifo");
  await until(async () => (await explained(3)).includes("comes after job 2"), "it comes after the other");
  await govern(yard, "--policy", "backfill", "--most-gpus", `${user}=0`);
  await until(async () => (await explained(2)).includes("may hold"), "it is over the limit");
  expect(await explained(3)).toContain(`${user} may hold 0 GPUs at once in this pool, and would hold more with it`);
  await govern(yard, "--usual-rules");
  await yard.submit("touch go", { priority: 90 });
  await yard.cli(["set", "4", "--priority", "10"]);
  await yard.cli(["cancel", "1"]);
  for (const job of [2, 3, 4]) await yard.reaches(job, "succeeded");
});

test("whoever has used up their GPU hours comes after those who have not, whatever the priority", async () => {
  const yard = await aYard({ slots: ["0"] });
  const { secret } = await yard.client.call("createToken", { body: { user: "bob", role: "user" } });
  // 0.36 s of one GPU.
  await govern(yard, "--shared", "--quota", "0.0001", "--quota", "bob=100");
  await yard.submit("until [ -e go ]; do sleep 0.05; done");
  await yard.reaches(1, "running");
  await yard.submit("echo mine >> order", { priority: 50 });
  await yard.submit("true");
  const work = { kind: "command", command: { kind: "shell", text: "echo bobs >> order" } } as const;
  const environment = { PATH: "/usr/bin:/bin" };
  await yard.clientWith(secret).call("submit", { body: { work, cwd: yard.folder, environment } });
  const explained = async () => (await yard.cli(["explain", "2"])).stdout;
  await until(async () => (await explained()).includes("has used up the GPU hours of 30 days"), "it is over", 20_000);
  writeFileSync(join(yard.folder, "go"), "");
  for (const job of [2, 3, 4]) await yard.reaches(job, "succeeded");
  expect(yard.read("order")).toBe("bobs\nmine\n");
});

test("who gets the place of a run that saves its state is told so", async () => {
  const yard = await aYard({ slots: [""] });
  await govern(yard, "--policy", "smallest", ...atOnce);
  await yard.submit(
    "trap 'until [ -e go ]; do sleep 0.05; done; exit 0' TERM; echo ready; while [ ! -e go ]; do sleep 0.05; done",
    {
      resumable: true,
    },
  );
  await until(async () => (await yard.output(1)) === "ready\n", "it runs");
  await yard.submit("true", { priority: 60 });
  const explained = async () => (await yard.cli(["explain", "2"])).stdout;
  await until(async () => (await explained()).includes("place of 1.1, which makes room for it"), "it is told");
  await yard.submit("true", { priority: 90, demand: { gpus: 0 } });
  await yard.cli(["cancel", "3"]);
  writeFileSync(join(yard.folder, "go"), "");
  for (const job of [1, 2]) await yard.reaches(job, "succeeded");
});

test("a policy that is changed while runs wait and run loses none of them", async () => {
  const yard = await aYard({ slots: ["", ""] });
  for (let job = 1; job <= 24; job += 1) await yard.submit(counting(5, `steps-${job}`), { resumable: true });
  const open = async () => (await yard.client.call("status", {})).jobs;
  for (const policy of ["fifo", "srtf", "fair-share", "las", "smallest", "srsf", "optimus", "backfill"]) {
    const before = await open();
    await govern(yard, "--policy", policy, ...atOnce);
    await until(async () => before === 0 || (await open()) < before, `some have ended under ${policy}`);
  }
  for (let job = 1; job <= 24; job += 1) {
    await yard.reaches(job, "succeeded");
    expect(countedTo(yard, `steps-${job}`)).toEqual(upTo(5));
  }
});

test("a policy or a rule that there is not is refused, with what there is", async () => {
  const yard = await aYard({ slots: [""] });
  const refused = async (...words: string[]) => {
    const { code, stderr } = await yard.cli(["pools", "set", "local", ...words]);
    return `${code} ${stderr}`;
  };
  expect(await refused("--policy", "laz")).toContain(
    '2 runyard: --policy: there is no policy "laz"; did you mean "las"?',
  );
  expect(await refused("--las-limits", "7,3")).toContain("2 runyard: --las-limits 7,3: It takes rising whole numbers");
  expect(await refused("--weight", "ada")).toContain("2 runyard: --weight ada: It takes a user and a number above 0");
  expect(await refused()).toContain("2 runyard: Nothing to set.");
  await govern(yard, "--policy", "fair-share", "--weight", "ada=2", "--weight", "bob=1");
  await govern(yard, "--weight", "bob=0.5");
  await govern(yard, "--ageing", "off");
  const { stdout } = await yard.cli(["pools"]);
  expect(stdout).toContain("fair-share (ageing off, weight of ada 2, weight of bob 0.5)");
  await govern(yard, "--usual-rules", "--ageing", "1m");
  expect((await yard.cli(["pools"])).stdout).toContain("fair-share (ageing 1m)");
  await govern(yard, "--usual-rules");
  expect((await yard.cli(["pools"])).stdout).toMatch(/fair-share +open/);
});

test("pools share out what they have as their user's runyard.yaml says, from the start and after runyard up", async () => {
  const config = await aFolder();
  const say = (text: string) => writeFileSync(join(config, "runyard/runyard.yaml"), text);
  mkdirSync(join(config, "runyard"));
  say("pools:\n  local: {policy: las, starvation: 0, weight: {ada: 2}}\n  lab9: {policy: srtf}\n");
  const yard = await aYard({ slots: [""], environment: { XDG_CONFIG_HOME: config } });
  const pools = async () => (await yard.cli(["pools"])).stdout;
  await until(async () => (await pools()).includes("las (starvation 0, weight of ada 2)"), "it is as the file says");
  await govern(yard, "--weight", "bob=3", "--policy", "fifo");
  say("pools:\n  local: {policy: srtf, weight: {ada: 4}}\n  lab9: {policy: srtf}\n");
  const up = await yard.cli(["up"]);
  expect(up.stderr).toContain("Pool local runs under srtf (starvation 0, weight of ada 4, weight of bob 3), as your");
  expect(up.stderr).toContain("There is no pool lab9 yet");
  expect((await yard.cli(["up"])).stderr).not.toContain("Pool local");
  say("pools:\n  local: {policy: laz}\n");
  const refused = await yard.cli(["up"]);
  expect([refused.code, refused.stderr]).toEqual([
    2,
    expect.stringContaining('runyard.yaml:2:19: policy: there is no policy "laz"; did you mean "las"?'),
  ]);
  await yard.submit("true");
  await yard.reaches(1, "succeeded");
});

test("a yard goes by the file of whoever starts it, whichever yard their commands speak to", async () => {
  const config = await aFolder({ "runyard/runyard.yaml": "pools: {local: {policy: las}}\n" });
  const environment = { XDG_CONFIG_HOME: config, RUNYARD_YARD: "http://127.0.0.1:9" };
  const yard = await aYard({ slots: [""], environment });
  const policy = async () => (await yard.client.call("listPools")).pools[0]?.policy;
  await until(async () => (await policy()) === "las", "it is as the file says");
});
