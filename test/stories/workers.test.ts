import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { aLab, labHosts } from "../helpers/a_lab.ts";
import { aYard } from "../helpers/a_yard.ts";
import { until } from "../helpers/until.ts";
import { findTorchrun, reduce } from "../helpers/worker_programs.ts";

const hosts = await labHosts(["lab1", "lab2"]);
const torchrun = findTorchrun("torchrun across two machines");
const story = test.skipIf(hosts.missing !== null);

describe("workers of one run", () => {
  story("start together on two machines, find each other, and their results come back", async () => {
    const lab = await aLab(hosts, { machines: { lab1: {}, lab2: {} } });
    await lab.write({ "reduce.py": reduce });
    const words = ["run", "--on", "lab", "--workers", "2", "--gpus", "0", "--wait", "--", "python3", "reduce.py"];
    expect((await lab.cli(words)).code).toBe(0);
    const run = await lab.run("1.1");
    expect(run.workers).toMatchObject([
      { rank: 0, status: "succeeded", exitCode: 0 },
      { rank: 1, status: "succeeded", exitCode: 0 },
    ]);
    const machines = run.workers.map(({ machine }) => machine);
    expect(new Set(machines)).toEqual(new Set(["lab1", "lab2"]));
    for (const rank of [0, 1]) {
      const { stdout } = await lab.cli(["logs", "1", "--worker", String(rank)]);
      expect(stdout).toBe(`rank ${rank} of 2 on ${machines[rank]} total 30\n`);
    }
    const { run: shown } = await lab.client.call("showRun", { params: { job: 1, n: 1 } });
    for (const { rank, results } of shown.workers) expect(readFileSync(`${results}/total-${rank}`, "utf8")).toBe("30");
    const { stdout } = await lab.cli(["show", "1.1"]);
    expect(stdout).toMatch(/WORKER +STATE +WHERE/);
  });

  story("all end when one fails, and its end is that of the run", async () => {
    const lab = await aLab(hosts, { machines: { lab1: {}, lab2: {} } });
    const text = 'if [ "$RUNYARD_RANK" = 1 ]; then echo broken >&2; exit 7; fi; echo waiting; sleep 1000.31';
    await lab.send(text, { demand: { gpus: 0, workers: 2 } });
    const run = await lab.reaches("1.1", "failed");
    expect(run).toMatchObject({ exitCode: 7, cause: { code: "exit_code" }, attempts: 1 });
    expect(run.workers).toMatchObject([
      { rank: 0, status: "cancelled" },
      { rank: 1, status: "failed", exitCode: 7 },
    ]);
    expect((await lab.cli(["logs", "1", "--worker", "1"])).stderr).toContain("broken");
    expect(readFileSync(`${lab.folder}/results/run1.1.worker1.err`, "utf8")).toBe("broken\n");
  });

  story("when the machine of one goes down for good, the others end and the run is tried again", async () => {
    const lab = await aLab(hosts, { machines: { lab1: {}, lab2: {} } });
    const text = 'echo "$RUNYARD_TRY $RUNYARD_RANK"; [ "$RUNYARD_TRY" = 2 ] || sleep 1000.32';
    await lab.send(text, { demand: { gpus: 0, workers: 2 }, retries: 1 });
    const before = await lab.reaches("1.1", "running");
    await until(async () => (await lab.run("1.1")).workers.every(({ status }) => status === "running"), "both run");
    await lab.host(before.workers[1]?.machine ?? "").kill();
    await lab.host(before.workers[1]?.machine ?? "").boot();
    const run = await lab.reaches("1.1", "succeeded");
    expect(run.attempts).toBe(2);
    expect(await lab.output("1.1")).toBe("2 0\n");
  });

  test("share a machine where there is only one, and are cancelled as one run", async () => {
    const yard = await aYard({ slots: ["", "", ""] });
    await yard.submit('echo "$RUNYARD_RANK $RUNYARD_HOSTS"; sleep 1000.33', { demand: { workers: 2 } });
    await until(
      async () => (await yard.run("1.1")).workers.filter(({ status }) => status === "running").length === 2,
      "both run",
    );
    await yard.submit("true", { demand: { workers: 2 } });
    const { runs } = await yard.client.call("explain", { query: { select: "2" } });
    expect(runs[0]?.because.text).toMatch(/^2 workers asked, 1 can start now: no slot that suits is free/);
    expect((await yard.cli(["logs", "1", "--worker", "1"])).stdout).toBe("1 127.0.0.1,127.0.0.1\n");
    await yard.client.call("cancel", { body: { select: "1", graceMs: 1000 } });
    const run = await yard.reaches("1.1", "cancelled");
    expect(run.workers.map(({ status }) => status)).toEqual(["cancelled", "cancelled"]);
    await yard.reaches("2.1", "succeeded");
  });

  test("with --out rank 0 alone writes into the file, and the others keep their own output", async () => {
    const yard = await aYard({ slots: ["", ""] });
    const words = ["run", "--workers", "2", "--out", "both.log", "--wait", 'echo "rank $RUNYARD_RANK"'];
    expect((await yard.cli(words)).code).toBe(0);
    expect(yard.read("both.log")).toBe("rank 0\n");
    expect((await yard.cli(["logs", "1"])).stdout).toBe("rank 0\n");
    expect((await yard.cli(["logs", "1", "--worker", "1"])).stdout).toBe("rank 1\n");
    expect((await yard.cli(["logs", "1", "--worker", "2"])).stderr).toContain("from 0 to 1");
  });

  test("more than all machines of the pool could ever hold are refused", async () => {
    const yard = await aYard({ slots: ["", ""] });
    const answer = await yard.cli(["run", "--workers", "3", "--", "true"]);
    expect(answer.code).toBe(5);
    expect(answer.stderr).toMatch(/asks for 3 workers/);
  });

  test.skipIf(hosts.missing !== null || torchrun === null)(
    "train with torchrun and gloo across two machines",
    async () => {
      const lab = await aLab(hosts, { machines: { lab1: {}, lab2: {} } });
      const train = readFileSync("examples/torchrun/train.py", "utf8");
      const text = `exec ${torchrun} --nnodes=$RUNYARD_WORLD_SIZE --node-rank=$RUNYARD_RANK --nproc-per-node=1 \\
      --master-addr=\${RUNYARD_HOSTS%%,*} --master-port=$RUNYARD_PORT train.py`;
      await lab.send(text, { demand: { gpus: 0, workers: 2 }, code: { "train.py": train } });
      await lab.ends(1);
      const said = await Promise.all([0, 1].map((rank) => lab.cli(["logs", "1", "--worker", String(rank)])));
      expect((await lab.run("1.1")).status, JSON.stringify(said)).toBe("succeeded");
      expect(await lab.output("1.1")).toMatch(/^rank 0 of 2 on lab[12]\nrank 0: slope [\d.]+, all ranks agree: True$/m);
      expect((await lab.run("1.1")).result).toMatchObject({ agree: true });
    },
    120_000,
  );
});

/** Where PyTorch's launcher is; null: nowhere. */
