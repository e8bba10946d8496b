import { expect, test } from "vitest";
import { aStore, type Steered } from "../../../test/conformance/store/a_store.ts";
import { sqlite } from "../../../test/conformance/store/place.ts";
import { UNKNOWN_HARDWARE } from "../../core/machine.ts";
import { openPending } from "../../core/pending.ts";
import { openPresence } from "../../core/presence.ts";
import type { Report } from "../../core/report.ts";
import type { Ending } from "../../core/run.ts";
import { openDesk } from "../../dispatch/desk.ts";
import { openUses } from "../../dispatch/uses.ts";
import { openWorks } from "../../dispatch/works.ts";
import type { Files } from "../../files/open_files.ts";
import { openBell } from "../../platform/bell.ts";
import { systemClock } from "../../platform/clock.ts";
import type { Yard } from "../yard.ts";
import { agentHandlers } from "./agents.ts";

/** The doors for agents on a real store; `disk` resolves when output that comes with a report is on disk. */
function doorsOf({ store }: Steered, disk: Promise<void>) {
  const append = async (job: number, chunks: Buffer[]) => {
    await disk;
    return { ok: true, value: chunks.map((chunk, at) => ({ job, offset: at, length: chunk.length })) };
  };
  const files = { append } as unknown as Files;
  const [presence, pending, works, clock] = [openPresence(), openPending(), openWorks(store.read), systemClock];
  const uses = openUses(store, clock, () => {});
  const desk = openDesk({ yardId: "yard1", store, files, works, uses, presence, pending, clock, log: () => {} });
  const yard = { id: "yard1", epoch: 1, store, clock, presence, bell: openBell<number>(), desk, files };
  const handlers = agentHandlers(yard as unknown as Yard);
  const words = (body: object) => ({ params: { machine: "lab1" }, query: {}, body, signal: AbortSignal.timeout(9000) });
  return {
    hello: (agent: string) =>
      handlers.hello(
        words({ agent, machine: "lab1", hardware: UNKNOWN_HARDWARE, bootId: "b", host: "h", spool: "/s" }) as never,
      ),
    report: (agent: string, ...reports: Report[]) => handlers.report(words({ agent, epoch: 1, reports }) as never),
  };
}

function anEnd(attempt: string, ending: Ending, output = ""): Report {
  return {
    kind: "ended",
    attempt,
    startedAt: 1,
    endedAt: 2,
    ending,
    timeLimitMs: null,
    out: output === "" ? { kind: "none" } : { kind: "inline", base64: Buffer.from(output).toString("base64") },
    err: { kind: "none" },
    events: { kind: "none" },
    symptom: null,
    memoryPeakBytes: null,
    gpuMemoryPeakBytes: null,
  };
}

test("what a killed agent said last is taken in, but not that something never began: the next one may have been given it", async () => {
  const steered = await aStore(sqlite);
  const job = await steered.submit({
    work: {
      kind: "lines",
      lines: [
        [1, "true"],
        [2, "true"],
      ],
    },
    total: 2,
  });
  const [ended, unbegun] = await steered.assign(job, 2);
  if (!ended || !unbegun) throw new Error("two runs wait");
  const disk = Promise.withResolvers<void>();
  const doors = doorsOf(steered, disk.promise);
  await doors.hello("agent-one");
  const last = doors.report(
    "agent-one",
    anEnd(ended.id, { kind: "exited", exitCode: 0 }, "output"),
    anEnd(unbegun.id, { kind: "never_began" }),
  );
  expect(await doors.hello("agent-two")).toMatchObject({
    attempts: [{ attempt: ended.id }, { attempt: unbegun.id }],
  });
  disk.resolve();
  expect(await last).toEqual({ kept: [ended.id] });
  expect(await steered.counts(job)).toEqual({ succeeded: 1, running: 1 });
  expect(await doors.report("agent-two", anEnd(unbegun.id, { kind: "exited", exitCode: 0 }))).toEqual({
    kept: [unbegun.id],
  });
  expect(await steered.counts(job)).toEqual({ succeeded: 2 });
});
