import { expect, test } from "vitest";
import { lastSight, openPresence, SILENCE_MS } from "./presence.ts";

const LOOK_MS = 1000;

test("a machine that has been silent for its lease is unreachable since it was last heard", () => {
  const presence = openPresence();
  presence.heard(1, 0);
  for (let now = 0; now <= SILENCE_MS + LOOK_MS; now += LOOK_MS) presence.looked(now);
  expect(presence.of(1)).toEqual({ seenAt: 0, unreachableSince: 0, trouble: null });
  presence.heard(1, 60_000);
  expect(presence.of(1)).toEqual({ seenAt: 60_000, unreachableSince: null, trouble: null });
});

test("time in which the yard itself slept is no silence of others", () => {
  const presence = openPresence();
  presence.heard(1, 0);
  presence.looked(0);
  presence.looked(8 * 3_600_000);
  expect(presence.of(1).unreachableSince).toBeNull();
});

test("a machine that was never heard is neither seen nor unreachable", () => {
  expect(openPresence().of(7)).toEqual({ seenAt: null, unreachableSince: null, trouble: null });
});

test("what keeps a machine's agent from speaking is known until it speaks", () => {
  const presence = openPresence();
  presence.troubled(1, "its agent does not start");
  expect(presence.of(1)).toEqual({ seenAt: null, unreachableSince: null, trouble: "its agent does not start" });
  presence.heard(1, 5);
  expect(presence.of(1).trouble).toBeNull();
});

test("a machine that only an earlier yard has heard is unreachable since then; one that nobody has heard is not", () => {
  const presence = openPresence();
  const unseen = presence.of(1);
  expect(lastSight(unseen, 7)).toEqual({ seenAt: 7, unreachableSince: 7, trouble: null });
  expect(lastSight(unseen, null)).toEqual({ seenAt: null, unreachableSince: null, trouble: null });
  presence.heard(1, 9);
  expect(lastSight(presence.of(1), 7)).toEqual({ seenAt: 9, unreachableSince: null, trouble: null });
});
