import { expect, test } from "vitest";
import { type EndedRun, type HeldTry, livedRun, type Release } from "./history.ts";
import { parseSelectors } from "./selector.ts";

function aTry(assignedAt: number, endedAt: number, said: Partial<HeldTry> = {}): HeldTry {
  return { assignedAt, startedAt: assignedAt + 1, endedAt, gpus: 1, isPreempted: false, pool: "local", ...said };
}

/** Run 12.3 of five, submitted at 100. */
function aRun(tries: HeldTry[], said: Partial<EndedRun> = {}): EndedRun {
  return { job: 12, n: 3, total: 5, submittedAt: 100, waitedFor: [], tries, ...said };
}

function release(action: Release["action"], at: number, target: string, added = 0): Release {
  return { action, at, meant: parseSelectors(target) ?? [], added };
}

const couldStart = (run: EndedRun, ...releases: Release[]) => livedRun(run, releases)?.couldStartAt;

test("a run is served over all its tries, from the first start to the last end", () => {
  const tries = [aTry(200, 301, { isPreempted: true }), aTry(400, 451, { gpus: 2 })];
  expect(livedRun(aRun(tries), [])).toMatchObject({
    couldStartAt: 100,
    startedAt: 201,
    endedAt: 451,
    servedMs: 150,
    preemptions: 1,
    gpus: 2,
  });
  expect(livedRun(aRun([]), [])).toBeNull();
});

test("a run could not start before what it waited for had ended, nor before its job was resumed", () => {
  const run = aRun([aTry(200, 300)], { waitedFor: [120, 150] });
  expect(couldStart(run)).toBe(150);
  expect(couldStart(run, release("resume", 180, "12"), release("resume", 250, "12"))).toBe(180);
  expect(couldStart(run, release("resume", 180, "all"))).toBe(180);
  expect(couldStart({ ...run, waitedFor: [900] })).toBe(201);
});

test("a run that came to its sweep later could not start before", () => {
  const extensions = [release("extend", 150, "12", 2), release("extend", 170, "12", 1)];
  const at = (n: number) => couldStart(aRun([aTry(200, 300)], { n }), ...extensions);
  expect([1, 2, 3, 4, 5].map(at)).toEqual([100, 100, 150, 150, 170]);
});

test("what a run did before somebody had it tried again is not counted", () => {
  const tries = [aTry(200, 300), aTry(600, 650)];
  expect(livedRun(aRun(tries), [release("retry", 500, "12")])).toMatchObject({ couldStartAt: 500, servedMs: 49 });
  expect(livedRun(aRun(tries), [release("retry", 500, "12.1-3")])).toMatchObject({ servedMs: 49 });
  for (const other of [release("retry", 500, "12.4"), release("retry", 250, "12"), release("retry", 700, "12")])
    expect(livedRun(aRun(tries), [other])).toMatchObject({ couldStartAt: 100, servedMs: 148 });
});
