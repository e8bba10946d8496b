import fc from "fast-check";
import { expect, test } from "vitest";
import { formatTarget, formatWish, isNoTarget, maskedTarget, parseTarget, parseWish } from "./notice_target.ts";

test.each([
  ["email:ada@example.org", "email:ada@example.org"],
  ["email:Ada.L+x@EXAMPLE.org", "email:Ada.L+x@example.org"],
  ["email:root@localhost", "email:root@localhost"],
  ["webhook:https://hooks.example.org", "webhook:https://hooks.example.org/"],
  ["slack:HTTPS://hooks.slack.com/services/T/B/x?y=1", "slack:https://hooks.slack.com/services/T/B/x?y=1"],
  ["webhook:http://10.0.0.1:8080/x", "webhook:http://10.0.0.1:8080/x"],
  ["command:pager", "command:pager"],
])("%s is a target", (text, formatted) => {
  const target = parseTarget(text);
  expect(isNoTarget(target) ? target.misread : formatTarget(target)).toBe(formatted);
});

test.each([
  "",
  "me",
  "email:",
  "email:ada",
  "email:ada@",
  "email:ada@example.org,bob@example.org",
  "email:ada@example.org\nBcc: eve@example.org",
  "email:ada@example.org\r\nRCPT TO:<eve@example.org>",
  'email:"ada eve"@example.org',
  "email:Ada <ada@example.org>",
  "email:ada@exa mple.org",
  "email:@example.org:ada@example.net",
  "email:ada..b@example.org",
  `email:ada@${"a".repeat(260)}`,
  "webhook:ftp://example.org/",
  "webhook:file:///etc/passwd",
  "webhook:example.org",
  "webhook:https://ada:pw@example.org/",
  "webhook:https://example.org/#x",
  "webhook:https://exa\nmple.org/",
  "webhook:https://example.org\\@evil.example/",
  "slack:https://hooks.slack.com/…",
  `slack:https://example.org/${"a".repeat(3000)}`,
  "command:",
  "command:../x",
  "command:a b",
  "toString:x",
])("%j is none", (text) => {
  expect(isNoTarget(parseTarget(text))).toBe(true);
});

const targets = fc.oneof(
  fc.emailAddress().map((address) => `email:${address}`),
  fc.webUrl({ withQueryParameters: true }).map((url) => `webhook:${url}`),
  fc.webUrl().map((url) => `slack:${url}`),
  fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,20}$/).map((name) => `command:${name}`),
);

test("a target that is written out is read as the same one", () => {
  fc.assert(
    fc.property(targets, (text) => {
      const target = parseTarget(text);
      fc.pre(!isNoTarget(target));
      expect(parseTarget(formatTarget(target))).toEqual(target);
    }),
  );
});

test("nothing that is taken holds a control, a space or the end of a line", () => {
  const hostile = fc
    .tuple(targets, fc.nat(80), fc.constantFrom("\n", "\r", "\0", "\t", " ", "\u2028", "\u202e", ",", "<", ">"))
    .map(([text, at, insert]) => text.slice(0, at) + insert + text.slice(at));
  fc.assert(
    fc.property(fc.oneof(hostile, fc.string({ unit: "binary" })), (text) => {
      const target = parseTarget(text);
      if (!isNoTarget(target)) expect(formatTarget(target)).not.toMatch(/[\s\p{Cc}\p{Cf}]/u);
    }),
    { numRuns: 1000 },
  );
});

test("what is shown of a web address tells whose it is, and not its secret", () => {
  const target = parseTarget("slack:https://hooks.slack.com/services/T0/B0/canary?token=canary");
  expect(isNoTarget(target) ? "" : maskedTarget(target)).toBe("slack:https://hooks.slack.com/…");
  // What a list shows is not taken for the address itself.
  expect(isNoTarget(parseTarget("slack:https://hooks.slack.com/…"))).toBe(true);
});

test.each([
  ["", "me"],
  ["me", "me"],
  ["failed", "failed=me"],
  ["failed=me", "failed=me"],
  ["email:ada@example.org", "email:ada@example.org"],
  ["failed=email:ada@example.org", "failed=email:ada@example.org"],
])("the wish %j is %s", (text, formatted) => {
  const wish = parseWish(text);
  expect(isNoTarget(wish) ? wish.misread : formatWish(wish)).toBe(formatted);
});

test.each(["failed=", "python", "ended=me", "failed=failed", "true"])("%j is no wish", (text) => {
  expect(isNoTarget(parseWish(text))).toBe(true);
});
