import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, statSync } from "node:fs";
import { createInterface } from "node:readline";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { aPlace, logins, loginTo, must, output, reach } from "../../test/helpers/a_machine.ts";
import { killNow, processesOf } from "../../test/helpers/processes_of.ts";
import { until } from "../../test/helpers/until.ts";
import { type SshHosts, startSshHosts } from "../../test/testbed/ssh_hosts.ts";
import { prepareClient, type SshPlace } from "./client.ts";
import { findMaster, socketsOf } from "./master.ts";

const started = await startSshHosts(["lab1", "gate"]);
const hosts = started as SshHosts;
const lab1 = () => hosts.host("lab1");
if ("missing" in started) test.skip(`real ssh hosts (${started.missing})`);
afterAll(async () => {
  if ("stop" in started) await started.stop();
});

const problem = (code: string, text: RegExp = /./) => ({
  ok: false,
  problem: { code, text: expect.stringMatching(text) },
});

async function masterOf(place: SshPlace, name = "lab1"): Promise<number | null> {
  const client = await prepareClient(loginTo(name), place);
  if (!client.ok) throw new Error(client.problem.code);
  return (await findMaster(client.value, socketsOf(loginTo(name), place).own))?.process.pid ?? null;
}

/** Whatever becomes of the test, the next one finds the wire whole. */
function cut(name: string): void {
  hosts.host(name).cut();
  onTestFinished(() => hosts.host(name).mend());
}

function sockets(place: SshPlace): string[] {
  return readdirSync(place.folder).filter((name) => name.startsWith("lab1-"));
}

/** A process of its own that runs a script on lab1, and leads a process group as in a terminal. */
async function aYardOfItsOwn(place: SshPlace, script: string) {
  const module = new URL("ssh.ts", import.meta.url).href;
  const program = `const { openSshHost } = await import(${JSON.stringify(module)});
    const host = openSshHost("lab1", ${JSON.stringify(loginTo("lab1"))}, ${JSON.stringify(place)});
    const channel = await host.open(${JSON.stringify(script)});
    console.log(channel.ok);
    setInterval(() => {}, 1000);`;
  const options = { detached: true, stdio: ["ignore", "pipe", "inherit"] as const };
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    ...options,
    stdio: [...options.stdio],
  });
  if (child.stdout === null || child.pid === undefined) throw new Error("it does not start");
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  expect(line).toBe("true");
  return { pid: child.pid, over: once(child, "exit") };
}

describe.skipIf("missing" in started)("a connection", () => {
  test("is opened once, however many ask at once, and is found by the next yard", async () => {
    const place = await aPlace(hosts);
    const [first, second] = [reach(place, "lab1"), reach(place, "lab1")];
    const before = logins(hosts, "lab1");
    expect(await Promise.all(Array.from({ length: 10 }, () => first.connect()))).toEqual(
      Array(10).fill({ ok: true, value: null }),
    );
    expect(await output(second, "hostname")).toBe("lab1\n");
    await second.close();
    expect(await output(first, "hostname")).toBe("lab1\n");
    expect(logins(hosts, "lab1")).toBe(before + 1);
    await first.close();
    expect([await masterOf(place), sockets(place)]).toEqual([null, []]);
  });

  test("that several yards open at the same moment is one in the end", async () => {
    const place = await aPlace(hosts);
    const yards = Array.from({ length: 4 }, () => reach(place, "lab1"));
    expect(await Promise.all(yards.map((yard) => output(yard, "hostname")))).toEqual(Array(4).fill("lab1\n"));
    const { own } = socketsOf(loginTo("lab1"), place);
    await until(() => processesOf(own).length === 1, "nothing is left of the others");
    expect(processesOf(own).map(({ pid }) => pid)).toEqual([await masterOf(place)]);
  });

  test("survives the yard that has opened it, killed with its group, and so does what runs there", async () => {
    const place = await aPlace(hosts);
    const before = logins(hosts, "lab1");
    const yard = await aYardOfItsOwn(place, "setsid sleep 7575.1 >/dev/null 2>&1 </dev/null & cat");
    await until(() => lab1().processes().includes("sleep 7575.1"), "it runs");
    killNow(-yard.pid);
    await yard.over;
    await until(() => !lab1().processes().includes("cat"), "what had read from the yard has heard of its end");
    expect(await output(reach(place, "lab1"), "pgrep -f 'sleep 7575[.]1' | wc -l; pkill -f 'sleep 7575[.]1'")).toBe(
      "1\n",
    );
    expect(logins(hosts, "lab1")).toBe(before + 1);
  });

  test("hears nothing of a Ctrl-C for the yard", async () => {
    const place = await aPlace(hosts);
    const yard = await aYardOfItsOwn(place, "sleep 7575.2");
    const master = await masterOf(place);
    process.kill(-yard.pid, "SIGINT");
    await yard.over;
    expect(lab1().processes()).toContain("sleep 7575.2");
    expect(await masterOf(place)).toBe(master);
    await output(reach(place, "lab1"), "pkill -f 'sleep 7575[.]2'");
  });

  test("that was killed, or whose socket is stale, is replaced", async () => {
    const place = await aPlace(hosts);
    const host = reach(place, "lab1");
    must(await host.connect());
    const first = await masterOf(place);
    killNow(first ?? 0);
    expect(sockets(place).length).toBe(1);
    expect(await output(host, "hostname")).toBe("lab1\n");
    killNow((await masterOf(place)) ?? 0);
    expect(await output(reach(place, "lab1"), "hostname")).toBe("lab1\n");
  });

  test("that breaks under a script tells so, whatever had ended it", async () => {
    const place = await aPlace(hosts);
    const host = reach(place, "lab1");
    must(await host.connect());
    const [running, channel] = [host.run("echo begun; sleep 7575.3"), must(await host.open("cat"))];
    await until(() => lab1().processes().includes("sleep 7575.3"), "it runs");
    killNow((await masterOf(place)) ?? 0);
    expect(await running).toMatchObject(problem("broken"));
    expect(await channel.ended).toMatchObject(problem("broken"));
    // What runs there does not know, and is not ended.
    expect(await output(host, "pkill -f 'sleep 7575[.]3' && echo ended")).toBe("ended\n");
  });

  test("is opened anew after sshd was restarted, under a script and between two", async () => {
    const place = await aPlace(hosts);
    const host = reach(place, "lab1");
    expect(await output(host, "echo one")).toBe("one\n");
    await lab1().restartSshd();
    expect(await output(host, "echo two")).toBe("two\n");
    const running = host.run("sleep 7575.4");
    await until(() => lab1().processes().includes("sleep 7575.4"), "it runs");
    lab1().stopSshd();
    expect(await running).toMatchObject(problem("broken"));
    expect(await host.connect()).toMatchObject(problem("unreachable", /connection refused/));
    await lab1().restartSshd();
    expect(await output(host, "pkill -f 'sleep 7575[.]4'; echo three")).toBe("three\n");
  });

  test("to a machine that is cut off is not opened, and is once the wire is mended", async () => {
    const host = reach(await aPlace(hosts), "lab1");
    cut("lab1");
    const before = performance.now();
    expect(await host.connect()).toMatchObject(problem("unreachable", /timed out|no route/));
    expect(performance.now() - before).toBeLessThan(15_000);
    lab1().mend();
    await until(async () => (await host.connect()).ok, "it is reached");
  });

  test("that is silent past a deadline is given up", async () => {
    const place = await aPlace(hosts);
    const host = reach(place, "lab1");
    const reads = must(await host.open('while read -r line; do echo "$line"; done'));
    cut("lab1");
    const before = performance.now();
    expect(await host.run("echo lost", { deadlineMs: 300 })).toMatchObject(problem("broken", /nothing came back/));
    expect(performance.now() - before).toBeLessThan(10_000);
    expect(await reads.ended).toMatchObject(problem("broken"));
    expect(await masterOf(place)).toBe(null);
    lab1().mend();
    await until(async () => (await host.connect()).ok, "it is reached");
    expect(await output(host, "echo found")).toBe("found\n");
  });

  test("that is silent is noticed also where nobody asks, as soon as the user's ssh_config wants it", async () => {
    const config = "Host *\n  ServerAliveInterval 1\n  ServerAliveCountMax 2";
    const host = reach(await aPlace(hosts, { config }), "lab1");
    const channel = must(await host.open("cat"));
    cut("lab1");
    const before = performance.now();
    expect(await channel.ended).toMatchObject(problem("broken"));
    expect(performance.now() - before).toBeLessThan(10_000);
  });

  test("to a machine that lost its power is opened anew when it is back", async () => {
    const host = reach(await aPlace(hosts), "lab1");
    const bootId = await output(host, "cat /proc/sys/kernel/random/boot_id");
    lab1().kill();
    expect(await host.run("echo lost", { deadlineMs: 300 })).toMatchObject(problem("broken"));
    expect(await host.connect()).toMatchObject(problem("unreachable"));
    await lab1().boot();
    const after = await until(async () => {
      const answer = await host.run("cat /proc/sys/kernel/random/boot_id");
      return answer.ok && answer.value.stdout.toString();
    }, "it is reached");
    expect(after).not.toBe(bootId);
  });

  test("goes over another host where the user's ssh_config says so", async () => {
    const config = `Host behind\n  HostName ${lab1().address}\n  User root\n  ProxyJump gate`;
    const host = reach(await aPlace(hosts, { config }), "behind");
    const before = [logins(hosts, "gate"), logins(hosts, "lab1")];
    const scripts = Array.from({ length: 20 }, () => output(host, 'hostname; echo "${SSH_CLIENT%% *}"'));
    expect(new Set(await Promise.all(scripts))).toEqual(new Set([`lab1\n${hosts.host("gate").address}\n`]));
    expect([logins(hosts, "gate"), logins(hosts, "lab1")]).toEqual(before.map((count) => count + 1));
    cut("gate");
    expect(await host.run("true", { deadlineMs: 300 })).toMatchObject(problem("broken"));
    expect(await host.connect()).toMatchObject(problem("unreachable"));
    hosts.host("gate").mend();
    await until(async () => (await host.connect()).ok, "it is reached");
  });

  test("leaves nothing in the yard's folder that another account could use", async () => {
    const place = await aPlace(hosts);
    must(await reach(place, "lab1").connect());
    expect(statSync(place.folder).mode & 0o777).toBe(0o700);
  });
});
