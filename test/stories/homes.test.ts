import { chmodSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { readJsonFile, type YardAddress } from "../../src/platform/home.ts";
import { aYard, type TestYard } from "../helpers/a_yard.ts";
import { until } from "../helpers/until.ts";

test("of many that start a yard at once one does, and all know where it is", async () => {
  const yard = await aYard({ asleep: true });
  const answers = await Promise.all(Array.from({ length: 6 }, () => yard.cli(["up", "--json"])));
  expect(answers.map(({ code }) => code)).toEqual(answers.map(() => 0));
  const told = answers.map(({ stdout }) => JSON.parse(stdout));
  expect(told.filter(({ started }) => started)).toHaveLength(1);
  expect(new Set(told.map(({ url }) => url))).toEqual(new Set([yard.url()]));
});

test("what up asks for in vain is said", async () => {
  const yard = await aYard();
  const { port } = new URL(yard.url());
  expect(await yard.cli(["up", "--port", port, "--host", "127.0.0.1"])).toMatchObject({ code: 0 });
  for (const args of [
    ["--port", "1"],
    ["--host", "::1"],
    ["--database", "postgres://127.0.0.1/x"],
  ]) {
    const answer = await yard.cli(["up", ...args]);
    expect(answer).toMatchObject({ code: 2, stderr: expect.stringContaining(`so ${args[0]}`) });
    expect(answer.stderr).toContain("runyard down");
  }
});

test("a yard whose address and token somebody has deleted can still be asked and stopped", async () => {
  const yard = await aYard();
  const before = yard.yardPid();
  for (const name of ["yard.json", "token"]) rmSync(`${yard.home}/${name}`);
  await until(() => yard.token() !== "" && yard.yardPid() === before, "both are there again");
  expect(statSync(`${yard.home}/token`).mode & 0o777).toBe(0o600);
  expect((await yard.cli(["ls"])).code).toBe(0);
  writeFileSync(`${yard.home}/token`, "ry_wrong\n");
  await until(async () => (await yard.cli(["status"])).code === 0, "the token is good again");
});

test("a home is closed to others, and one that others could change is none", async () => {
  const yard = await aYard({ asleep: true });
  chmodSync(yard.home, 0o775);
  expect((await yard.cli(["up"])).code).toBe(0);
  expect(statSync(yard.home).mode & 0o777).toBe(0o700);
  writeFileSync(`${yard.folder}/file`, "");
  const refused = async (home: string, args: string[]) => {
    const { code, stderr } = await yard.cli(args, { environment: { RUNYARD_HOME: home } });
    expect(code, stderr).toBe(3);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    return stderr;
  };
  for (const args of [["up"], ["run", "--", "true"]])
    expect(await refused(`${yard.folder}/file`, args)).toContain(
      "it is not a folder. Name another one in RUNYARD_HOME",
    );
  expect(await refused(`${yard.folder}/file`, ["ls"])).toContain("cannot be read: not a directory");
  expect(await refused(`${yard.folder}/file/below`, ["up"])).toContain("not a directory");
});

test("a database that is none, or not there, is named without its password", async () => {
  const yard = await aYard({ asleep: true });
  const up = async (database: string, how: string[] = []) => {
    const answer = await yard.cli(["up", ...how], {
      environment: how.length > 0 ? {} : { RUNYARD_DATABASE: database },
    });
    expect(answer.code).toBe(2);
    expect(answer.stderr).not.toContain("secret");
    return answer.stderr;
  };
  const absent = "postgres://ada:secret@127.0.0.1:9/yard?sslmode=disable";
  for (const how of [[], ["--database", absent]])
    expect(await up(absent, how)).toContain(
      "The database postgres://ada@127.0.0.1:9/yard cannot be used: connection refused",
    );
  for (const url of ["mysql://ada:secret@127.0.0.1/x", "ada:secret", "postgres://ada:secret word@host:99999/x"])
    expect(await up(url)).toContain("The database is named like postgres://user:password@host:5432/name");
  expect((await yard.cli(["up"], { environment: { RUNYARD_DATABASE: "" } })).code).toBe(0);
  expect(yard.log()).not.toContain("secret");
});

test("what answers elsewhere and is no yard, or is out of reach, is told in one line", async () => {
  const yard = await aYard({ asleep: true });
  const other = createServer((_, answer) => answer.end("<html>")).listen(0, "127.0.0.1");
  onTestFinished(() => void other.close());
  await until(() => other.listening, "the other server listens");
  const { port } = other.address() as AddressInfo;
  writeFileSync(`${yard.folder}/secret`, "ry_x\n", { mode: 0o600 });
  const asked = (url: string, file = "secret") =>
    yard.cli(["ls"], { environment: { RUNYARD_YARD: url, RUNYARD_TOKEN_FILE: file } });
  const expected: [ReturnType<TestYard["cli"]>, string][] = [
    [asked(`http://127.0.0.1:${port}`), "is no yard"],
    [asked(`https://127.0.0.1:${port}`), "it does not speak https"],
    [asked("http://127.0.0.1:9"), "The yard at http://127.0.0.1:9 cannot be reached: connection refused."],
    [asked(`http://127.0.0.1:${port}`, "none"), "RUNYARD_TOKEN_FILE names none, where no token is"],
    [asked(`http://127.0.0.1:${port}`, "."), "RUNYARD_TOKEN_FILE names ., where no token is"],
  ];
  for (const [answer, text] of expected) {
    const { code, stderr } = await answer;
    expect(stderr).toContain(text);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(code).toBe(3);
  }
  expect(readJsonFile<YardAddress>(`${yard.home}/yard.json`)).toBeNull();
});
