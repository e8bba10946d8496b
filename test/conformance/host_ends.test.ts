import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { describe, expect, test, vi } from "vitest";
import { parseProcessLine, readProcess } from "../../src/platform/processes.ts";
import { aFolder } from "../helpers/a_folder.ts";
import { aHostSpool, shells } from "./host_world.ts";
import { eventually } from "./launcher_world.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** Long enough for what is to be done in it, on a busy machine too. */
const PATIENT = "20000";

describe.each(shells())("what the yard speaks to, in $name,", (shell) => {
  /** An attempt that runs, with a folder for the signs of its processes. */
  async function running(script: (signs: string) => string, ready: string[] = ["ready"]) {
    const spool = await aHostSpool(shell);
    const signs = await aFolder();
    const attempt = spool.anAttempt(script(signs));
    const host = await spool.aHost();
    host.say("begin", attempt.id);
    const sign = (name: string) => {
      try {
        return readFileSync(`${signs}/${name}`, "utf8").trim();
      } catch {
        return "";
      }
    };
    for (const name of ready) await eventually(() => sign(name) !== "", `there is ${name}`);
    return { spool, attempt, host, sign, signs };
  }

  test("stops all of a run, also what has called setsid, is stopped or ignores SIGTERM", async () => {
    const { spool, attempt, host } = await running(
      (signs) => `
        (setsid sh -c 'echo $$ >"${signs}/apart"; exec sleep 1000' &)
        setsid sh -c "trap '' TERM; echo \\$\\$ >'${signs}/stubborn'; while :; do sleep 1; done" &
        sleep 1000 & kill -STOP $!; echo $! >"${signs}/stopped"
        sleep 1000`,
      ["apart", "stubborn", "stopped"],
    );
    host.say("stop", "300", attempt.id);
    await host.told(`swept ${attempt.id}`);
    expect(await attempt.ended()).toMatch(/^143 .* signal 15$/);
    await eventually(() => spool.leftovers().length === 0, "nothing but the host is left");
  });

  test.each([
    "in its session",
    "in one of its own",
  ])("gives what runs on %s when its shell has ended all of the grace, and one SIGTERM", async (where) => {
    const { spool, attempt, host, sign, signs } = await running(
      (signs) => `
          ${where === "in its session" ? "" : "setsid"} sh -c '
            saving() {
              echo >>"${signs}/told"
              until [ -e "${signs}/saved" ]; do sleep 0.02; done
              echo whole >"${signs}/checkpoint"
              exit
            }
            trap saving TERM
            echo >"${signs}/ready.part"; echo ready >"${signs}/ready"
            while :; do sleep 0.02; done' &
          wait`,
    );
    host.say("stop", PATIENT, attempt.id);
    const command = parseProcessLine(attempt.read("pid"))?.pid ?? 0;
    await eventually(() => readProcess(command) === null, "the shell has ended");
    await eventually(() => readFileSync(`${signs}/told`, "utf8") === "\n", "its child has been told");
    expect((await host.look(attempt))[0]).toMatch(/^state begun/);
    host.say("look", attempt.id);
    expect(host.news.filter((line) => line.startsWith("ended"))).toEqual([]);
    writeFileSync(`${signs}/saved`, "");
    expect(await attempt.ended()).toMatch(/^143 /);
    await host.told(`swept ${attempt.id}`);
    expect([sign("checkpoint"), readFileSync(`${signs}/told`, "utf8")]).toEqual(["whole", "\n"]);
    await eventually(() => spool.leftovers().length === 0, "nothing but the host is left");
  });

  test("what is stopped with patience, and then without, is killed at once", async () => {
    const { attempt, host } = await running(
      (signs) => `trap '' TERM; echo >"${signs}/ready." ; echo y >"${signs}/ready"; while :; do sleep 0.02; done`,
    );
    host.say("stop", PATIENT, attempt.id);
    host.say("stop", "0", attempt.id);
    expect(await attempt.ended()).toMatch(/^137 .* signal 9$/);
  });

  test("ends by itself what a command left in its session, and by a sweep what has left that too", async () => {
    const { spool, attempt, host, sign } = await running(
      (signs) => `
        sleep 1000 & echo $! >"${signs}/near"
        (setsid sh -c 'echo $$ >"${signs}/far"; exec sleep 1000' &)
        (RUNYARD_OWN=1 setsid sh -c 'echo $$ >"${signs}/own"; exec sleep 1000' &)
        until [ -s "${signs}/far" ] && [ -s "${signs}/own" ]; do sleep 0.01; done
        exit 6`,
      ["near", "far", "own"],
    );
    expect(await attempt.ended()).toMatch(/^6 .* exit$/);
    const isAlive = (name: string) => !["Z", undefined].includes(readProcess(Number(sign(name)))?.state);
    expect([isAlive("near"), isAlive("far"), isAlive("own")]).toEqual([false, true, true]);
    const other = spool.anAttempt("exec sleep 1000");
    host.say("begin", other.id);
    await host.told(`started ${other.id}`);
    host.say("sweep", "200", attempt.id);
    await host.told(`swept ${attempt.id}`);
    expect([isAlive("far"), isAlive("own")]).toEqual([false, true]);
    expect((await host.look(other))[0]).toMatch(/^state begun/);
    process.kill(Number(sign("own")), "SIGKILL");
    host.say("stop", "0", other.id);
    await host.told(`swept ${other.id}`);
    expect(await other.ended()).toMatch(/^137 /);
  });

  test("sweeps many attempts at once, and tells of each when nothing of it is left", async () => {
    const spool = await aHostSpool(shell);
    const signs = await aFolder();
    const attempts = Array.from({ length: 8 }, (_, n) =>
      spool.anAttempt(
        `(setsid sh -c 'echo $$ >"${signs}/${n}"; exec sleep 1000' &); until [ -s "${signs}/${n}" ]; do sleep 0.01; done`,
      ),
    );
    const host = await spool.aHost();
    host.say("begin", ...attempts.map(({ id }) => id));
    for (const attempt of attempts) await attempt.ended();
    host.say("sweep", "0", ...attempts.map(({ id }) => id));
    for (const { id } of attempts) await host.told(`swept ${id}`);
    for (const n of attempts.keys()) {
      const pid = Number(readFileSync(`${signs}/${n}`, "utf8"));
      expect(["Z", undefined]).toContain(readProcess(pid)?.state);
    }
  });

  test("what is stopped as it begins ends too", async () => {
    const spool = await aHostSpool(shell);
    const attempts = Array.from({ length: 10 }, () => spool.anAttempt("exec sleep 1000"));
    const host = await spool.aHost();
    for (const { id } of attempts) {
      host.say("begin", id);
      host.say("stop", "0", id);
    }
    const isOver = (line: string) => /^state \S+ stopped$|^ended /.test(line);
    for (const { id } of attempts) {
      await eventually(() => host.news.some((line) => line.includes(id) && isOver(line)), "it is over");
    }
    await eventually(() => spool.leftovers().length === 0, "nothing but the host is left");
  });

  test("stops what a host before it has begun", async () => {
    const { spool, attempt, host } = await running((signs) => `echo y >"${signs}/ready"; sleep 1000`);
    host.closeOutput();
    await host.kill();
    const next = await spool.aHost({ epoch: 2 });
    next.say("stop", PATIENT, attempt.id);
    await next.told(`swept ${attempt.id}`);
    expect(await attempt.ended()).toMatch(/^143 /);
    expect((await next.look(attempt))[0]).toMatch(/^state ended 143 /);
  });

  test("a command may remove its own folder, and is known to be gone", async () => {
    const spool = await aHostSpool(shell);
    const attempt = spool.anAttempt(`rm -rf "${spool.home}"/12.1.*; sleep 0.1`);
    const host = await spool.aHost();
    host.say("begin", attempt.id);
    await host.told(`ended ${attempt.id} `);
    expect(await host.look(attempt)).toEqual(["state absent"]);
    await eventually(() => spool.leftovers().length === 0, "its launcher does not wait for it");
    rmSync(attempt.folder, { recursive: true, force: true });
  });
});
