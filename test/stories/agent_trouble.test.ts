import { mkdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { expect, test } from "vitest";
import { aFolder } from "../helpers/a_folder.ts";
import { aYard } from "../helpers/a_yard.ts";
import { until } from "../helpers/until.ts";

test("an agent that cannot start is tried ever more seldom, and whoever looks is told where to look", async () => {
  const yard = await aYard({ asleep: true });
  // Where it says which process it is, it cannot write a file.
  mkdirSync(`${yard.home}/agent.json`, { recursive: true });
  expect((await yard.cli(["up"])).code).toBe(0);
  await yard.cli(["run", "--", "echo", "at last"]);
  const log = () => readFileSync(`${yard.home}/yard.log`, "utf8");
  await until(() => log().includes("tried again in 4 s"), "it has failed three times");
  expect(
    log()
      .match(/tried again in \d+ s/g)
      ?.map((words) => words.replace(/\D/g, "")),
  ).toEqual(["1", "2", "4"]);

  const words = String.raw`its agent does not stay up \(exit code 3, \d times in a row\): see why in ${yard.home}/agent\.log`;
  expect((await yard.cli(["explain", "1"])).stdout).toMatch(new RegExp(`no machine can take it: local: ${words}`));
  expect((await yard.cli(["status"])).stdout).toMatch(new RegExp(`! local: ${words}`));
  expect((await yard.cli(["machines"])).stdout).toMatch(new RegExp(`! ${words}`));
  expect(readFileSync(`${yard.home}/agent.log`, "utf8")).toMatch(/EISDIR/);

  rmdirSync(`${yard.home}/agent.json`);
  await yard.reaches(1, "succeeded");
  expect((await yard.cli(["status"])).stdout).not.toMatch(/!/);
  expect(await yard.output(1)).toBe("at last\n");
});

test("a spool that cannot be used keeps runs waiting, and whoever looks is told", async () => {
  const place = await aFolder({ spool: "not a folder" });
  const yard = await aYard({ environment: { RUNYARD_SPOOL: `${place}/spool` } });
  await yard.submit("echo at last");
  const words = `its spool ${place}/spool cannot be used: not a directory`;
  await until(async () => (await yard.cli(["explain", "1"])).stdout.includes(`local: ${words}`), "explain says it");
  expect((await yard.run(1)).status).toBe("queued");
  expect((await yard.cli(["status"])).stdout).toContain(`! local: ${words}`);
  expect((await yard.cli(["machines"])).stdout).toContain(`! ${words}`);
  rmSync(`${place}/spool`);
  await yard.reaches(1, "succeeded");
  expect(await yard.output(1)).toBe("at last\n");
});

test("an agent that was heard and is killed is replaced at once, however often", async () => {
  const yard = await aYard();
  for (let time = 0; time < 3; time += 1) {
    const before = yard.agentPid();
    await yard.killAgent();
    await until(async () => {
      const isAnother = yard.agentPid() !== null && yard.agentPid() !== before;
      return isAnother && (await yard.client.call("status")).problems.length === 0;
    }, "there is another agent");
    await yard.submit("true");
    await yard.reaches(time + 1, "succeeded");
  }
});
