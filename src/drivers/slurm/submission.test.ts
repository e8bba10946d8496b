import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import type { Handed } from "../../core/assignment.ts";
import { batchesOf, type HandedAssignment, sbatchCommand, sbatchScript } from "./submission.ts";

const places = { yard: "yard1", home: "/spool/it's" };
const plan = { resources: [], options: [], env: "", array: null };

function attempt(n: number, handed: Partial<Handed> = {}, timeLimitMs: number | null = null): HandedAssignment {
  const demand = { gpus: null, cpus: null, memoryBytes: null };
  return {
    ...{ attempt: `1.${n}.1-a`, job: 1, n, snapshot: null, cwd: "/home/ada/my code", timeLimitMs, gang: null },
    handed: { plan, name: "train", demand, resumable: false, atMost: null, ticket: null, ...handed },
  } as HandedAssignment;
}

/** The words that sbatch gets. */
function wordsOf(attempts: HandedAssignment[]): string[] {
  const [batch] = batchesOf(attempts, 1001, () => "2-abc");
  if (!batch) throw new Error("there is no batch");
  const program = `sbatch() { printf '%s\\n' "$@"; }; env() { while [ "$1" != sbatch ]; do shift; done; "$@"; }`;
  const said = execFileSync("bash", ["-c", `${program}; ${sbatchCommand(batch, places)}`], { encoding: "utf8" });
  return said.trim().split("\n");
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

test("runs keep their numbers, in as many arrays as the site needs", () => {
  const runs = numbers(1, 25).map((n) => attempt(n));
  let batches = 0;
  const tasks = batchesOf(runs, 10, () => `2-${batches++}`).map((batch) => batch.tasks.map(({ task }) => task));
  expect(tasks).toEqual([numbers(1, 9), numbers(0, 9), numbers(0, 5)]);
});

test("numbers that a script has chosen are its own; one run alone is no array", () => {
  const own = { plan: { ...plan, array: [40, 7] } };
  expect(wordsOf([attempt(1, own), attempt(2, own)])).toContain("--array=7,40");
  expect(wordsOf([attempt(3)]).filter((word) => word.startsWith("--array"))).toEqual([]);
});

test("sbatch is told whose task it is, where it works, and how many at once", () => {
  const words = wordsOf([1, 2, 3, 5].map((n) => attempt(n, { atMost: 2, name: "a\nb" })));
  expect(words).toEqual(
    expect.arrayContaining([
      "--comment=runyard:yard1:2-abc",
      "--array=1-3,5%2",
      "--chdir=/home/ada/my code",
      "--job-name=a b",
      "--no-requeue",
    ]),
  );
});

test("what its user says stands last; a resumable run is warned in time", () => {
  expect(wordsOf([attempt(1, { plan: { ...plan, options: [["partition", "big one"]] } })]).at(-1)).toBe(
    "--partition=big one",
  );
  expect(wordsOf([attempt(1, { resumable: true }, 60_000)])).toContain("--signal=B:USR1@15");
  expect(wordsOf([attempt(1, { resumable: true })])).toContain("--signal=B:USR1@90");
});

test("the script has the pool's lines, and nothing of the run but the way to its launcher", () => {
  const resources: [string, string | null][] = [
    ["gres", "gpu:1"],
    ["exclusive", null],
  ];
  const [batch] = batchesOf([attempt(1, { plan: { ...plan, resources } })], 1001, () => "2-abc");
  const script = batch ? sbatchScript(batch, places) : "";
  expect(script).toMatch(/^#!\/bin\/bash\n#SBATCH --gres=gpu:1\n#SBATCH --exclusive\n\n/);
  expect(script).not.toContain("my code");
  expect(() => execFileSync("bash", ["-n"], { input: script })).not.toThrow();
});
