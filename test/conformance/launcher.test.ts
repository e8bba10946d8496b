import { chownSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { describe, expect, test, vi } from "vitest";
import { identify, isAlive, listProcesses, parseProcessLine, readProcess } from "../../src/platform/processes.ts";
import { aFolder } from "../helpers/a_folder.ts";
import { type Attempt, aSmallDisk, aSpool, eventually, implementations, namesIn } from "./launcher_world.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
const isRoot = process.getuid?.() === 0;
if (!isRoot) console.info("Skipped: what needs root (a full disk, a foreign owner).");

describe.each(implementations())("the $name launcher", (implementation) => {
  const { isNative } = implementation;

  /** Runs one script to its end. */
  async function run(script: string): Promise<{ attempt: Attempt; exit: string; what: string }> {
    const spool = await aSpool();
    const attempt = spool.anAttempt(script);
    const server = spool.aServer(implementation);
    server.start(attempt.folder);
    const exit = await server.told(`ended ${attempt.id} `);
    expect(attempt.read("exit")).toBe(`${exit}\n`);
    return { attempt, exit, what: exit.replace(/ \d{13} \d{13} (\d+ )?/, " … ") };
  }

  test.each([
    ["exec true", "0 … exit"],
    ["exit 7", "7 … exit"],
    ["exit 255", "255 … exit"],
    ["kill -9 $$", "137 … signal 9"],
    ["kill -TERM 0", "143 … signal 15"],
    ["kill -SEGV $$", "139 … signal 11"],
    ["exec /no/such/command", "127 … exit"],
  ])("records how `%s` ended: %s", async (script, expected) => {
    expect((await run(script)).what).toBe(expected);
  });

  test.runIf(isNative)("tells an exit code from the death by a signal that would give the same", async () => {
    expect((await run("exit 137")).what).toBe("137 … exit");
  });

  test.runIf(isNative)("says what the largest process of the run held, an ended child's included", async () => {
    const script = `dd if=/dev/zero of=/dev/null bs=32M count=1 2>/dev/null; exit 3`;
    const [code, , , kib] = (await run(script)).exit.split(" ").map(Number);
    expect(code).toBe(3);
    expect(kib).toBeGreaterThan(32 * 1024);
    expect(kib).toBeLessThan(64 * 1024);
  });

  test("keeps both streams to the byte, and makes no file that is not needed", async () => {
    const { attempt } = await run(`printf 'a  b\\n\\033[1m'; printf 'err\\r\\n\\303\\244' >&2`);
    expect(attempt.read("out")).toBe("a  b\n\u001b[1m");
    expect(attempt.read("err")).toBe("err\r\nä");
    expect(namesIn(attempt.folder)).toEqual(["begun", "command", "err", "exit", "out", "pid", "run.sh"]);
    for (const name of namesIn(attempt.folder)) expect(statSync(`${attempt.folder}/${name}`).mode & 0o777).toBe(0o600);
  });

  test("appends both streams to the one file that `output` names", async () => {
    const spool = await aSpool();
    const attempt = spool.anAttempt("echo out; echo err >&2; echo out again");
    const path = `${await aFolder()}/the user's results`;
    writeFileSync(path, "before\n");
    writeFileSync(`${attempt.folder}/output`, `${path}\n`);
    spool.aServer(implementation).start(attempt.folder);
    expect(await attempt.ended()).toMatch(/^0 /);
    expect(`${attempt.has("out")} ${attempt.has("err")}`).toBe("false false");
    expect(readFileSync(path, "utf8")).toBe("before\nout\nerr\nout again\n");
  });

  test("says at once who it is, who the command is, and when it started", async () => {
    const spool = await aSpool();
    const attempt = spool.anAttempt("exec sleep 60");
    const server = spool.aServer(implementation);
    const earliest = Date.now() - 50;
    server.start(attempt.folder);
    const [pid, at] = (await server.told(`started ${attempt.id} `)).split(" ").map(Number);
    const launcher = parseProcessLine(attempt.read("begun"));
    const command = parseProcessLine(attempt.read("pid"));
    expect(command).toMatchObject({ ...identify(pid ?? 0) });
    expect(launcher && isAlive(launcher)).toBe(true);
    expect(at).toBeGreaterThan(earliest);
    expect(at).toBeLessThan(Date.now() + 50);
    // In sh the new session is one exec away when the news goes out.
    await eventually(() => readProcess(pid ?? 0)?.session === pid, "the command has a session of its own");
    expect(readProcess(pid ?? 0)).toMatchObject({ ppid: launcher?.pid, pgrp: pid });
    for (const signal of ["SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT"] as const) process.kill(launcher?.pid ?? 0, signal);
    process.kill(-(pid ?? 0), "SIGTERM");
    const [code, startedAt, endedAt] = (await attempt.ended()).split(" ").map(Number);
    expect([code, startedAt]).toEqual([143, at]);
    expect(endedAt).toBeGreaterThanOrEqual(startedAt ?? 0);
    expect(endedAt).toBeLessThan(Date.now() + 50);
  });

  test("gives the command an environment of its own, an empty stdin, no other files and default signals", async () => {
    const spool = await aSpool();
    const attempt = spool.anAttempt(`
      tr '\\0' '\\n' </proc/$$/environ
      readlink /proc/$$/fd/0
      echo files:
      ls /proc/$$/fd
      grep -E 'Sig(Blk|Ign|Cgt)' /proc/$$/status | tr -d '\\t' >&2`);
    spool.aServer(implementation, { CANARY: "secret", RUNYARD_STOP_AT: "nowhere" }).start(attempt.folder);
    await attempt.ended();
    const [before = "", files = ""] = attempt.read("out").split("files:\n");
    const [stdin, ...environment] = before.trimEnd().split("\n").reverse();
    const own = environment.filter((variable) => variable !== "SHLVL=0"); // bash sets it whenever it executes something
    expect(own.sort()).toEqual([`PATH=${process.env["PATH"]}`, `RUNYARD_ATTEMPT=${attempt.id}`]);
    expect(stdin).toBe("/dev/null");
    // 10: the script itself, open in dash. What a shell inherits above 9 it cannot close.
    const open = files
      .trimEnd()
      .split("\n")
      .filter((file) => (isNative ? file !== "10" : file.length === 1));
    expect(open).toEqual(["0", "1", "2"]);
    const none = "0000000000000000";
    expect(attempt.read("err")).toMatch(new RegExp(`SigBlk:${none}\nSigIgn:${none}\n`));
  });

  test("works in folders with any name", async () => {
    const spool = await aSpool({ name: `it's "quoted" $HOME \`x\` \\n ünïcödé * ` });
    const attempt = spool.anAttempt("count; pwd");
    const server = spool.aServer(implementation);
    server.start(attempt.folder);
    expect(await attempt.ended()).toMatch(/^0 .* exit$/);
    expect(attempt.read("out")).toBe(`${attempt.folder}\n`);
    expect(attempt.executions()).toBe(1);
  });

  test("begins an attempt once, however many launchers two fork servers give it", async () => {
    const spool = await aSpool();
    const attempt = spool.anAttempt("count");
    const last = spool.anAttempt("true");
    const servers = [spool.aServer(implementation), spool.aServer(implementation)];
    for (const server of servers) server.start(...Array<string>(10).fill(attempt.folder));
    await attempt.ended();
    for (const server of servers) server.start(last.folder);
    await last.ended();
    await eventually(() => spool.leftovers().length === 0, "nothing but the servers is left");
    expect(attempt.executions()).toBe(1);
    const news = () => servers.flatMap((server) => server.news).filter((line) => line.includes(attempt.id));
    await eventually(() => news().length >= 2, "its news are heard");
    expect(news().map((line) => line.split(" ")[0])).toEqual(["started", "ended"]);
  });

  test("leaves an attempt alone that was stopped before it began", async () => {
    const spool = await aSpool();
    const stopped = spool.anAttempt("count");
    writeFileSync(`${stopped.folder}/begun`, "stopped\n");
    const server = spool.aServer(implementation);
    server.start(stopped.folder);
    await eventually(() => spool.leftovers().length === 0, "nothing but the server is left");
    const next = spool.anAttempt("count");
    server.start(next.folder);
    await server.told(`ended ${next.id}`);
    expect(namesIn(stopped.folder)).toEqual(["begun", "command", "run.sh"]);
    expect(stopped.read("begun")).toBe("stopped\n");
    expect(stopped.executions()).toBe(0);
    expect(server.news.filter((line) => line.includes(stopped.id))).toEqual([]);
  });

  const ends = isNative ? ["is killed", "loses its stdin"] : ["loses its stdin"];
  test.each(ends)("goes on with what runs when its fork server %s", async (what) => {
    const spool = await aSpool();
    const go = `${await aFolder()}/go`;
    const attempts = [1, 2, 3].map((n) =>
      spool.anAttempt(`count; until [ -e '${go}' ]; do sleep 0.01; done; exit ${n}`),
    );
    const server = spool.aServer(implementation);
    server.start(...attempts.map(({ folder }) => folder));
    for (const { id } of attempts) await server.told(`started ${id}`);
    if (what === "is killed") await server.kill();
    const over = server.endInput();
    writeFileSync(go, "");
    expect(new Set(await over)).toEqual(new Set([what === "is killed" ? null : 0]));
    for (const [index, attempt] of attempts.entries()) {
      expect(await attempt.ended()).toMatch(new RegExp(`^${index + 1} .* exit$`));
      expect(await server.told(`ended ${attempt.id} `)).toMatch(/ exit$/);
      expect(attempt.executions()).toBe(1);
    }
  });

  test("does not start a line that nobody finished", async () => {
    const spool = await aSpool();
    const attempt = spool.anAttempt("count");
    const server = spool.aServer(implementation);
    server.send(attempt.folder);
    expect(await server.endInput()).toEqual([0]);
    await eventually(() => spool.leftovers().length === 0, "nothing is left");
    expect(attempt.has("begun")).toBe(false);
  });

  test("is not disturbed by a reader that is gone", async () => {
    const spool = await aSpool();
    const server = spool.aServer(implementation);
    server.closeOutput();
    const attempts = Array.from({ length: 5 }, () => spool.anAttempt("count; exit 3"));
    server.start(...attempts.map(({ folder }) => folder));
    for (const attempt of attempts) expect(await attempt.ended()).toMatch(/^3 .* exit$/);
  });

  test.runIf(isNative)("does not wait for a reader that sleeps before it writes `exit`", async () => {
    const spool = await aSpool();
    const server = spool.aServer(implementation);
    server.pauseOutput();
    const attempts = Array.from({ length: 600 }, () => spool.anAttempt("exec true"));
    server.start(...attempts.map(({ folder }) => folder));
    for (const attempt of attempts) await attempt.ended();
  });

  test("ends what a command leaves in its session, also what ignores SIGTERM or is stopped, before it writes `exit`", async () => {
    const spool = await aSpool();
    const pids = `${await aFolder()}/pids`;
    const stubborn = `trap '' TERM; echo $$ >>'${pids}'; while :; do sleep 1; done`;
    const attempt = spool.anAttempt(`
      sh -c "${stubborn.replaceAll("$", "\\$")}" &
      sleep 1000 & echo $! >>'${pids}'
      sleep 1000 & kill -STOP $!; echo $! >>'${pids}'
      until [ "$(wc -l <'${pids}')" -eq 3 ]; do sleep 0.01; done
      exit 5`);
    spool.aServer(implementation).start(attempt.folder);
    expect(await attempt.ended()).toMatch(/^5 .* exit$/);
    expect(spool.leftovers().filter(({ state }) => state !== "Z").length).toBeLessThanOrEqual(1); // a launcher
  });

  test("leaves what outlives a command that is being stopped the grace of the stop, and signals it no more", async () => {
    const spool = await aSpool();
    const attempt = spool.anAttempt(`
      sh -c 'trap "sleep 0.5; echo saved; exit" TERM; echo ready; while :; do sleep 0.01; done' &
      wait`);
    const server = spool.aServer(implementation);
    server.start(attempt.folder);
    await eventually(() => attempt.has("out") && attempt.read("out") === "ready\n", "it is ready");
    writeFileSync(`${attempt.folder}/grace`, "10000\n");
    process.kill(-Number(attempt.read("pid").split(" ")[0]), "SIGTERM");
    expect(await attempt.ended()).toMatch(/^143 .* signal 15$/);
    expect(attempt.read("out")).toBe("ready\nsaved\n");
  });

  test.runIf(isNative)("ends what has left the session by setsid and a double fork too", async () => {
    const spool = await aSpool();
    const ready = `${await aFolder()}/ready`;
    const daemon = `trap '' TERM HUP; sleep 1000 & echo >>'${ready}'; while :; do sleep 1; done`;
    const attempt = spool.anAttempt(`
      (setsid sh -c "${daemon}" & )
      setsid sh -c "setsid sh -c \\"${daemon}\\" & exit" &
      until [ "$(wc -l <'${ready}')" -eq 2 ]; do sleep 0.01; done 2>/dev/null`);
    spool.aServer(implementation).start(attempt.folder);
    expect(await attempt.ended()).toMatch(/^0 .* exit$/);
    expect(spool.leftovers().length).toBeLessThanOrEqual(1); // a launcher
  });

  test.runIf(isNative)("lets Runyard's own processes leave the run that started them", async () => {
    const spool = await aSpool();
    const pid = `${await aFolder()}/pid`;
    const attempt = spool.anAttempt(`RUNYARD_OWN=1 setsid sh -c 'echo $$ >"${pid}"; exec sleep 1000' &
      until [ -s '${pid}' ]; do sleep 0.01; done`);
    const server = spool.aServer(implementation);
    server.start(attempt.folder);
    await server.told(`ended ${attempt.id}`);
    const own = Number(readFileSync(pid, "utf8"));
    expect(readProcess(own)?.state).toBe("S");
    process.kill(own, "SIGKILL");
  });

  test("refuses what is no folder of ours, and executes nothing", async () => {
    const spool = await aSpool();
    const server = spool.aServer(implementation);
    const [linked, missing, foreign] = [spool.anAttempt("count"), spool.anAttempt("count"), spool.anAttempt("count")];
    const link = linked.folder.replace(/0$/, "1");
    symlinkSync(linked.folder, link);
    server.start(link, `${link}/`);
    expect(await server.told(`failed ${linked.id} `)).toBe("the spool folder is a link");
    rmSync(missing.folder, { recursive: true });
    server.start(missing.folder);
    expect(await server.told(`failed ${missing.id} `)).toMatch(/cannot (open|enter) the spool folder/);
    server.start("relative/spool/0", "/", "", "/yard/../0", `${spool.root}/an id/0`);
    await eventually(() => server.news.filter((line) => line.startsWith("failed - ")).length === 5, "five are refused");
    if (isRoot) {
      chownSync(foreign.folder, 65534, 65534);
      server.start(foreign.folder);
      expect(await server.told(`failed ${foreign.id} `)).toBe("the spool folder belongs to another user");
    }
    await eventually(() => server.news.length === (isRoot ? 9 : 8), "both forms of the link are refused");
    for (const { folder } of [linked, foreign]) expect(namesIn(folder)).toEqual(["command", "run.sh"]);
  });

  test("says 126 and why when the output cannot be opened after it has begun", async () => {
    const spool = await aSpool();
    const attempt = spool.anAttempt("count");
    writeFileSync(`${attempt.folder}/output`, "/no/such/folder/file\n");
    const server = spool.aServer(implementation);
    server.start(attempt.folder);
    expect(await server.told(`ended ${attempt.id} `)).toMatch(/^126 \d+ \d+ could not start: cannot open the output/);
    expect(server.news.length).toBe(1);
    expect(attempt.executions()).toBe(0);
    expect(attempt.has("pid")).toBe(false);
  });

  test.runIf(isRoot)("executes nothing where the disk is too full to say that it begins", async () => {
    const disk = await aSmallDisk(64 * 1024);
    const spool = await aSpool({ under: disk?.folder ?? "" });
    const attempt = spool.anAttempt("count");
    disk?.fill();
    const server = spool.aServer(implementation);
    server.start(attempt.folder);
    expect(await server.told(`failed ${attempt.id} `)).toMatch(/^cannot (write|create) begun/);
    expect(attempt.executions()).toBe(0);
    expect(namesIn(attempt.folder)).toEqual(["begun", "command", "run.sh"]);
  });

  test.runIf(isRoot)("keeps the code of a command that ended on a full disk until there is room for it", async () => {
    const disk = await aSmallDisk(64 * 1024);
    const spool = await aSpool({ under: disk?.folder ?? "" });
    const go = `${await aFolder()}/go`;
    const attempt = spool.anAttempt(`count; until [ -e '${go}' ]; do sleep 0.01; done; exit 9`);
    const server = spool.aServer(implementation);
    server.start(attempt.folder);
    const pid = Number((await server.told(`started ${attempt.id} `)).split(" ")[0]);
    disk?.fill();
    writeFileSync(go, "");
    await eventually(() => readProcess(pid) === null && attempt.has("exit"), "it has tried to write exit");
    expect(attempt.read("exit")).toBe("");
    disk?.empty();
    expect(await attempt.ended()).toMatch(/^9 .* exit$/);
    await server.told(`ended ${attempt.id} 9 `);
    expect(attempt.executions()).toBe(1);
  });

  test("leaves no zombies behind as it goes on", async () => {
    const spool = await aSpool();
    const server = spool.aServer(implementation);
    for (let n = 0; n < 12; n += 1) {
      const attempt = spool.anAttempt("exec true");
      server.start(attempt.folder);
      await server.told(`ended ${attempt.id}`);
    }
    const children = () => listProcesses().filter(({ ppid }) => server.pids().includes(ppid)).length;
    await eventually(() => children() === 0, "its launchers are reaped");
  });

  test("starts many commands, eight at a time, each exactly once", async () => {
    const spool = await aSpool();
    const server = spool.aServer(implementation);
    const attempts = Array.from({ length: isNative ? 2000 : 500 }, () => spool.anAttempt("exec true"));
    const waiting = attempts.map(({ folder }) => folder);
    const since = performance.now();
    server.onNews((line) => line.startsWith("ended ") && server.start(...waiting.splice(0, 1)));
    server.start(...waiting.splice(0, 8));
    for (const { id } of attempts) await server.told(`ended ${id}`);
    const rate = attempts.length / (performance.now() - since);
    console.info(`${implementation.name}: ${Math.round(rate * 1000)} runs/s of true`);
    for (const attempt of attempts) expect(attempt.read("exit")).toMatch(/^0 \d{13} \d{13} (\d+ )?exit\n$/);
    expect(server.news.length).toBe(2 * attempts.length);
  });
});
