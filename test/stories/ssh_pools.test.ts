import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { aLab, labHosts } from "../helpers/a_lab.ts";
import { until } from "../helpers/until.ts";

const hosts = await labHosts(["lab1", "lab2"], { lab1: { gpus: 1 } });
const story = test.skipIf(hosts.missing !== null);

const train = `import runyard, socket
p = runyard.params(seed=0)
for step in range(3):
    runyard.metric(step=step, loss=p.seed / (step + 1))
runyard.result(score=p.seed * 2, where=socket.gethostname())
open(f"model-{p.seed}.bin", "w").write("weights")
print("seed", p.seed)
`;

story("one sweep spreads over this machine and two behind ssh, and is told of alike", async () => {
  const lab = await aLab(hosts, { machines: { lab1: {}, lab2: {} }, pool: "local", slots: ["", ""] });
  await lab.write({ "train.py": train, "data.txt": "data\n" });
  const args = ["sweep", "--gpus", "0", "--cpus", "1", "--set", "seed=1..12", "--wait", "--yes", "--", "sh", "-c"];
  const held = 'cat data.txt; python3 train.py "$@"; sleep 0.3';
  const { code, stderr } = await lab.cli([...args, held, "sh"]);
  expect([code, stderr]).toEqual([0, expect.stringContaining("12")]);
  const { runs } = await lab.client.call("listRuns", { params: { job: 1 }, query: { limit: 100 } });
  expect(new Set(runs.map(({ machine }) => machine))).toEqual(new Set(["local", "lab1", "lab2"]));
  for (const run of runs) {
    const seed = Number(run.params["seed"]);
    expect(run).toMatchObject({ metrics: { loss: seed / 3 }, result: { score: 2 * seed }, status: "succeeded" });
    expect(await lab.output(run.id)).toBe(`data\nseed ${seed}\n`);
    const shown = await lab.client.call("showRun", { params: { job: 1, n: run.id.split(".")[1] ?? "" } });
    const folder = shown.attempts[0]?.results ?? "";
    expect(readFileSync(`${folder}/model-${seed}.bin`, "utf8")).toBe("weights");
  }
  const { stdout } = await lab.cli(["results", "1", "--json"]);
  expect(JSON.parse(stdout).runs.length).toBe(12);
});

story("a machine that goes down holds up neither the others nor what was meant for it and had not begun", async () => {
  const lab = await aLab(hosts, { machines: { lab1: {}, lab2: {} } });
  lab.host("lab2").stopSshd();
  const lines = Array.from({ length: 12 }, (_, n) => `echo ${n} on $HOSTNAME; exit ${n % 2}`);
  await lab.send(lines, { demand: { gpus: 0, cpus: 1 } });
  const job = await lab.ends(1);
  expect(job.runs).toMatchObject({ succeeded: 6, failed: 6 });
  for (const n of lines.keys()) expect(await lab.output(`1.${n + 1}`)).toBe(`${n} on lab1\n`);
  await lab.host("lab2").restartSshd();
  await lab.send("hostname", { demand: { gpus: 0, machines: ["lab2"] } });
  await lab.reaches(2, "succeeded");
});

story("what waits for a machine that is gone can be cancelled, and what runs there when it is back", async () => {
  const lab = await aLab(hosts, { machines: { lab2: {} } });
  await lab.send("echo begun; sleep 1000.82", { demand: { gpus: 0 } });
  await until(async () => (await lab.output(1)) === "begun\n", "it runs");
  lab.host("lab2").stopSshd();
  await lab.send("echo never", { demand: { gpus: 0 } });
  await lab.client.call("cancel", { body: { select: "all", graceMs: 1000 } });
  await lab.reaches(2, "cancelled");
  expect((await lab.run(1)).status).toBe("running");
  await lab.host("lab2").restartSshd();
  await lab.reaches(1, "cancelled");
  expect(
    lab
      .host("lab2")
      .processes()
      .filter((command) => command.includes("1000.82")),
  ).toEqual([]);
});

story("a machine is added, checked, used and forgotten with the command line", async () => {
  const lab = await aLab(hosts, { machines: {} });
  const added = await lab.cli(["machines", "add", "lab2"]);
  expect([added.code, added.stderr]).toEqual([0, ""]);
  expect(added.stdout).toMatch(/✓ login +lab2[\s\S]*✓ shell +bash[\s\S]*✓ tools[\s\S]*run --on lab2/);
  const again = await lab.cli(["machines", "add", "lab2"]);
  expect([again.code, again.stderr]).toEqual([2, expect.stringContaining("lab2")]);
  writeFileSync(`${lab.folder}/hello.txt`, "hello\n");
  const run = await lab.cli(["run", "--on", "lab2", "--follow", "--", "cat", "hello.txt"]);
  expect([run.code, run.stdout]).toEqual([0, expect.stringContaining("hello\n")]);
  const checked = await lab.cli(["machines", "check", "lab2", "--json"]);
  expect(JSON.parse(checked.stdout).checks.every(({ ok }: { ok: boolean }) => ok)).toBe(true);
  const shown = await lab.cli(["machines"]);
  expect(shown.stdout).toMatch(/lab2 \(pool lab2, ssh lab2\)/);
  expect((await lab.cli(["machines", "rm", "lab2"])).code).toBe(0);
  expect((await lab.cli(["machines"])).stdout).not.toMatch(/lab2/);
  const unknown = await lab.cli(["machines", "add", "nowhere", "root@10.77.0.250"]);
  expect(unknown.code).toBe(1);
});
