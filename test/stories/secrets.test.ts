import { createHash, randomBytes } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type DoorName, doors } from "../../src/api/paths.ts";
import { aYard, type TestYard } from "../helpers/a_yard.ts";
import { lookThrough, nothingThere } from "../helpers/any_door.ts";
import { until } from "../helpers/until.ts";

/** Proves to the test that a run has the value, without saying it. */
const SAY_ITS_HASH = 'printf %s "$API_KEY" | sha256sum | cut -c1-64';

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Looks at the arguments of every process of the machine again and again; returns those seen with one of the secrets. */
function watchCommandLines(secrets: string[]): () => string[] {
  const found = new Set<string>();
  const look = () => {
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      const text = textOf(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
      if (secrets.some((secret) => text.includes(secret))) found.add(text);
    }
  };
  const timer = setInterval(look, 2);
  onTestFinished(() => clearInterval(timer));
  return () => {
    clearInterval(timer);
    look();
    return [...found];
  };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Files of the yard that hold the text, by their paths below its home. */
function filesWith(yard: TestYard, text: string): string[] {
  return filesBelow(yard.home)
    .filter((path) => textOf(path).includes(text))
    .map((path) => relative(yard.home, path));
}

/** Those that stream, and that ask Slurm. */
const elsewhere: DoorName[] = ["events", "showCluster"];

/** What every door that only looks answers, to an administrator, about the first run of job 1. */
async function everyAnswer(yard: TestYard): Promise<string> {
  const answers = (Object.keys(doors) as DoorName[])
    .filter((name) => doors[name].method === "GET" && doors[name].role !== "agent")
    .filter((name) => !elsewhere.includes(name))
    .map(async (name) => {
      const answer = await yard.request("GET", lookThrough(name), { authorization: `Bearer ${yard.token()}` });
      expect(answer.status, name).toBe(Number(nothingThere[name]?.split(" ")[0] ?? 200));
      return answer.body.toString("utf8");
    });
  return (await Promise.all(answers)).join("\n");
}

test("a value in a job's environment reaches its run, and is nowhere else to be seen", async () => {
  const canary = `canary-${randomBytes(12).toString("hex")}`;
  const yard = await aYard();
  const seen = watchCommandLines([canary]);
  const environment = { PATH: process.env["PATH"] ?? "", API_KEY: canary };
  await yard.submit(`${SAY_ITS_HASH}; while [ ! -e go ]; do sleep 0.02; done; exit 1`, { environment, retries: 1 });
  await until(async () => (await yard.output(1)) !== "", "the run has spoken");
  const whileItRan = await everyAnswer(yard);
  writeFileSync(`${yard.folder}/go`, "");
  await yard.reaches(1, "failed");
  await yard.killYard();
  await yard.start();

  expect((await yard.output(1)).trim()).toBe(hashOf(canary));
  expect(seen()).toEqual([]);
  expect(whileItRan).not.toContain(canary);
  expect(await everyAnswer(yard)).not.toContain(canary);
  expect(yard.log()).not.toContain(canary);
  const holders = filesWith(yard, canary);
  expect(holders.map((path) => path.split("/").at(-2))).toEqual(holders.map(() => "environments"));
  for (const path of holders) expect(statSync(`${yard.home}/${path}`).mode & 0o077, path).toBe(0);
});

test("Runyard's own tokens are in their owner's files alone", async () => {
  const yard = await aYard();
  const agentToken = textOf(`${yard.home}/agent.token`).trim();
  const secrets = [yard.token(), agentToken];
  expect(new Set(secrets.map((secret) => secret.slice(0, 3)))).toEqual(new Set(["ry_"]));
  const seen = watchCommandLines(secrets);
  await yard.submit('env; cat "/proc/$PPID/environ"');
  await yard.reaches(1, "succeeded");
  const printed = await yard.output(1);
  expect(printed).toContain("RUNYARD_ATTEMPT=");
  const answers = await everyAnswer(yard);
  for (const secret of secrets) {
    expect(printed).not.toContain(secret);
    expect(answers).not.toContain(secret);
  }
  expect(seen()).toEqual([]);
  expect(filesWith(yard, yard.token())).toEqual(["token"]);
  expect(filesWith(yard, agentToken)).toEqual(["agent.token"]);
});

test("nobody else can read what a yard keeps", async () => {
  const yard = await aYard();
  await yard.submit("echo private");
  await yard.reaches(1, "succeeded");
  expect(statSync(yard.home).mode & 0o777).toBe(0o700);
  // The spool of what has ended is removed meanwhile.
  const readable = filesBelow(yard.home).filter(
    (path) => ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o077) !== 0,
  );
  expect(readable.map((path) => relative(yard.home, path))).toEqual([]);
});

test("what names a variable in a job's definition names no value", async () => {
  const canary = `canary-${randomBytes(12).toString("hex")}`;
  const yard = await aYard();
  const environment = { PATH: process.env["PATH"] ?? "", API_KEY: canary };
  await expect(yard.submit("true", { environment, cwd: "/no/such/folder", pool: "nowhere" })).rejects.toThrow(
    /nowhere/,
  );
  await yard.submit("no-such-program", { environment, cwd: "/no/such/folder" });
  const run = await yard.reaches(1, "failed");
  expect(run.cause?.code).toBe("could_not_start");
  expect(await everyAnswer(yard)).not.toContain(canary);
  expect(yard.log()).not.toContain(canary);
});

test("what the command line takes along goes no other way", async () => {
  const canary = `canary-${randomBytes(12).toString("hex")}`;
  const yard = await aYard({ asleep: true });
  const seen = watchCommandLines([canary]);
  writeFileSync(`${yard.folder}/keys.env`, `API_KEY=${canary}\n`, { mode: 0o600 });
  const asVariable = await yard.cli(["run", "--wait", SAY_ITS_HASH], { environment: { API_KEY: canary } });
  const asFile = await yard.cli(["run", "--wait", "--env-file", "keys.env", SAY_ITS_HASH]);
  expect([asVariable.code, asFile.code], asVariable.stderr + asFile.stderr).toEqual([0, 0]);
  for (const job of [1, 2]) expect((await yard.output(job)).trim()).toBe(hashOf(canary));
  const looks = await Promise.all(
    [["show", "1.1"], ["show", "1", "--json"], ["ls"], ["status"]].map((args) => yard.cli(args)),
  );
  expect(looks.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
  for (const { stdout, stderr } of [asVariable, asFile, ...looks]) expect(stdout + stderr).not.toContain(canary);
  expect(seen()).toEqual([]);
  expect(await everyAnswer(yard)).not.toContain(canary);
  expect(new Set(filesWith(yard, canary).map((path) => path.split("/").at(-2)))).toEqual(new Set(["environments"]));
  expect(yard.log()).not.toContain(canary);
});
