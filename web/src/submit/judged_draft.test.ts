import { expect, test } from "vitest";
import { type Draft, emptyDraft } from "./draft.ts";
import { judgeDraft } from "./judged_draft.ts";

function judged(wishes: Partial<Draft>) {
  return judgeDraft({ ...emptyDraft, ...wishes });
}

const parameters = [
  { key: 1, name: "lr", values: "0.1, 0.01" },
  { key: 2, name: "seed", values: "1..3" },
];

test("a sweep is counted, its first commands are shown, and so is the line that does the same", () => {
  const { total, preview, line, submissions, mistakes } = judged({
    command: "python3 train.py --lr={lr}",
    parameters,
    options: { gpus: "2", "time-limit": "90m", tag: "old, digits" },
    pools: ["lab", "local"],
  });
  expect([...mistakes]).toEqual([]);
  expect(total).toBe(6);
  expect(preview[0]).toBe("python3 train.py --lr=0.1 --seed=1");
  expect(line).toBe(
    "runyard sweep --set lr=0.1,0.01 --set seed=1..3 --gpus 2 --on lab,local --time-limit 1h30m --tag old --tag digits -- python3 train.py '--lr={lr}'",
  );
  expect(submissions).toMatchObject([{ pool: "lab,local", demand: { gpus: 2 }, timeLimitMs: 5_400_000 }]);
});

test("each mistake stands by its field, and nothing is sent", () => {
  const { mistakes, submissions } = judged({
    command: "true",
    parameters: [
      { key: 7, name: "lr", values: "1...5" },
      { key: 8, name: "2bad", values: "1" },
    ],
    options: { gpus: "many", memory: "24 apples", workers: "4-1", after: "last" },
    code: { kind: "folder", path: "project" },
    variables: "RUNYARD_RUN=1\nNOVALUE",
  });
  expect([...mistakes.keys()].sort()).toEqual([
    "after",
    "folder",
    "gpus",
    "memory",
    "parameter-7",
    "parameter-8",
    "variables",
    "workers",
  ]);
  expect(submissions).toEqual([]);
});

test("what is not there yet is missing, and no mistake", () => {
  const { mistakes, missing, total, line } = judged({ code: { kind: "upload", snapshot: null, text: "" }, pools: [] });
  expect(mistakes.size).toBe(0);
  expect([...missing.keys()].sort()).toEqual(["command", "pools", "upload"]);
  expect([total, line]).toEqual([null, null]);
});

test("options that do not go together are told by one of them", () => {
  expect([...judged({ command: "true", options: { workers: "1-4" } }).mistakes.keys()]).toEqual(["workers"]);
  expect([...judged({ command: "true", options: { gpus: "0", "gpu-memory": "24G" } }).mistakes.keys()]).toEqual([
    "gpus",
  ]);
  expect([...judged({ command: "true", options: { seed: "3" } }).mistakes.keys()]).toEqual(["seed"]);
  expect([...judged({ command: "true", parameters, options: { exclude: "lr=7" } }).mistakes.keys()]).toEqual([
    "parameters",
  ]);
});

test("several jobs in a text are each a job, in their order, and share what is said below", () => {
  const { submissions, total, line, preview } = judged({
    kind: "text",
    text: "a;;/tmp/a.out;;python3 a.py --x 1;;;\nb;;/tmp/b.out;;echo $HOME;;;",
    options: { priority: "50" },
  });
  expect(total).toBe(2);
  expect(submissions.map(({ name, out, priority }) => [name, out, priority])).toEqual([
    ["a", "/tmp/a.out", 50],
    ["b", "/tmp/b.out", 50],
  ]);
  expect(preview).toEqual(["python3 a.py --x 1", "echo $HOME"]);
  expect(line?.split("\n")).toEqual([
    "runyard run --name a --priority 50 --out /tmp/a.out -- python3 a.py --x 1",
    "runyard run --name b --priority 50 --out /tmp/b.out 'echo $HOME'",
  ]);
});

test("a text with a mistake makes nothing at all, and each is told with its place", () => {
  const { submissions, textMistakes, total } = judged({ kind: "text", text: "true\necho 'open\n" });
  expect([submissions, total]).toEqual([[], null]);
  expect(textMistakes.map(({ line, column }) => [line, column])).toEqual([[2, 1]]);
});
