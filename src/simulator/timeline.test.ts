import { expect, test } from "vitest";
import { knownPolicies } from "../core/policies/known_policies.ts";
import { IDEAL, simulate } from "./simulate.ts";
import { meansOver, withTimeline } from "./timeline.ts";

const settings = { ...IDEAL, cluster: { gpus: 2 }, estimates: true };

function job(id: string, gpus: number, submittedAt: number, durationSeconds: number) {
  return { id, user: "", gpus, submittedAt, durationSeconds, priority: 30 };
}

test("what is held and who waits is written down at every deal", () => {
  const watched = withTimeline(knownPolicies["srtf"] ?? expect.fail());
  const trace = [job("long", 2, 0, 100), job("short", 1, 10, 20), job("other", 1, 20, 200)];
  const plain = simulate(trace, knownPolicies["srtf"] ?? expect.fail(), settings);
  expect(simulate(trace, watched, settings)).toEqual(plain);
  expect(watched.timeline).toEqual({
    at: [0, 10, 20, 30, 120, 310],
    held: [2, 1, 2, 2, 1, 0],
    waiting: [0, 1, 1, 1, 0, 0],
  });
});

test("means count how long a value held in each stretch", () => {
  expect(meansOver([0, 5, 20], [4, 1, 0], 0, 20, 2)).toEqual([2.5, 1]);
  expect(meansOver([100, 105, 120], [4, 1, 0], 90, 130, 4)).toEqual([0, 2.5, 1, 0]);
  expect(meansOver([0, 1, 2, 3, 4], [8, 0, 8, 0, 0], 0, 4, 1)).toEqual([4]);
});
