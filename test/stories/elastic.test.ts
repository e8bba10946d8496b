import { expect, test } from "vitest";
import { aYard, type TestYard } from "../helpers/a_yard.ts";
import { until } from "../helpers/until.ts";

/**
 * Counts to `last`, by its rank 0, a step each time noted in `steps`; told to stop, it goes on from there the next time. With how
 * many workers it is at it stands in `sizes`, a line an attempt.
 */
function training(last: number): string {
  const report = `echo "{\\"t\\":1,\\"kind\\":\\"progress\\",\\"done\\":$i,\\"of\\":${last}}" >> "$RUNYARD_EVENTS"`;
  return `stop=; trap 'stop=1' TERM
    if [ "$RUNYARD_RANK" != 0 ]; then
      until [ -n "$stop" ] || [ -e done ]; do sleep 0.05; done; exit 0
    fi
    echo "$RUNYARD_WORLD_SIZE" >> sizes
    i=$(cat "$RUNYARD_CHECKPOINTS/i" 2>/dev/null || echo 0)
    while [ "$i" -lt ${last} ]; do
      i=$((i + 1)); echo "$i" >> steps; echo "$i" > "$RUNYARD_CHECKPOINTS/i"; ${report}
      [ -z "$stop" ] || exit 0
      sleep 0.05
    done
    touch done`;
}

const elastic = { resumable: true, demand: { workers: 1, mostWorkers: 4 } };

async function anOptimusYard(...rules: string[]): Promise<TestYard> {
  const yard = await aYard({ slots: ["", "", "", ""] });
  const { code } = await yard.cli(["pools", "set", "local", "--policy", "optimus", "--preempt-cost", "0", ...rules]);
  expect(code).toBe(0);
  return yard;
}

const lines = (yard: TestYard, file: string) => yard.read(file).split("\n").filter(Boolean).map(Number);

test("under optimus a run has as many workers as are worth it, makes room for others, and takes it back, losing no step", async () => {
  const yard = await anOptimusYard("--min-quantum", "0");
  await yard.submit(training(200), elastic);
  await until(() => lines(yard, "steps").length > 5, "it has begun");
  expect(lines(yard, "sizes")).toEqual([4]);
  expect((await yard.run(1)).workers.map(({ rank }) => rank)).toEqual([0, 1, 2, 3]);
  const other = "until [ -e go ]; do sleep 0.05; done";
  await yard.submit(other);
  await yard.submit(other);
  for (const job of [2, 3]) await yard.reaches(job, "running");
  await until(() => lines(yard, "sizes").length === 2, "it goes on with fewer");
  expect(lines(yard, "sizes")).toEqual([4, 2]);
  await yard.submit("touch go", { demand: { gpus: 0 }, priority: 90 });
  for (const job of [2, 3]) await yard.reaches(job, "succeeded");
  expect(await yard.reaches(1, "succeeded")).toMatchObject({ status: "succeeded" });
  const sizes = lines(yard, "sizes");
  expect(sizes.at(-1)).toBe(4);
  expect(lines(yard, "steps")).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
  const { attempts } = await yard.run(1);
  expect(attempts).toBe(sizes.length);
}, 120_000);

test("of a sweep as many runs as there is room for start first, with their least", async () => {
  const yard = await anOptimusYard("--min-quantum", "1h");
  const waiting = 'echo "$RUNYARD_WORLD_SIZE" >> sizes; until [ -e go ]; do sleep 0.05; done';
  await yard.cli([
    "run",
    "--yes",
    "--runs",
    "6",
    "--resumable",
    "--workers",
    "1-2",
    "--expect",
    "1h",
    "--",
    "sh",
    "-c",
    waiting,
  ]);
  await until(() => lines(yard, "sizes").length >= 4, "all slots are held");
  expect(lines(yard, "sizes")).toEqual([1, 1, 1, 1]);
  await yard.cli(["pools", "set", "local", "--policy", "backfill"]);
  await yard.submit("touch go", { priority: 90 });
  await yard.cli(["cancel", "1", "--grace", "0"]);
  await yard.ends(1);
  await yard.reaches(2, "succeeded");
}, 60_000);

test("where its pool's policy changes no numbers, it has its least; and whoever cannot go on later may have no range", async () => {
  const yard = await aYard({ slots: ["", ""] });
  await yard.submit('echo "$RUNYARD_WORLD_SIZE of $RUNYARD_HOSTS"', elastic);
  await yard.reaches(1, "succeeded");
  expect(await yard.output(1)).toBe("1 of 127.0.0.1\n");
  expect((await yard.cli(["show", "1"])).stdout).toMatch(/asks for +1 to 4 workers/);
  const refused = await yard.cli(["run", "--workers", "1-4", "--", "true"]);
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("Add --resumable")]);
  for (const wrong of ["4-1", "0-2", "1-", "1-2-3", "x"])
    expect((await yard.cli(["run", "--resumable", "--workers", wrong, "--", "true"])).code).toBe(2);
  await expect(yard.submit("true", { demand: { workers: 1, mostWorkers: 2 } })).rejects.toMatchObject({
    problem: { code: "bad_request", detail: expect.stringContaining("resumable") },
  });
});
