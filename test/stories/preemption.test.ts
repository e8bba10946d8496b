import { expect, test } from "vitest";
import type { JobId } from "../../src/core/run.ts";
import { wantStops } from "../../src/store/attempts.ts";
import { connectSqlite } from "../../src/store/dialect.ts";
import { aYard, type TestYard } from "../helpers/a_yard.ts";
import { until } from "../helpers/until.ts";

/** Asks for room as a policy will. The yard does not hear of it, but its agent asks every few seconds what is wanted. */
async function preempt(yard: TestYard, job: number, graceMs: number): Promise<number> {
  const { writer, close } = connectSqlite(`${yard.home}/yard.sqlite`);
  const stops = await wantStops(writer, [{ job: job as JobId, range: null }], "preempted", graceMs);
  await close();
  return stops.length;
}

test("a resumable run that makes room saves its state at SIGTERM, or is killed, and goes on from its checkpoint", async () => {
  const yard = await aYard({ slots: ["", ""] });
  const step = 'cat "$RUNYARD_CHECKPOINTS/step" 2>/dev/null';
  const well = `trap 'echo saved; echo "$RUNYARD_TRY" > "$RUNYARD_CHECKPOINTS/step"; exit 0' TERM; [ "$RUNYARD_TRY" = 1 ] || { ${step}; exit 0; }; echo ready; while :; do sleep 0.03; done`;
  const deaf = `trap '' TERM; [ "$RUNYARD_TRY" = 1 ] || { ${step}; exit 0; }; echo deaf > "$RUNYARD_CHECKPOINTS/step"; echo ready; while :; do sleep 0.03; done`;
  await yard.submit(well, { resumable: true });
  await yard.submit(deaf, { resumable: true });
  for (const job of [1, 2]) await until(async () => (await yard.output(job)) === "ready\n", "it is ready");
  expect([await preempt(yard, 1, 20_000), await preempt(yard, 2, 300)]).toEqual([1, 1]);
  expect(await yard.reaches(1, "succeeded")).toMatchObject({ attempts: 2, exitCode: 0 });
  expect(await yard.reaches(2, "succeeded")).toMatchObject({ attempts: 2, exitCode: 0 });
  expect([await yard.output(1), await yard.output(2)]).toEqual(["1\n", "deaf\n"]);
  const [saved, killed] = [(await yard.attempts(1))[0], (await yard.attempts(2))[0]];
  expect([saved, killed]).toMatchObject([
    { stopReason: "preempted", cause: { code: "exited" }, exitCode: 0 },
    { stopReason: "preempted", cause: { code: "signalled" }, exitCode: 137 },
  ]);
});

test("a run that does not say that it can be resumed makes room for nobody", async () => {
  const yard = await aYard();
  await yard.submit("until [ -e go ]; do sleep 0.03; done");
  await yard.reaches(1, "running");
  expect(await preempt(yard, 1, 0)).toBe(0);
});
