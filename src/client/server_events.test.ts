import { expect, test } from "vitest";
import { readServerEvents } from "./server_events.ts";

async function* inPieces(text: string, length: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

test("events are read whole however the stream is cut, comments are passed over", async () => {
  const text =
    'id: 1-2\nevent: job\ndata: {"name":"ü"}\n\n: still here\n\nid: 1-3\nevent: run\ndata: a\ndata: b\n\nevent: torn\ndata: x';
  for (const length of [1, 2, 3, 7, 1000]) {
    const events = [];
    for await (const event of readServerEvents(inPieces(text, length))) events.push(event);
    expect(events).toEqual([
      { id: "1-2", event: "job", data: '{"name":"ü"}' },
      { id: "1-3", event: "run", data: "a\nb" },
    ]);
  }
});
