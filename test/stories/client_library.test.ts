import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { surveyFolder } from "../../src/snapshots/survey_folder.ts";
import { takeSnapshot } from "../../src/snapshots/take_snapshot.ts";
import { aYard, type TestYard } from "../helpers/a_yard.ts";
import { until } from "../helpers/until.ts";

const digits = fileURLToPath(new URL("../../examples/digits", import.meta.url));

/** Runs a Python script, written to the yard's folder, once for each value of a parameter. */
function python(yard: TestYard, script: string, wishes: Parameters<TestYard["submit"]>[1] = {}, values = ["1"]) {
  writeFileSync(`${yard.folder}/script.py`, script);
  const axis = { name: "x", values: { kind: "list" as const, values: values.map((text) => ({ text, json: text })) } };
  const command = { kind: "argv" as const, argv: ["python3", "script.py"] };
  return yard.submit("", { work: { kind: "command", command, space: { axes: [axis] } }, ...wishes });
}

test("progress, metrics and results come from the script to the yard, with nothing installed", async () => {
  const yard = await aYard();
  const job = await python(
    yard,
    `import runyard
p = runyard.params(x=0.0)
for step in range(5):
    runyard.metric(step, loss=1.0 / (step + 1), odd=float("nan"))
    runyard.progress(step + 1, 5)
runyard.log("all steps done")
runyard.result(accuracy=p.x * 2, best=float("inf"))`,
    {},
    ["0.10", "2"],
  );
  await yard.ends(job.id);
  expect(await yard.run("1.1")).toMatchObject({
    status: "succeeded",
    command: "python3 script.py --x=0.10",
    params: { x: 0.1 },
    paramsText: { x: "0.10" },
    progress: { done: 5, of: 5 },
    metrics: { loss: 0.2, odd: "NaN" },
    result: { accuracy: 0.2, best: "Infinity" },
  });
  const { points, texts, skipped } = await yard.client.call("runMetrics", { params: { job: 1, n: 1 } });
  expect(points.map(({ step, values }) => [step, values["odd"]])).toEqual([0, 1, 2, 3, 4].map((step) => [step, "NaN"]));
  expect(texts.map(({ text }) => text)).toEqual(["all steps done"]);
  expect(skipped).toBe(0);
  expect((await yard.cli(["metrics", "1.1"])).stdout).toContain("all steps done");
  const sorted = await yard.client.call("results", { params: { job: 1 }, query: { sort: "-accuracy" } });
  expect(sorted.runs.map((run) => run.id)).toEqual(["1.2", "1.1"]);
});

test("what a run tells is seen while it runs", async () => {
  const yard = await aYard();
  await python(
    yard,
    "import runyard, os, time\nrunyard.progress(1, 4)\nwhile not os.path.exists('go'): time.sleep(.02)",
  );
  await until(async () => (await yard.run(1)).progress?.done === 1, "the progress has arrived");
  expect((await yard.run(1)).status).toBe("running");
  writeFileSync(`${yard.folder}/go`, "");
  await yard.reaches(1, "succeeded");
});

test("checkpoints survive from one attempt to the next, and after the last", async () => {
  const yard = await aYard();
  await python(
    yard,
    `import runyard, sys
place = runyard.checkpoints() / "epoch"
epoch = int(place.read_text()) if place.exists() else 0
print("from", epoch)
place.write_text(str(epoch + 1))
sys.exit(0 if epoch == 2 else 1)`,
    { retries: 5 },
  );
  expect(await yard.reaches(1, "succeeded")).toMatchObject({ attempts: 3 });
  expect(await yard.output(1)).toBe("from 2\n");
});

test("a run in a snapshot sees the code as it was submitted, and what it makes is kept apart", async () => {
  const yard = await aYard();
  writeFileSync(`${yard.folder}/code.sh`, "echo before > made.txt; cat code.sh; ls data; echo more >> notes.md\n");
  writeFileSync(`${yard.folder}/notes.md`, "mine\n");
  mkdirSync(`${yard.folder}/data`);
  writeFileSync(`${yard.folder}/data/big`, "");
  writeFileSync(`${yard.folder}/.gitignore`, "data/\n");
  const survey = await surveyFolder(yard.folder, { avoid: [yard.home] });
  if (!survey.ok) throw new Error("the folder cannot be surveyed");
  const taken = await takeSnapshot(survey.value, `${yard.home}/files/snapshots`);
  if (!taken.ok) throw new Error("the snapshot cannot be taken");
  await yard.client.call("pause", { body: { select: "all" } });
  await yard.submit("sh code.sh", { snapshot: taken.value.id });
  writeFileSync(`${yard.folder}/code.sh`, "echo after");
  await yard.client.call("resume", { body: { select: "all" } });
  await yard.reaches(1, "succeeded");
  expect(await yard.output(1)).toMatch(/^echo before.*\nbig\n$/s);
  expect(existsSync(`${yard.folder}/made.txt`)).toBe(false);
  expect(yard.read("notes.md")).toBe("mine\n");
  const [attempt] = await yard.attempts(1);
  const results = attempt?.results;
  expect(readFileSync(`${results}/made.txt`, "utf8")).toBe("before\n");
  expect(readFileSync(`${results}/notes.md`, "utf8")).toBe("mine\nmore\n");
});

test("of a run in a snapshot only its outputs are results, and its folder stays where that is asked for", async () => {
  const yard = await aYard();
  writeFileSync(`${yard.folder}/code.txt`, "code\n");
  const args = ["run", "--snapshot", "--outputs", "out/*.txt", "--outputs", "model", "--keep", "--wait"];
  const text =
    "mkdir -p out/deep model; echo 1 > out/a.txt; echo 2 > out/deep/b.txt; echo 3 > out/c.bin; echo 4 > model/d; echo 5 > e";
  expect((await yard.cli([...args, text])).code).toBe(0);
  const [attempt] = await yard.attempts(1);
  const files = (folder: string) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .flatMap((one) => (one.isFile() ? [one.name] : []))
      .sort();
  expect(files(attempt?.results ?? "")).toEqual(["a.txt", "b.txt", "d"]);
  await until(() => existsSync(`${attempt?.stays}/0/work`), "its folder is where it stays");
  expect(files(`${attempt?.stays}/0/work`)).toEqual(["a.txt", "b.txt", "c.bin", "code.txt", "d", "e"]);
  const refused = await yard.cli(["run", "--outputs", "../x", "--", "true"]);
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("within the run's work folder")]);
});

test("the example's sweep learns real digits, goes on from a checkpoint, and says which parameters are best", async () => {
  const yard = await aYard({ slots: ["", ""] });
  cpSync(digits, `${yard.folder}/digits`, { recursive: true });
  symlinkSync("/nowhere", `${yard.folder}/unrelated`);
  const values = (texts: string[]) => ({ kind: "list" as const, values: texts.map((text) => ({ text, json: text })) });
  const axes = [
    { name: "lr", values: values(["0.1", "0.001"]) },
    { name: "epochs", values: values(["3"]) },
  ];
  const command = { kind: "argv" as const, argv: ["python3", "digits/train.py"] };
  await yard.submit("", { work: { kind: "command", command, space: { axes } } });
  expect((await yard.ends(1)).status).toBe("succeeded");
  const { runs } = await yard.client.call("results", { params: { job: 1 }, query: { sort: "-accuracy" } });
  expect(runs.map((run) => run.paramsText["lr"])).toEqual(["0.1", "0.001"]);
  expect(runs[0]?.result["accuracy"]).toBeGreaterThan(0.8);
});
