import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { aLab, type Lab, labHosts } from "../helpers/a_lab.ts";
import { openTraces } from "../helpers/traces.ts";
import { until } from "../helpers/until.ts";

const names = ["lab1", "lab2", "lab3"];
const hosts = await labHosts(names);
const story = test.skipIf(hosts.missing !== null);
const machines = { lab1: {}, lab2: {}, lab3: {} };
const MB = 1024 ** 2;

const only = (name: string) => ({ demand: { machines: [name] } });

async function statusOf(lab: Lab, name: string) {
  const { machines } = await lab.client.call("listMachines");
  return machines.find((machine) => machine.name === name)?.status;
}

story(
  "with the wire cut before a start, during a run and at its end, all goes on and arrives, and nothing fails",
  async () => {
    const lab = await aLab(hosts, { machines });
    const traces = openTraces(lab, names);
    await lab.send(traces.held(7), { ...traces.wishes, ...only("lab1") });
    await lab.send(traces.held(0), { ...traces.wishes, ...only("lab2") });
    await lab.reaches(1, "running");
    await lab.reaches(2, "running");
    for (const name of names) lab.host(name).cut();
    traces.letGo("lab1");
    await lab.send(traces.held(3), { ...traces.wishes, ...only("lab3") });
    const unreachable = async () =>
      (await Promise.all(names.map((name) => statusOf(lab, name)))).every((status) => status === "unreachable");
    await until(unreachable, "all are unreachable", 60_000);
    expect(await Promise.all([1, 2, 3].map(async (job) => (await lab.run(job)).status))).not.toContain("failed");
    expect(traces.starts("3.1")).toBe(0);
    for (const name of names) lab.host(name).mend();
    await traces.expectEnd("1", 7);
    await lab.reaches(3, "running");
    traces.letGo("lab2", "lab3");
    await traces.expectEnd("2", 0);
    await traces.expectEnd("3", 3);
  },
);

story(
  "a machine that is away when a yard starts is unreachable since it was heard, and known for what it has",
  async () => {
    const lab = await aLab(hosts, { machines: { lab1: {} } });
    const traces = openTraces(lab, names);
    const lab1 = async () => (await lab.client.call("listMachines")).machines.find(({ name }) => name === "lab1");
    await lab.send(traces.held(2), traces.wishes);
    await lab.reaches(1, "running");
    const before = await lab1();
    lab.host("lab1").cut();
    await lab.killYard();
    const killedAt = Date.now();
    await lab.start();
    const { status, unreachableSince, cpus, gpus, running } = (await lab1()) ?? {};
    expect({ status, cpus, gpus, running }).toEqual({
      status: "unreachable",
      cpus: before?.cpus,
      gpus: before?.gpus,
      running: ["1.1"],
    });
    expect(Date.parse(unreachableSince ?? "")).toBeLessThanOrEqual(killedAt);
    await until(async () => ((await lab1())?.problems ?? []).length > 0, "why is told");
    expect(await lab1()).toMatchObject({ status: "unreachable", unreachableSince, gpus });
    traces.letGo("lab1");
    lab.host("lab1").mend();
    await traces.expectEnd("1", 2);
    expect((await lab1())?.status).toBe("idle");
  },
);

story("a wire that is cut for a moment while code or results are on their way changes nothing", async () => {
  const lab = await aLab(hosts, { machines: { lab1: {} } });
  const host = lab.host("lab1");
  const moved = () => {
    const [received, sent] = host.run("awk '$1 == \"eth0:\" { print $2, $10 }' /proc/net/dev").split(" ").map(Number);
    return (received ?? 0) + (sent ?? 0);
  };
  const traces = openTraces(lab, names);
  const text = traces.traced("echo begun; cat in > out; sha256sum < in; echo over");
  const before = moved();
  const content = randomBytes(24 * MB);
  await lab.send(text, { ...traces.wishes, code: { in: content } });
  for (const part of [8, 32]) {
    await until(() => moved() - before > part * MB, `${part} MB have moved`);
    host.cut();
    const status = (await lab.run(1)).status;
    host.mend();
    expect(["queued", "starting", "running"]).toContain(status);
  }
  await lab.reaches(1, "succeeded");
  expect(readFileSync(`${lab.folder}/results/run1.1/out`).equals(content)).toBe(true);
  expect(traces.starts("1.1")).toBe(1);
});

story("runs go on while sshd is restarted or gone, and each ends once", async () => {
  const lab = await aLab(hosts, { machines: { lab1: {}, lab2: {} } });
  const traces = openTraces(lab, names);
  await lab.send([traces.held(0), traces.held(5)], { ...traces.wishes, atMost: 2 });
  await lab.reaches("1.1", "running");
  await lab.reaches("1.2", "running");
  await lab.host("lab1").restartSshd();
  lab.host("lab2").stopSshd();
  traces.letGo("lab2");
  traces.letGo("lab1");
  await lab.host("lab2").restartSshd();
  await traces.expectEnd("1.1", 0);
  await traces.expectEnd("1.2", 5);
});

story(
  "a host that goes down loses its runs, which are tried again as their retries say; what waited goes on",
  async () => {
    const lab = await aLab(hosts, { machines: { lab1: {}, lab2: {} } });
    const traces = openTraces(lab, names);
    await lab.send(traces.held(0), { ...traces.wishes, ...only("lab1") });
    await lab.send(`[ "$RUNYARD_TRY" = 2 ] || { ${traces.held(0)}; }; echo again on $HOSTNAME`, {
      ...traces.wishes,
      ...only("lab1"),
      retries: 1,
    });
    await lab.reaches(1, "running");
    await lab.reaches(2, "running");
    lab.host("lab1").kill();
    await lab.send("echo later", only("lab1"));
    await lab.host("lab1").boot();
    const run = await lab.reaches(1, "failed");
    expect(run).toMatchObject({ exitCode: null, cause: { code: "lost" }, attempts: 1 });
    expect(run.cause?.text).toMatch(/the machine restarted while it ran/);
    expect(await lab.output(1)).toBe("begun\n");
    expect(await lab.reaches(2, "succeeded")).toMatchObject({ attempts: 2 });
    expect(await lab.output(2)).toBe("again on lab1\n");
    await lab.reaches(3, "succeeded");
    expect(traces.starts("1.1")).toBe(1);
  },
);

story("a run whose launcher is killed is lost, and its command does not go on", async () => {
  const lab = await aLab(hosts, { machines: { lab1: {} } });
  await lab.send("echo begun; echo made > made; exec sleep 1000.81");
  await until(() => lab.host("lab1").processes().includes("sleep 1000.81"), "it runs");
  const [attempt] = await lab.attempts(1);
  lab.host("lab1").run(`kill -9 $(cut -d ' ' -f 1 /root/.local/share/runyard/spool/*/${attempt?.id}/0/begun)`);
  const run = await lab.reaches(1, "failed");
  expect(run.cause).toMatchObject({ code: "lost", text: expect.stringMatching(/its launcher was killed/) });
  expect(await lab.output(1)).toBe("begun\n");
  expect(lab.read("results/run1.1/made")).toBe("made\n");
  expect(lab.host("lab1").processes()).not.toContain("sleep 1000.81");
});
