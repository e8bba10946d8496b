import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { isRunning } from "../../test/helpers/processes_of.ts";
import { until } from "../../test/helpers/until.ts";
import { openLocalHost } from "./local.ts";

function aHost(environment: Record<string, string> = {}) {
  const host = openLocalHost({ PATH: process.env["PATH"], ...environment });
  onTestFinished(() => host.close());
  return host;
}

test("a script is run to its end, however long it is, with the variables that were given and no others", async () => {
  const script = `${"# filler\n".repeat(50_000)}echo "$GIVEN|\${HOME-}"; cat; echo said >&2; exit 3`;
  const ran = await aHost({ GIVEN: "a  b" }).run(script, { input: "its own\n" });
  expect(ran).toMatchObject({ ok: true, value: { kind: "exited", code: 3, stderr: "said\n", truncated: false } });
  expect(ran.ok && ran.value.stdout.toString()).toBe("a  b|\nits own\n");
});

test("what takes too long is killed, with all that it has started", async () => {
  const ran = await aHost().run("sleep 100 & echo $!; wait", { deadlineMs: 300 });
  expect(ran).toMatchObject({ ok: true, value: { kind: "timed_out" } });
  const sleeper = Number(ran.ok && ran.value.stdout.toString());
  await until(() => !isRunning(sleeper), "what it started is gone");
});

test("nothing of what it has printed is missing, however much that is", async () => {
  const ran = await aHost().run("yes 123456789 | head -c 3000000");
  expect(ran.ok && ran.value.stdout.length).toBe(3_000_000);
});

test("what has left its group and holds its streams keeps nobody waiting beyond the deadline", async () => {
  const ran = await aHost().run("setsid sleep 100 & echo $!", { deadlineMs: 500 });
  expect(ran).toMatchObject({ ok: true, value: { kind: "timed_out" } });
  process.kill(Number(ran.ok && ran.value.stdout.toString()), "SIGKILL");
});

test("more output than is wanted is told to be cut", async () => {
  const ran = await aHost().run("yes | head -c 100000", { maxOutputBytes: 10 });
  expect(ran).toMatchObject({ ok: true, value: { code: 0, truncated: true } });
});

test("an open script is spoken to, and its end is told", async () => {
  const opened = await aHost().open('while read -r line; do echo "<$line>"; done; exit 7');
  if (!opened.ok) throw new Error(opened.problem.text);
  const { stdin, stdout, ended } = opened.value;
  stdin.write("one\n");
  stdin.end("two\n");
  expect(await text(stdout)).toBe("<one>\n<two>\n");
  expect(await ended).toEqual({ ok: true, value: { code: 7, stderr: "" } });
});

test("closing it ends what is open", async () => {
  const host = aHost();
  const opened = await host.open("echo $$; sleep 100");
  if (!opened.ok) throw new Error(opened.problem.text);
  await host.close();
  expect((await opened.value.ended).ok).toBe(true);
});
