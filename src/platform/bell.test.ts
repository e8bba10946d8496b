import { expect, test } from "vitest";
import { openBell } from "./bell.ts";

const never = new AbortController().signal;

test("who waits is woken by the ring of his own key", async () => {
  const bell = openBell<number>();
  const waiting = bell.wait(1, bell.rings(1), 10_000, never);
  bell.ring(2);
  bell.ring(1);
  expect(await waiting).toBe(true);
});

test("a ring between looking and waiting is not missed", async () => {
  const bell = openBell<number>();
  const seen = bell.rings(1);
  bell.ring(1);
  expect(await bell.wait(1, seen, 10_000, never)).toBe(true);
});

test("a wait ends without a ring when its time is over, or when nobody waits any more", async () => {
  const bell = openBell<number>();
  expect(await bell.wait(1, 0, 1, never)).toBe(false);
  expect(await bell.wait(1, 0, 10_000, AbortSignal.abort())).toBe(false);
});
