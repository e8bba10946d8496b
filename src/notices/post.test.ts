import { expect, test } from "vitest";
import { aReceiver } from "../../test/helpers/a_receiver.ts";
import { post } from "./post.ts";

const signal = new AbortController().signal;

test("a post goes to the address that was looked at, whatever the name leads to, and names the host", async () => {
  const receiver = await aReceiver();
  const url = `http://hooks.example.invalid:${receiver.port}/x`;
  const outcome = await post({ url, addresses: ["127.0.0.1"], headers: { "x-y": "z" }, body: "{}", signal });
  expect(outcome).toEqual({ kind: "told" });
  expect(receiver.received).toMatchObject([
    { path: "/x", body: "{}", headers: { host: `hooks.example.invalid:${receiver.port}`, "x-y": "z" } },
  ]);
});

test.each([
  [200, "told", false],
  [204, "told", false],
  [301, "failed", true],
  [400, "failed", false],
  [404, "failed", false],
  [410, "failed", true],
  [429, "failed", false],
  [503, "failed", false],
])("an answer of %i means: %s, for good: %s", async (status, kind, isFinal) => {
  const receiver = await aReceiver((response) => response.writeHead(status, { location: "/elsewhere" }).end("x"));
  const outcome = await post({ url: `${receiver.url}/`, addresses: ["127.0.0.1"], headers: {}, body: "{}", signal });
  expect(outcome).toMatchObject(kind === "told" ? { kind } : { kind, isFinal });
  expect(receiver.received).toHaveLength(1);
});

test("what is no web server, and what breaks off, has failed for now", async () => {
  const receiver = await aReceiver((response) => response.destroy());
  const to = { addresses: ["127.0.0.1"], headers: {}, body: "{}", signal };
  expect(await post({ url: `${receiver.url}/`, ...to })).toMatchObject({ kind: "failed", isFinal: false });
  expect(await post({ url: `https://127.0.0.1:${receiver.port}/`, ...to })).toMatchObject({
    kind: "failed",
    isFinal: false,
  });
});

test("who no longer waits gets an answer at once", async () => {
  const hanging = await aReceiver(() => {});
  const control = new AbortController();
  const posted = post({ url: hanging.url, addresses: ["127.0.0.1"], headers: {}, body: "{}", signal: control.signal });
  await hanging.has(1);
  control.abort();
  expect(await posted).toMatchObject({ kind: "failed" });
});
