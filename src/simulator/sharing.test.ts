import { expect, test } from "vitest";
import { policyNamed } from "../core/policies/rules.ts";
import { figuresOf } from "./figures.ts";
import { IDEAL, type SimulationSettings, simulate } from "./simulate.ts";

/** So many jobs of a user that come at once, each for 100 s on one GPU. */
function jobs(user: string, count: number, submittedAt: number, gpus = 1) {
  return Array.from({ length: count }, (_, i) => {
    return { id: `${user}${i}`, user, gpus, submittedAt, durationSeconds: 100, priority: 30 };
  });
}

const usual: SimulationSettings = { ...IDEAL, cluster: { gpus: 4 }, estimates: false };
const fair = policyNamed("fair-share");

function startsOf(user: string, trace: ReturnType<typeof jobs>, settings: Partial<SimulationSettings>, policy = fair) {
  const ended = simulate(trace, policy, { ...usual, ...settings });
  return ended.filter(({ job }) => job.user === user).map(({ startedAt }) => startedAt);
}

test("who holds less comes first, however late", () => {
  const trace = [...jobs("ada", 8, 0), ...jobs("bob", 3, 50)];
  expect(startsOf("bob", trace, {})).toEqual([100, 100, 200]);
  expect(startsOf("bob", trace, { weights: { bob: 3 } })).toEqual([100, 100, 100]);
});

test("of equal shares the user comes first whose next job was submitted first", () => {
  const [first, second] = [jobs("ada", 2, 0), jobs("bob", 2, 0)];
  const [late, urgent] = first.map((job, at) => ({ ...job, priority: at === 0 ? 30 : 50 }));
  // Ada's urgent job, submitted last, and one of bob's start first; then it is about ada's other and bob's other.
  const trace = [late, ...second, urgent].flatMap((job) => job ?? []);
  const settings = { cluster: { gpus: 3 } };
  expect([startsOf("ada", trace, settings), startsOf("bob", trace, settings)]).toEqual([
    [0, 0],
    [0, 100],
  ]);
});

test("it is fair where users are served alike, however many jobs they have", () => {
  const fairnessOf = (trace: ReturnType<typeof jobs>, policy = fair) =>
    figuresOf(simulate(trace, policy, usual), 4).fairness;
  expect(fairnessOf([...jobs("ada", 2, 0), ...jobs("bob", 2, 0)])).toBe(1);
  const crowded = [...jobs("ada", 40, 0), ...jobs("bob", 4, 1)];
  // Ada's jobs wait 100, 200, … s; bob's wait for all of them under fifo.
  expect(fairnessOf(crowded, policyNamed("fifo"))).toBeLessThan(0.85);
  expect(fairnessOf(jobs("ada", 8, 0))).toBeCloseTo((4 + 4 / 2) ** 2 / (8 * (4 + 4 / 4)), 10);
});

test("whoever has had their GPU hours comes after the others, until the days on which they had them are over", () => {
  // Ada may have 400 GPU seconds, which her first four jobs are; her others wait for bob's.
  const quotas = { ada: 400 / 3600 };
  const trace = [...jobs("ada", 8, 0), ...jobs("bob", 8, 50)];
  const fifo = policyNamed("fifo");
  expect(startsOf("bob", trace, {}, fifo)).toEqual([200, 200, 200, 200, 300, 300, 300, 300]);
  expect(startsOf("bob", trace, { quotas }, fifo)).toEqual([100, 100, 100, 100, 200, 200, 200, 200]);
  expect(startsOf("ada", trace, { quotas }, fifo)).toEqual([0, 0, 0, 0, 300, 300, 300, 300]);
  // Once both have had theirs, they come as they were submitted.
  const alike = { quotas: { "*": 400 / 3600 } };
  expect(startsOf("bob", trace, alike, fifo)).toEqual([100, 100, 100, 100, 300, 300, 300, 300]);
  const month = 31 * 86_400;
  const later = [...jobs("ada", 4, 0), ...jobs("ada", 4, month), ...jobs("bob", 8, month)];
  expect(startsOf("ada", later, { quotas }, fifo).slice(4)).toEqual([month, month, month, month]);
});

test("where runs are stopped, those of whoever has had their hours make room as soon as they have", () => {
  const trace = [...jobs("ada", 1, 0, 4), ...jobs("bob", 1, 10, 4)];
  const srtf = policyNamed("srtf");
  expect(startsOf("bob", trace, { estimates: true }, srtf)).toEqual([100]);
  expect(startsOf("bob", trace, { estimates: true, quotas: { ada: 160 / 3600 } }, srtf)).toEqual([40]);
});

test("what is lent goes back when its owner comes, no more than is due to them, and its run goes on later", () => {
  const trace = [...jobs("ada", 4, 0), ...jobs("bob", 3, 50)];
  const settings = { givesBack: true };
  expect(startsOf("bob", trace, settings)).toEqual([50, 50, 150]);
  const ended = simulate(trace, fair, { ...usual, ...settings });
  expect(ended.map(({ preemptions }) => preemptions)).toEqual([0, 0, 1, 1, 0, 0, 0]);
  expect(startsOf("bob", trace, { ...settings, weights: { bob: 3 } })).toEqual([50, 50, 50]);
});

test("what somebody holds within their share nobody takes, nor what has just been got", () => {
  const trace = [...jobs("ada", 2, 0), ...jobs("bob", 2, 0), ...jobs("bob", 2, 10)];
  expect(startsOf("bob", trace, { givesBack: true })).toEqual([0, 0, 100, 100]);
  const late = [...jobs("ada", 4, 0), ...jobs("bob", 2, 50)];
  expect(startsOf("bob", late, { givesBack: true, minQuantumSeconds: 80 })).toEqual([80, 80]);
});

test("on machines too only as much goes back as is wanted", () => {
  const trace = [...jobs("ada", 4, 0), ...jobs("bob", 1, 50, 2)];
  const ended = simulate(trace, fair, { ...usual, cluster: { machines: 2, gpusEach: 2 }, givesBack: true });
  expect(ended.map(({ startedAt, preemptions }) => [startedAt, preemptions])).toEqual([
    [0, 0],
    [0, 0],
    [0, 1],
    [0, 1],
    [50, 0],
  ]);
});

test.each(["srtf", "las", "smallest"])("under %s a run that comes first gets no user beyond the limit", (name) => {
  const trace = [...jobs("ada", 1, 0, 3), ...jobs("ada", 1, 10, 2).map((job) => ({ ...job, priority: 50 }))];
  const settings = { ...usual, cluster: { gpus: 8 }, mostGpus: { ada: 4 }, estimates: true };
  const ended = simulate(trace, policyNamed(name), settings);
  expect(ended.map(({ startedAt, preemptions }) => [startedAt, preemptions])).toEqual([
    [0, 0],
    [100, 0],
  ]);
});

test.each([
  "fifo",
  "backfill",
  "fair-share",
  "srtf",
  "las",
])("under %s nobody holds more than they may, and keeps nobody else from the rest", (name) => {
  const trace = [...jobs("ada", 4, 0), ...jobs("bob", 2, 1), ...jobs("cleo", 4, 2)];
  const settings = { mostGpus: { ada: 1, "*": 2 }, estimates: true };
  const starts = (user: string) => startsOf(user, trace, settings, policyNamed(name));
  expect(starts("ada")).toEqual([0, 100, 200, 300]);
  expect(starts("bob")).toEqual([1, 1]);
  // One GPU is left beside ada's and bob's.
  expect(starts("cleo").slice(0, 2)).toEqual([2, 101]);
});
