import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Job } from "../../src/api/job.ts";
import { isRefusedCall } from "../../src/client/client.ts";
import { aYard, type TestYard } from "../helpers/a_yard.ts";

const script = `import runyard, sys
p = runyard.params(lr=0.0, opt="")
for step in range(1000):
    runyard.metric(step, loss=p.lr + 1.0 / (step + 1) if step != 500 else float("nan"))
if p.opt == "bad":
    print("ValueError: /data/%s has no column %d" % (p.lr, p.lr * 100), file=sys.stderr)
    sys.exit(1)
if p.opt == "worse":
    sys.exit(3)
runyard.result(accuracy=1 - p.lr)`;

const rates = ["0.1", "0.2", "0.30", "0.4"];

/** Twelve runs: by each rate one that is well, one that fails with words, one that fails without. */
async function aSweep(yard: TestYard): Promise<Job> {
  writeFileSync(`${yard.folder}/train.py`, script);
  const list = (texts: string[], quote = "") => ({
    kind: "list" as const,
    values: texts.map((text) => ({ text, json: `${quote}${text}${quote}` })),
  });
  const axes = [
    { name: "lr", values: list(rates) },
    { name: "opt", values: list(["=adam", "bad", "worse"], '"') },
  ];
  const command = { kind: "argv" as const, argv: ["python3", "train.py"] };
  const job = await yard.submit("", { name: "sweep", work: { kind: "command", command, space: { axes } } });
  await yard.ends(job.id);
  return job;
}

async function refusalOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "it was not refused";
  } catch (error) {
    return isRefusedCall(error) ? `${error.problem.status}: ${error.problem.detail}` : String(error);
  }
}

test("a sweep is looked at as a table: chosen, sorted, paged, plotted and exported", { timeout: 60_000 }, async () => {
  const yard = await aYard();
  const { id } = await aSweep(yard);
  const params = { job: id };
  const table = async (query: object) => {
    const { runs, matching, total } = await yard.client.call("runTable", { params, query });
    return { ids: runs.map((run) => run.id), matching, total };
  };
  expect(await table({ from: 10 })).toEqual({ ids: ["1.11", "1.12"], matching: 12, total: 12 });
  expect(await table({ sort: "-n", limit: 2, from: 1 })).toEqual({ ids: ["1.11", "1.10"], matching: 12, total: 12 });
  expect(await table({ sort: "-result.accuracy", limit: 5 })).toMatchObject({
    ids: ["1.1", "1.4", "1.7", "1.10", "1.2"],
  });
  expect(await table({ where: "params.lr>=0.3,status=succeeded", sort: "-params.lr" })).toEqual({
    ids: ["1.10", "1.7"],
    matching: 2,
    total: 12,
  });
  expect(await table({ where: "search=ADAM", sort: "params.opt" })).toMatchObject({ matching: 4 });
  expect(await table({ where: "metrics.loss<0.2, cause=exit_code, exitCode=3" })).toMatchObject({ ids: ["1.3"] });

  const columns = await yard.client.call("runColumns", {
    params,
    query: { names: "params.lr,params.opt,result.accuracy,status", where: "params.opt!=worse", most: 4 },
  });
  expect(columns).toMatchObject({ total: 12, matching: 8, sampled: true, leftOut: [] });
  expect(columns.values["params.lr"]).toEqual([0.1, 0.2, 0.3, 0.4]);
  expect(columns.values["status"]).toEqual(columns.n.map((n) => (n % 3 === 1 ? "succeeded" : "failed")));
  const described = new Map(columns.columns.map(({ name, ...rest }) => [name, rest]));
  expect(described.get("params.lr")).toEqual({ kind: "number", least: 0.1, most: 0.4, distinct: 4, present: 12 });
  expect(described.get("params.opt")).toEqual({ kind: "text", least: null, most: null, distinct: 3, present: 12 });
  expect(described.get("result.accuracy")).toMatchObject({ kind: "number", present: 4 });

  const importance = await yard.client.call("importance", { params });
  expect(importance).toMatchObject({ of: "result.accuracy", matching: 12 });
  expect(importance.parameters.map(({ name, runs }) => [name, runs])).toContainEqual(["lr", 4]);
  expect(importance.parameters.find(({ name }) => name === "lr")?.direction).toBe(-1);

  const { metric, curves } = await yard.client.call("curves", { params, query: { runs: "1-2,12" } });
  expect([metric, curves.map(({ n, points }) => [n, points])]).toEqual([
    "loss",
    [
      [1, 1000],
      [2, 1000],
      [12, 1000],
    ],
  ]);
  const [curve] = curves;
  expect(curve?.x.length).toBeLessThanOrEqual(300);
  expect([curve?.x[0], curve?.x.at(-1), curve?.y[0]]).toEqual([0, 999, 1.1]);
  expect(curve?.y).toContain(null);
  const best = await yard.client.call("curves", {
    params,
    query: { sort: "-result.accuracy", most: 2, over: "seconds" },
  });
  expect(best.curves.map(({ n }) => n)).toEqual([1, 4]);
  expect(best.matching).toBe(12);

  const file = async (query: string) => {
    const answer = await yard.request("GET", `/api/v1/jobs/${id}/export?${query}`, {
      authorization: `Bearer ${yard.token()}`,
    });
    return { text: answer.body.toString("utf8"), headers: answer.headers };
  };
  const csv = await file(`where=${encodeURIComponent("params.lr=0.3")}&sort=-n`);
  expect(csv.headers["content-disposition"]).toBe('attachment; filename="job-1.csv"');
  const lines = csv.text.split("\r\n");
  expect(lines[0]).toBe(
    "run,status,cause,exitCode,machine,attempts,startedAt,endedAt,params.lr,params.opt,metrics.loss,result.accuracy",
  );
  expect(lines.length).toBe(5);
  expect(lines[1]).toMatch(/^1\.9,failed,exit code 3,3,local,1,\d{4}-.*Z,\d{4}-.*Z,0\.30,worse,0\.301,$/);
  // A spreadsheet must not take a value for a formula.
  expect(lines[3]).toMatch(/,0\.30,'=adam,0\.301,0\.7$/);
  const json = JSON.parse((await file("format=json&where=status%3Dsucceeded")).text);
  expect(json.runs.map((run: { id: string }) => run.id)).toEqual(["1.1", "1.4", "1.7", "1.10"]);
  expect(JSON.parse((await file("format=json&where=n%3D99")).text)).toEqual({ runs: [] });
});

test("failures are told apart by what they said last, and exactly those of one kind can be run again", async () => {
  const yard = await aYard();
  const { id } = await aSweep(yard);
  const params = { job: id };
  const failures = await yard.client.call("failures", { params });
  expect(failures).toMatchObject({ failed: 8, unread: 0 });
  expect(
    failures.groups.map(({ cause, says, runs, examples, selectors }) => ({ cause, says, runs, examples, selectors })),
  ).toEqual([
    {
      cause: { code: "exit_code", text: "exit code 1" },
      says: expect.stringMatching(/^ValueError: \/data\/0\.\d has no column \d\d$/),
      runs: 4,
      examples: ["1.2", "1.5", "1.8", "1.11"],
      selectors: ["1.2,1.5,1.8,1.11"],
    },
    {
      cause: { code: "exit_code", text: "exit code 3" },
      says: null,
      runs: 4,
      examples: ["1.3", "1.6", "1.9", "1.12"],
      selectors: ["1.3,1.6,1.9,1.12"],
    },
  ]);
  writeFileSync(`${yard.folder}/train.py`, "");
  const [group] = failures.groups;
  expect(await yard.client.call("retry", { body: { select: group?.selectors[0] ?? "", failed: true } })).toMatchObject({
    runs: 4,
  });
  await yard.ends(id);
  expect((await yard.client.call("failures", { params })).groups.map(({ runs }) => runs)).toEqual([4]);
  // The table has heard of it, too.
  const again = await yard.client.call("runTable", { params, query: { where: "status=succeeded,attempts=2" } });
  expect(again.runs.map((run) => run.id)).toEqual(["1.2", "1.5", "1.8", "1.11"]);
});

test("a table follows its job: what ends, is cancelled or comes with an extension is in it at the next look", async () => {
  const yard = await aYard({ slots: [""] });
  const axes = [
    { name: "x", values: { kind: "list" as const, values: [1, 2, 3].map((x) => ({ text: `${x}`, json: `${x}` })) } },
  ];
  const command = { kind: "shell" as const, text: "test {x} != 1 || exit 4; exec sleep 100" };
  await yard.submit("", { work: { kind: "command", command, space: { axes } } });
  const params = { job: 1 };
  const matching = async (where: string) => (await yard.client.call("runTable", { params, query: { where } })).matching;
  expect(await matching("params.x>0")).toBe(3);
  await yard.reaches("1.2", "running");
  expect(await matching("status=failed,exitCode=4")).toBe(1);
  expect(await matching("status=running")).toBe(1);
  await yard.client.call("cancel", { body: { select: "1.3" } });
  await yard.reaches("1.3", "cancelled");
  expect(await matching("status=cancelled")).toBe(1);
  const more = { kind: "list" as const, values: [{ text: "7", json: "7" }] };
  await yard.client.call("extend", { params, body: { axes: [{ name: "x", values: more }] } });
  expect(await matching("params.x=7,status=queued|starting")).toBe(1);
});

test("what cannot be asked of a table is refused with its place", async () => {
  const yard = await aYard();
  await yard.submit("true");
  await yard.ends(1);
  const params = { job: 1 };
  const refused = (query: object) => refusalOf(yard.client.call("runTable", { params, query }));
  expect(await refused({ where: "status=ok,lr>>1" })).toMatch(
    /^400: where, character 14: > compares numbers, and ">1" is none/,
  );
  expect(await refused({ where: "params.lr>1" })).toMatch(
    /^400: where: there is no column params\.lr\. There are: n, status, cause/,
  );
  expect(await refused({ sort: "loss" })).toMatch(/^400: sort: there is no column loss/);
  expect(await refusalOf(yard.client.call("curves", { params, query: { runs: "a" } }))).toMatch(
    /^400: runs: "a" names no runs/,
  );
  expect(await refusalOf(yard.client.call("runColumns", { params, query: { names: '"' } }))).toMatch(
    /^400: names, character 1/,
  );
  // Metrics and results may come yet.
  expect((await yard.client.call("runTable", { params, query: { where: "metrics.loss<1" } })).matching).toBe(0);
  expect(await yard.client.call("curves", { params })).toEqual({ metric: null, matching: 1, curves: [] });
  expect(await yard.client.call("importance", { params })).toEqual({ of: null, matching: 1, parameters: [] });
  for (const door of ["runTable", "runColumns", "curves", "failures", "importance"] as const) {
    expect(await refusalOf(yard.client.call(door, { params: { job: 9 } }))).toMatch(/^404: There is no job 9/);
  }
});

test("everyone sees the table; curves, and what failed runs said, are their owner's", async () => {
  const yard = await aYard();
  await yard.submit("echo secret >&2; exit 1");
  await yard.ends(1);
  const { secret } = await yard.client.call("createToken", { body: { user: "someone else", role: "user" } });
  const stranger = yard.clientWith(secret);
  const params = { job: 1 };
  expect((await stranger.call("runTable", { params, query: { where: "status=failed" } })).matching).toBe(1);
  expect(await refusalOf(stranger.call("curves", { params }))).toMatch(/^403/);
  expect((await stranger.call("failures", { params })).groups).toMatchObject([{ says: null, runs: 1 }]);
  expect((await yard.client.call("failures", { params })).groups).toMatchObject([{ says: "secret", runs: 1 }]);
});

test("commands of a batch can be looked for", async () => {
  const yard = await aYard();
  const lines = [
    [1, "echo one"],
    [3, "echo two, three"],
  ] as [number, string][];
  await yard.submit("", { work: { kind: "lines", lines } });
  await yard.ends(1);
  const params = { job: 1 };
  const found = await yard.client.call("runTable", { params, query: { where: 'command~"TWO, t"', sort: "-line" } });
  expect(found.runs.map((run) => run.command)).toEqual(["echo two, three"]);
  expect((await yard.client.call("runTable", { params, query: { where: "line<3" } })).matching).toBe(1);
});
