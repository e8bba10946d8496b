import {
  chmodSync,
  chownSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { availableParallelism, hostname } from "node:os";
import { describe, expect, test, vi } from "vitest";
import { bootId, identify, isAlive, parseProcessLine } from "../../src/platform/processes.ts";
import { aFolder } from "../helpers/a_folder.ts";
import { aHostSpool, shells } from "./host_world.ts";
import { type Attempt, aSmallDisk, eventually, namesIn, theStoppedLauncher } from "./launcher_world.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
const isRoot = process.getuid?.() === 0;

/** Its command goes on until `go` is there, and then ends with 4. */
async function untilGo() {
  const go = `${await aFolder()}/go`;
  return { script: `count; until [ -e '${go}' ]; do sleep 0.01; done; exit 4`, letGo: () => writeFileSync(go, "") };
}

describe.each(shells())("what the yard speaks to, in $name,", (shell) => {
  test("says who it is, and keeps what the login has set for its commands", async () => {
    const spool = await aHostSpool(shell);
    const host = spool.open({
      environment: {
        CANARY: "it's $HOME",
        LC_ALL: "C.UTF-8",
        SSH_CONNECTION: "10.0.0.1 40000 10.0.0.5 22",
        RUNYARD_STOP_AT: "no",
      },
    });
    const [boot, name, address, now, ...folder] = (await host.told("hello ")).split(" ");
    expect([boot, name, address, folder.join(" ")]).toEqual([bootId(), hostname(), "10.0.0.5", spool.home]);
    expect(Math.abs(Number(now) - Date.now())).toBeLessThan(2000);
    expect(namesIn(spool.home)).toEqual(["code", "environments", "epoch", "kept"]);
    for (const folder of [spool.root, spool.home, `${spool.home}/code`]) {
      expect(statSync(folder).mode & 0o777).toBe(0o700);
    }
    const own = readFileSync(`${spool.home}/environments/own.sh`, "utf8");
    expect(own).toMatch(/^export CANARY=/m);
    expect(own).toMatch(/^export LC_ALL=['"]C\.UTF-8['"]$/m);
    expect(own).not.toMatch(/SSH_|RUNYARD_STOP_AT|PWD=|SHLVL/);
    const attempt = spool.anAttempt(`. '${spool.home}/environments/own.sh'; printf %s "$CANARY"`);
    host.say("begin", attempt.id);
    await attempt.ended();
    expect(attempt.read("out")).toBe("it's $HOME");
  });

  test("makes its folders in the account's data folder, or below the home, where nothing else is said", async () => {
    const home = await aFolder();
    const spool = await aHostSpool(shell);
    const places: [string | null, Record<string, string>, string][] = [
      [null, { HOME: home }, `${home}/.local/share/runyard/spool/yard`],
      [null, { HOME: home, XDG_DATA_HOME: `${home}/my data` }, `${home}/my data/runyard/spool/yard`],
      ["~/of mine", { HOME: home }, `${home}/of mine/yard`],
    ];
    for (const [place, environment, expected] of places) {
      const said = await spool.open({ spool: place, environment }).told("hello ");
      expect(said.split(" ").slice(4).join(" ")).toBe(expected);
    }
  });

  test("tells what the machine has, to the end, and looks only once at a time", async () => {
    const spool = await aHostSpool(shell);
    const host = await spool.aHost();
    host.say("survey");
    host.say("survey");
    await host.told("surveyed");
    const lines = host.news.filter((line) => line.startsWith("survey "));
    expect(lines.filter((line) => line === "survey == cpus").length).toBe(1);
    expect(lines).toContain(`survey ${availableParallelism()}`);
    expect(lines.at(-1)).toBe("survey == end");
  });

  test("uses no folder that is not the account's own", async () => {
    const spool = await aHostSpool(shell, { name: "a spool" });
    const elsewhere = await aFolder({ link: { link: "real" }, real: "folder/", file: "" });
    for (const name of ["link", "file"]) {
      const host = spool.open({ spool: `${elsewhere}/${name}` });
      expect(await host.told("unusable ")).toBe(`${elsewhere}/${name}`);
      expect(await host.endInput()).toEqual([0]);
    }
    expect(namesIn(`${elsewhere}/real`)).toEqual([]);
    mkdirSync(`${spool.home}/kept`, { recursive: true });
    if (!isRoot) chmodSync(`${spool.home}/kept`, 0o500);
    else chownSync(`${spool.home}/kept`, 65534, 65534);
    expect(await spool.open().told("unusable ")).toBe(`${spool.home}/kept`);
  });

  test("obeys no yard that another has followed", async () => {
    const spool = await aHostSpool(shell);
    await spool.aHost({ epoch: 4 });
    await spool.aHost({ epoch: 4 });
    await spool.aHost({ epoch: 11 });
    const attempt = spool.anAttempt("count");
    const old = spool.open({ epoch: 9 });
    old.say("begin", attempt.id);
    expect(await old.told("deposed ")).toBe("11");
    expect(await old.endInput()).toEqual([0]);
    expect(old.news).toEqual(["deposed 11"]);
    expect(namesIn(attempt.folder)).toEqual(["command", "run.sh"]);
  });

  test.runIf(isRoot)("tells of what has ended also where the disk is too full to note who follows", async () => {
    const disk = await aSmallDisk(64 * 1024);
    const spool = await aHostSpool(shell, { under: disk?.folder ?? "" });
    const attempt = spool.anAttempt("exit 5");
    const before = await spool.aHost({ epoch: 1 });
    before.say("begin", attempt.id);
    const exit = await before.told(`ended ${attempt.id} `);
    disk?.fill();
    const after = await spool.aHost({ epoch: 2 });
    expect(await after.look(attempt)).toEqual([`state ended ${exit}`]);
    disk?.empty();
    await spool.aHost({ epoch: 2 });
    expect(readFileSync(`${spool.home}/epoch`, "utf8")).toBe("2\n");
  });

  test("begins an attempt once, however often and by however many it is asked", async () => {
    const spool = await aHostSpool(shell, { name: 'it\'s a "spool" with `odd` $HOME * names' });
    const [attempt, last] = [spool.anAttempt("count; pwd; exit 3"), spool.anAttempt("true")];
    const hosts = [await spool.aHost(), await spool.aHost()];
    for (let n = 0; n < 5; n += 1) for (const host of hosts) host.say("begin", attempt.id, attempt.id);
    expect(await attempt.ended()).toMatch(/^3 \d{13} \d{13} exit$/);
    for (const host of hosts) host.say("begin", last.id, attempt.id);
    await last.ended();
    await eventually(() => spool.leftovers().length === 0, "nothing but the two is left");
    expect(attempt.executions()).toBe(1);
    expect(attempt.read("out")).toBe(`${attempt.folder}\n`);
    const news = () => hosts.flatMap((host) => host.news).filter((line) => line.includes(attempt.id));
    await eventually(() => news().length >= 2, "its news are heard");
    expect(news().map((line) => line.split(" ")[0])).toEqual(["started", "ended"]);
    expect(news()[1]).toBe(`ended ${attempt.id} ${attempt.read("exit").trimEnd()}`);
  });

  test("tells how attempts stand, and how large their files are", async () => {
    const spool = await aHostSpool(shell);
    const { script, letGo } = await untilGo();
    const [absent, prepared, begun] = [
      spool.anAttempt(""),
      spool.anAttempt("count"),
      spool.anAttempt(`echo one; ${script}`),
    ];
    const host = await spool.aHost();
    rmSync(`${absent.folder}/run.sh`);
    mkdirSync(`${begun.folder}/keep`);
    host.say("begin", begun.id);
    await eventually(() => begun.read("out") === "one\n", "it has spoken");
    expect(await host.look(absent)).toEqual(["state absent"]);
    expect(await host.look(prepared)).toEqual(["state prepared"]);
    const startedAt = Number((await host.told(`started ${begun.id} `)).split(" ")[1]);
    const [state = "", ...sizes] = await host.look(begun);
    expect([state.split(" ").slice(0, 2), sizes]).toEqual([["state", "begun"], ["size out 4"]]);
    expect(Math.abs(Number(state.split(" ")[2]) - startedAt)).toBeLessThan(1000);
    writeFileSync(`${begun.folder}/events.jsonl`, "{}\n");
    mkdirSync(`${begun.folder}/work`);
    writeFileSync(`${begun.folder}/work/.hidden`, "");
    letGo();
    const exit = await host.told(`ended ${begun.id} `);
    expect(await host.look(begun)).toEqual([`state ended ${exit}`, "size work 1", "size out 4", "size events.jsonl 3"]);
    const before = host.news.length;
    host.say("look", absent.id, prepared.id, begun.id);
    await host.toldAfter(before, "looked");
    expect(host.news.slice(before).filter((line) => line.startsWith("state")).length).toBe(3);
    expect(prepared.executions()).toBe(0);
  });

  test("tells of a launcher that was killed, or that an earlier boot had", async () => {
    const spool = await aHostSpool(shell);
    const { script, letGo } = await untilGo();
    const [killed, rebooted] = [spool.anAttempt(script), spool.anAttempt("count")];
    const host = await spool.aHost();
    host.say("begin", killed.id);
    await eventually(() => killed.executions() === 1, "it runs");
    const launcher = parseProcessLine(killed.read("begun"));
    process.kill(launcher?.pid ?? 0, "SIGKILL");
    await eventually(() => launcher !== null && !isAlive(launcher), "the launcher is gone");
    expect((await host.look(killed))[0]).toBe(`state left ${bootId()}`);
    const earlier = "11111111-1111-1111-1111-111111111111";
    const [pid, ticks] = [process.pid, identify(process.pid)?.startTicks];
    writeFileSync(`${rebooted.folder}/begun`, `${pid} ${ticks} ${earlier} lab1\n`);
    expect((await host.look(rebooted))[0]).toBe(`state left ${earlier}`);
    writeFileSync(`${rebooted.folder}/begun`, `${pid} ${(ticks ?? 0) + 1} ${bootId()} lab1\n`);
    expect((await host.look(rebooted))[0]).toBe(`state left ${bootId()}`);
    letGo();
    host.say("begin", killed.id, rebooted.id);
    host.say("sweep", "0", killed.id);
    await host.told(`swept ${killed.id}`);
    expect([killed.executions(), rebooted.executions()]).toEqual([1, 0]);
    expect((await host.look(killed))[0]).toBe(`state left ${bootId()}`);
  });

  test("reads no end whose line is not whole, and waits a while only for a launcher to say who it is", async () => {
    const spool = await aHostSpool(shell);
    const attempt = spool.anAttempt("count");
    writeFileSync(`${attempt.folder}/begun`, "");
    writeFileSync(`${attempt.folder}/exit`, "0 1700000000000");
    const host = await spool.aHost();
    expect((await host.look(attempt))[0]).toBe("state begun");
    const longAgo = new Date(Date.now() - 120_000);
    utimesSync(`${attempt.folder}/begun`, longAgo, longAgo);
    expect((await host.look(attempt))[0]).toBe(`state left ${bootId()}`);
    writeFileSync(`${attempt.folder}/exit`, "0 1700000000000 1700000000001 exit\n");
    expect((await host.look(attempt))[0]).toBe("state ended 0 1700000000000 1700000000001 exit");
  });

  test.each([
    "is killed",
    "loses its stdin",
  ])("leaves going what it has begun when it %s, and the next one tells", async (what) => {
    const spool = await aHostSpool(shell);
    const { script, letGo } = await untilGo();
    const attempt = spool.anAttempt(script);
    const host = await spool.aHost();
    host.say("begin", attempt.id);
    await host.told(`started ${attempt.id} `);
    host.closeOutput();
    if (what === "is killed") await host.kill();
    else expect(await host.endInput()).toEqual([0]);
    const next = await spool.aHost({ epoch: 2 });
    expect((await next.look(attempt))[0]).toMatch(/^state begun \d{13}$/);
    letGo();
    const exit = await attempt.ended();
    expect((await next.look(attempt))[0]).toBe(`state ended ${exit}`);
    expect(attempt.executions()).toBe(1);
  });

  test("passes over what is no request, and a request that nobody finished", async () => {
    const spool = await aHostSpool(shell);
    const [torn, whole] = [spool.anAttempt("count"), spool.anAttempt("count")];
    const host = await spool.aHost();
    host.send(`\n  \nfly away\nbegin\nlook\n*\nbegin ../../etc nonsense\n`);
    host.send("beg");
    host.send(`in ${whole.id}\nbegin ${torn.id}`);
    expect(await whole.ended()).toMatch(/^0 /);
    expect(await host.endInput()).toEqual([0]);
    await eventually(() => spool.leftovers().length === 0, "nothing is left");
    expect([whole.executions(), torn.executions(), torn.has("begun")]).toEqual([1, 0, false]);
  });

  test("lists what lies there, and forgets what it is told to", async () => {
    const spool = await aHostSpool(shell);
    const attempts = Array.from({ length: 100 }, () => spool.anAttempt("true"));
    const host = await spool.aHost();
    const listed = async () => {
      const before = host.news.length;
      host.say("list");
      host.say("look");
      await host.toldAfter(before, "looked");
      const lines = host.news.slice(before).filter((line) => line.startsWith("listed"));
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(2100);
      return lines
        .flatMap((line) => line.split(" ").slice(1))
        .filter((name) => !name.includes("*"))
        .sort();
    };
    expect(await listed()).toEqual(attempts.map(({ id }) => id).sort());
    const [first, ...others] = attempts;
    mkdirSync(`${others[0]?.folder}/work`);
    writeFileSync(`${others[0]?.folder}/work/-rf *`, "");
    host.say("forget", ...others.map(({ id }) => id));
    await eventually(() => namesIn(spool.home).length === 5, "they are gone");
    expect(await listed()).toEqual([first?.id]);
    rmSync(`${spool.home}/${first?.id}`, { recursive: true });
    expect(await listed()).toEqual([]);
  });

  test("refuses a folder that is a link", async () => {
    const spool = await aHostSpool(shell);
    const [attempt, link] = [spool.anAttempt("count"), spool.anAttempt("count")];
    rmSync(link.folder, { recursive: true });
    symlinkSync(attempt.folder, link.folder);
    const host = await spool.aHost();
    host.say("begin", link.id);
    expect(await host.told(`failed ${link.id} `)).toBe("the spool folder is a link");
    expect(namesIn(attempt.folder)).toEqual(["command", "run.sh"]);
  });

  test.each([
    "forbid",
    "stop",
  ])("what was to begin never will after a %s that came first, also where a launcher is there", async (word) => {
    const spool = await aHostSpool(shell);
    const [attempt, absent] = [spool.anAttempt("count"), spool.anAttempt("count")];
    rmSync(`${spool.home}/${absent.id}`, { recursive: true });
    const host = await spool.aHost({ environment: { RUNYARD_STOP_AT: "before-begun" } });
    host.say("begin", attempt.id);
    const launcher = await theStoppedLauncher(host);
    const ask = (one: Attempt) => host.say(...(word === "stop" ? [word, "100", one.id] : [word, one.id]));
    ask(attempt);
    ask(absent);
    expect(await host.told(`state ${attempt.id} `)).toBe("stopped");
    expect(await host.told(`state ${absent.id} `)).toBe("absent");
    process.kill(launcher, "SIGCONT");
    await eventually(() => spool.leftovers().length === 0, "the launcher has left");
    const next = await spool.aHost();
    next.say("begin", attempt.id);
    expect(await next.look(attempt)).toEqual(["state stopped"]);
    expect(attempt.executions()).toBe(0);
    expect(attempt.has("exit")).toBe(false);
  });

  test("what has begun goes on after a forbid", async () => {
    const spool = await aHostSpool(shell);
    const { script, letGo } = await untilGo();
    const attempt = spool.anAttempt(script);
    const host = await spool.aHost();
    host.say("begin", attempt.id);
    await host.told(`started ${attempt.id} `);
    host.say("forbid", attempt.id);
    expect(await host.look(attempt)).toEqual([expect.stringMatching(/^state begun \d{13}$/)]);
    letGo();
    expect(await attempt.ended()).toMatch(/^4 /);
  });

  test("of a begin and a forbid at once exactly one comes about", async () => {
    const spool = await aHostSpool(shell);
    const host = await spool.aHost();
    const attempts = Array.from({ length: 30 }, () => spool.anAttempt("count"));
    for (const [index, { id }] of attempts.entries()) {
      for (const word of index % 2 === 0 ? ["begin", "forbid"] : ["forbid", "begin"]) host.say(word, id);
    }
    for (const attempt of attempts) {
      await eventually(
        () => attempt.read("begun") !== "" && (attempt.has("exit") || attempt.read("begun") === "stopped\n"),
        "it is decided",
      );
      const isStopped = attempt.read("begun") === "stopped\n";
      expect([isStopped, attempt.executions()]).toEqual([isStopped, isStopped ? 0 : 1]);
    }
  });
});
