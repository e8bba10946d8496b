import { expect, test } from "vitest";
import { refuseToListen } from "./listen.ts";

function refusal(host: string, insecure = false): string | undefined {
  return refuseToListen({ host, insecure })?.refusal;
}

test.each(["127.0.0.1", "127.1.2.3", "::1", "localhost"])("a yard listens on %s", (host) => {
  expect(refusal(host)).toBeUndefined();
});

test.each([
  "0.0.0.0",
  "::",
  "192.168.0.7",
  "lab1",
  "127.evil.example",
  "127.0.0.1.evil.example",
])("a yard does not listen on %s in the clear, unless it is told that the network may read along", (host) => {
  expect(refusal(host)).toMatch(/its tokens could be read on the way\. Put a TLS proxy .*--insecure-http/);
  expect(refusal(host, true)).toBeUndefined();
});
