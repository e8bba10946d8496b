import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { PastRun } from "../../src/api/history.ts";
import { aYard, type TestYard } from "../helpers/a_yard.ts";
import { until } from "../helpers/until.ts";

const DAY_MS = 86_400_000;

const gpus = (count: number) => ({ demand: { gpus: count } });

async function simulate(yard: TestYard, ...words: string[]) {
  return yard.cli(["simulate", "--from-history", "1d", ...words]);
}

/** Two GPUs, on which ada and ben have each run something and waited for one another. */
async function aYardWithAPast(): Promise<TestYard> {
  const yard = await aYard({ slots: ["0", "1", ""] });
  await yard.client.call("setPool", { params: { pool: "local" }, body: { shared: true } });
  const { secret } = await yard.client.call("createToken", { body: { user: "ben", role: "user" } });
  const ben = yard.clientWith(secret);
  for (let job = 0; job < 3; job += 1) await yard.submit("sleep 1", gpus(1));
  const work = { kind: "command", command: { kind: "shell", text: "sleep 0.2; exit 1" } } as const;
  const environment = { PATH: process.env["PATH"] ?? "" };
  await ben.call("submit", { body: { work, cwd: yard.folder, environment, ...gpus(1) } });
  await yard.submit("true", { ...gpus(1), after: [{ job: 4, any: true }] });
  await yard.submit("true", gpus(0));
  await yard.submit("sleep 60", gpus(1));
  await yard.client.call("cancel", { body: { select: "7", graceMs: 0 } });
  for (let job = 1; job <= 7; job += 1) await yard.ends(job);
  return yard;
}

test("what a yard has run is told to everyone, in pages, with what a trace needs and no more", async () => {
  const yard = await aYardWithAPast();
  const { secret } = await yard.client.call("createToken", { body: { user: "eve", role: "user" } });
  const eve = yard.clientWith(secret);
  const seen: PastRun[] = [];
  for (let after: string | null = null; ; ) {
    const query = { limit: 2, pool: "local", ...(after !== null && { after }) };
    const page: { runs: PastRun[]; next: string | null } = await eve.call("history", { query });
    seen.push(...page.runs);
    after = page.next;
    if (after === null) break;
    expect(page.runs.length).toBeLessThanOrEqual(2);
  }
  expect(seen.map(({ id }) => id).slice(0, 6)).toEqual(["1.1", "2.1", "3.1", "4.1", "5.1", "6.1"]);
  const [first, , third, bens, waited, onCores] = seen;
  expect(Object.keys(first ?? {}).sort()).toEqual(
    ["id", "user", "pool", "priority", "gpus", "submittedAt", "couldStartAt", "atMost"]
      .concat(["startedAt", "endedAt", "servedSeconds", "preemptions", "tries"])
      .sort(),
  );
  expect(first).toMatchObject({ user: (await yard.job(1)).user, pool: "local", gpus: 1, priority: 30, preemptions: 0 });
  expect(first?.servedSeconds).toBeGreaterThan(0.9);
  expect(Date.parse(third?.startedAt ?? "") - Date.parse(third?.couldStartAt ?? "")).toBeGreaterThan(500);
  expect(bens).toMatchObject({ user: "ben", gpus: 1 });
  expect(waited?.couldStartAt).toBe((await yard.job(4)).endedAt);
  expect(onCores).toMatchObject({ id: "6.1", gpus: 0 });
  const since = new Date(Date.now() + DAY_MS).toISOString();
  expect(await eve.call("history", { query: { since } })).toEqual({ runs: [], next: null });
  expect((await eve.call("history", { query: { pool: "elsewhere" } })).runs).toEqual([]);
});

test("a yard's history is simulated beside what really happened, on what the pool has today", async () => {
  const yard = await aYardWithAPast();
  const { code, stdout, stderr } = await simulate(yard, "--policy", "las,fifo");
  expect(code).toBe(0);
  const lines = stdout.trimEnd().split("\n");
  expect(lines.map((line) => line.split("  ")[0])).toEqual([
    "POLICY",
    "as lived",
    "las",
    "fifo",
    expect.stringMatching(/^Under (las|fifo) your median wait would have been \d+s(, as it was| instead of \d+s)\.$/),
  ]);
  expect(stderr).toMatch(/^local, the last 1d: [56] runs; left out: 1 run without GPUs\.$/m);
  expect(stderr).toMatch(/^Simulated on what local has today: 1 machine with 2 GPUs\.$/m);

  const { policy, lived } = JSON.parse((await simulate(yard, "--policy", "las", "--gpus", "4", "--json")).stdout);
  expect(policy).toBe("las");
  expect(lived).toMatchObject({ preemptions: 0, medianQueueingSeconds: expect.any(Number) });

  const csv = await simulate(yard, "--csv", "--plot", "past.svg");
  expect(csv.stdout).toMatch(/\nas lived,1\.1,1,0,1,[01],[12],[12],[01],0\n/);
  expect(csv.stdout).toMatch(/\nbackfill,1\.1,1,0,/);
  expect(yard.read("past.svg")).toContain(">as lived</text>");

  const printed = await simulate(yard, "--print-trace");
  writeFileSync(`${yard.folder}/past.csv`, printed.stdout);
  const again = await yard.cli(["simulate", "past.csv", "--gpus", "2", "--print-trace"]);
  expect(again).toEqual({ code: 0, stdout: printed.stdout, stderr: "" });
  expect(printed.stdout).toContain(",ben\n");
});

test("--as-live goes by the rules that are set for the pool", async () => {
  const yard = await aYard({ slots: ["0"] });
  await yard.submit("sleep 3", gpus(1));
  const { startedAt } = await yard.reaches(1, "running");
  await until(() => Date.now() - Date.parse(startedAt ?? "") > 900, "it has run for a while");
  await yard.submit("true", gpus(1));
  await yard.ends(2);
  const preemptions = async (...words: string[]) =>
    JSON.parse((await simulate(yard, "--policy", "srtf", "--json", ...words)).stdout).preemptions;
  expect([await preemptions(), await preemptions("--as-live")]).toEqual([1, 0]);
  const body = { rules: { minQuantumSeconds: 0, preemptCostSeconds: 0 } };
  await yard.client.call("setPool", { params: { pool: "local" }, body });
  expect([await preemptions("--as-live"), await preemptions("--as-live", "--min-quantum", "1h")]).toEqual([1, 0]);
});

test("where nothing has run, no yard is, or too much is asked for, it is said what to do", async () => {
  const yard = await aYard({ slots: ["0", ""] });
  const said = async (...words: string[]) => {
    const { code, stdout, stderr } = await yard.cli(["simulate", ...words]);
    expect(stdout).toBe("");
    return `${code} ${stderr}`;
  };
  const history = ["--from-history", "30d"];
  expect(await said(...history)).toContain("2 runyard: local, the last 30d: no run has ended that held GPUs. Ask for");
  await yard.submit("true", gpus(0));
  await yard.ends(1);
  expect(await said(...history)).toContain("that held GPUs (1 run without GPUs aside). Ask for a longer time");
  expect(await said(...history, "--pool", "lab")).toMatch(/^2 runyard: .*lab/);
  expect(await said(...history, "--jobs", "5")).toContain("2 runyard: --from-history replays what the yard has run");
  expect(await said(...history, "--gpus", "0")).toContain("2 runyard: --gpus 0: It takes a whole number from 1");
  expect(await said("--from-history", "soon")).toContain("2 runyard: --from-history soon: It takes a duration");
  expect(await said("t.csv", "--gpus", "2", "--pool", "lab")).toContain("2 runyard: --pool says whose history");
  await yard.stop();
  expect(await said(...history)).toContain("3 runyard: no yard is running. Start one with: runyard up");
  expect(yard.yardPid()).toBeNull();
});
