import { expect, test } from "vitest";
import { readServerEvents } from "../../src/client/server_events.ts";
import { httpStream } from "../../src/platform/http.ts";
import { aYard, type TestYard } from "../helpers/a_yard.ts";

interface Heard {
  /** `event status`, e.g. `run succeeded`; only the event where it carries no state. */
  events: string[];
  /** The jobs that were told of. */
  jobs: number[];
  lastId: string;
}

/** Listens to a job's events (null: all jobs'), from where an earlier listening ended, until one of them is `last`, or so many. */
async function listen(
  yard: TestYard,
  job: number | null,
  last: string,
  lastId: string | null = null,
  times = 1,
): Promise<Heard> {
  const stream = await httpStream({
    method: "GET",
    url: `${yard.url()}/api/v1/events${job === null ? "" : `?job=${job}`}`,
    headers: { authorization: `Bearer ${yard.token()}`, ...(lastId !== null && { "last-event-id": lastId }) },
    silenceMs: 20_000,
  });
  const heard: Heard = { events: [], jobs: [], lastId: "" };
  for await (const { id, event, data } of readServerEvents(stream)) {
    const { status, id: name } = JSON.parse(data);
    if (event === "job") heard.jobs.push(name);
    heard.events.push(status === undefined ? event : `${event} ${status}`);
    heard.lastId = id ?? heard.lastId;
    if (heard.events.filter((one) => one === last).length === times) break;
  }
  stream.destroy();
  return heard;
}

test("who was cut off hears, on coming back with the last id, what happened meanwhile and nothing again", async () => {
  const yard = await aYard();
  await yard.submit("until [ -e go ]; do sleep 0.02; done", { paused: true });
  const first = await listen(yard, 1, "hello");
  await yard.client.call("resume", { body: { select: "1" } });
  await yard.reaches(1, "running");
  const second = await listen(yard, 1, "job running", first.lastId);
  expect(second.events).toEqual(["hello", "run running", "job running"]);
  await yard.client.call("cancel", { body: { select: "1", graceMs: 0 } });
  await yard.reaches(1, "cancelled");
  const third = await listen(yard, 1, "job cancelled", second.lastId);
  expect(third.events).toEqual(["hello", "run cancelled", "job cancelled"]);
});

test("after a restart of the yard, and with an id that was never given, one is told to look at everything anew", async () => {
  const yard = await aYard();
  await yard.submit("true");
  await yard.ends(1);
  const { lastId } = await listen(yard, 1, "hello");
  await yard.killYard();
  await yard.start();
  for (const id of [lastId, "0-0", "99999999999-1", "-", "x"]) {
    expect((await listen(yard, 1, "hello", id)).events, id).toEqual(["reset", "hello"]);
  }
});

test("who was cut off in the middle of a bundle of events hears the rest of it", async () => {
  const yard = await aYard();
  for (let i = 0; i < 3; i += 1) await yard.submit("true", { paused: true });
  const { lastId } = await listen(yard, null, "hello");
  await yard.client.call("cancel", { body: { select: "all" } });
  const first = await listen(yard, null, "job cancelled", lastId);
  const again = await listen(yard, null, "job cancelled", first.lastId, 3);
  expect(first.jobs).toEqual([1]);
  expect(again.jobs).toEqual([1, 2, 3]);
  const after = listen(yard, null, "job queued", again.lastId);
  await yard.submit("true", { paused: true });
  expect((await after).jobs).toEqual([4]);
});
