import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { aLab, type Lab, labHosts } from "../helpers/a_lab.ts";
import { openTerminal } from "../helpers/open_terminal.ts";
import { isRunning } from "../helpers/processes_of.ts";
import { until } from "../helpers/until.ts";

const hosts = await labHosts(["lab1", "lab2", "plain"], { lab1: { gpus: 2 }, lab2: { gpus: 1 } });
const story = test.skipIf(hosts.missing !== null);

/** What a line asks for that this machine, whatever else it does, has for many lines; GPUs are left to be counted. */
const LITTLE = ["--num-cpus", "0", "--memory-required", "10"];

/** A yard that knows no machine, with machine files for some hosts in its folder. */
async function aBatch(files: Record<string, string>, names = ["lab1", "lab2", "plain"]): Promise<Lab> {
  const lab = await aLab(hosts, { machines: {} });
  for (const name of names) {
    const { address } = lab.host(name);
    const text = `username: root\nip: ${address}\nport: 22\nssh_key_path: ${hosts.all().key}\n`;
    writeFileSync(`${lab.folder}/${name}.yaml`, text);
  }
  await lab.write(files);
  return lab;
}

const results = (lab: Lab) => readdirSync(`${lab.folder}/job_results`).sort();
const jobs = async (lab: Lab) => (await lab.client.call("listJobs", { query: {} })).jobs.length;

const JOBS = `#!/bin/bash
# a comment

echo "one job"
a=1; echo "$a $HOSTNAME" && echo err >&2
  echo "$CUDA_VISIBLE_DEVICES" > "a file"; mkdir -p deep/er; cat data.txt > deep/er/copy

exit 3`;

story(
  "a batch runs its lines where there is room, and its results lie where ml-scheduler's users look for them",
  async () => {
    const lab = await aBatch({
      "sub/jobs.sh": JOBS,
      "data.txt": "data\n",
      ".git/config": "secret",
      "job_results/old/x": "x",
    });
    const { code, stdout, stderr } = await lab.cli([
      "batch",
      "sub/jobs.sh",
      "--machines",
      "lab1.yaml",
      "lab2",
      ...LITTLE,
    ]);
    expect([code, stderr]).toEqual([1, expect.not.stringContaining("WARNING")]);
    expect(stdout).toMatch(
      /^machine limits: {2}\{'lab1.yaml': 2, 'lab2': 1\}\nmachine gpu choices: \[\[0, 1\], \[0\]\]\n/,
    );
    expect(stdout).toMatch(/^started: sub_jobs\.sh\.4; {2}export CUDA_VISIBLE_DEVICES=\d && echo "one job"$/m);
    expect(stdout).toMatch(/^finished: sub_jobs\.sh\.4; echo "one job"$/m);
    expect(stdout).toMatch(/^failed: sub_jobs\.sh\.8; exit 3 {2}\(exit code 3\)$/m);
    expect(stdout).toMatch(/3 succeeded, 1 failed/);
    const lines = [4, 5, 6, 8].flatMap((line) => [`sub_jobs.sh.${line}.err`, `sub_jobs.sh.${line}.out`]);
    expect(results(lab)).toEqual([...lines, "old", "sub_jobs.sh.6"].sort());
    expect(lab.read("job_results/sub_jobs.sh.4.out")).toBe("one job\n");
    expect(lab.read("job_results/sub_jobs.sh.5.out")).toMatch(/^1 lab[12]\n$/);
    expect(lab.read("job_results/sub_jobs.sh.5.err")).toBe("err\n");
    expect(readdirSync(`${lab.folder}/job_results/sub_jobs.sh.6`).sort()).toEqual(["a file", "deep"]);
    expect(lab.read("job_results/sub_jobs.sh.6/a file")).toMatch(/^[01]\n$/);
    expect(lab.read("job_results/sub_jobs.sh.6/deep/er/copy")).toBe("data\n");
  },
);

story("lines whose results are there are skipped with a warning, and nothing is overwritten", async () => {
  const lab = await aBatch({ "jobs.sh": "echo one\necho two; echo made > made\n" }, ["plain"]);
  const batch = ["batch", "./jobs.sh", "--machines", "plain.yaml", "--no-gpu-required", ...LITTLE];
  expect((await lab.cli(batch)).code).toBe(0);
  const before = results(lab).map((name) => [name, existsSync(`${lab.folder}/job_results/${name}`)]);
  writeFileSync(`${lab.folder}/job_results/jobs.sh.1.out`, "kept\n");
  writeFileSync(`${lab.folder}/jobs.sh`, "echo one\necho two\necho three\n");
  const again = await lab.cli(batch);
  expect([again.code, again.stdout]).toEqual([0, expect.stringMatching(/finished: jobs\.sh\.3/)]);
  expect(again.stderr.match(/WARNING: job results already exists for line \d, skipping evaluation/g)).toEqual([
    "WARNING: job results already exists for line 1, skipping evaluation",
    "WARNING: job results already exists for line 2, skipping evaluation",
  ]);
  expect(again.stdout).not.toMatch(/jobs\.sh\.[12];/);
  expect(lab.read("job_results/jobs.sh.1.out")).toBe("kept\n");
  expect(results(lab)).toEqual([...before.map(([name]) => name), "jobs.sh.3.err", "jobs.sh.3.out"]);
  const third = await lab.cli(batch);
  expect([third.code, third.stderr.match(/WARNING/g)?.length]).toEqual([0, 3]);
});

story("a dry run shows the plan, and starts and queues nothing", async () => {
  const lab = await aBatch({ "jobs.sh": "touch ~/never\n".repeat(4) });
  const dry = ["batch", "jobs.sh", "--machines", "lab1.yaml", "lab2.yaml", "--dry-run"];
  const { code, stdout } = await lab.cli([...dry, ...LITTLE]);
  expect(code).toBe(0);
  expect(stdout.split("\n").slice(0, 6)).toEqual([
    "machine limits:  {'lab1.yaml': 2, 'lab2.yaml': 1}",
    "machine gpu choices: [[0, 1], [0]]",
    "line 1: lab1 GPU 0",
    "line 2: lab1 GPU 1",
    "line 3: lab2 GPU 0",
    "line 4: waits",
  ]);
  const plans: [string[], string][] = [
    [["--reserve"], "'lab1.yaml': 1, 'lab2.yaml': 1"],
    [["--no-reserve-gpu", "--gpu-utilization", "0.5"], "'lab1.yaml': 6, 'lab2.yaml': 3"],
    [["--gpu-memory-required", "50000"], "'lab1.yaml': 0, 'lab2.yaml': 0"],
  ];
  for (const [flags, limits] of plans) {
    const planned = await lab.cli([...dry, ...LITTLE, ...flags]);
    expect([planned.stdout, planned.code]).toEqual([
      expect.stringContaining(`{${limits}}`),
      limits.includes("2.yaml': 0") ? 5 : 0,
    ]);
  }
  expect([await jobs(lab), existsSync(`${lab.folder}/job_results`)]).toEqual([0, false]);
  for (const name of ["lab1", "lab2"]) expect(existsSync(`${lab.host(name).home}/never`)).toBe(false);
});

story("a batch that no machine has room for is refused with 5 and the reasons, and waits with --queue", async () => {
  const lab = await aBatch({ "jobs.sh": "echo one\n" });
  const batch = [
    "batch",
    "jobs.sh",
    "--machines",
    "plain.yaml",
    "lab2.yaml",
    "--gpu-memory-required",
    "50000",
    ...LITTLE,
  ];
  const refused = await lab.cli(batch);
  expect(refused.code).toBe(5);
  expect(refused.stderr).toMatch(/plain.*GPU/s);
  expect(refused.stderr).toMatch(/lab2.*GPU memory: 50000 MB asked, 40960 MB free/s);
  expect([await jobs(lab), existsSync(`${lab.folder}/job_results`)]).toEqual([0, false]);
  expect((await lab.cli([...batch, "--queue", "--detach"])).code).toBe(0);
  expect((await lab.run(1)).status).toBe("queued");
});

story("what a line needs may be named, and what it makes too", async () => {
  const lab = await aBatch({ "in/a.txt": "a\n", "in/b.txt": "b\n", "other.txt": "o\n", "with blank/c.txt": "c\n" }, [
    "plain",
  ]);
  writeFileSync(
    `${lab.folder}/jobs`,
    "ls -R . | grep txt | tr '\\n' ' '; mkdir out; echo 1 > out/1; echo 2 > 2; echo 3 >> in/a.txt\n",
  );
  const flags = [
    "--copy-forward",
    "in",
    "./with blank/",
    "--copy-backwards",
    "out",
    "in/a.txt",
    "--no-gpu-required",
    ...LITTLE,
  ];
  expect((await lab.cli(["batch", "jobs", "--machines", "plain.yaml", ...flags])).code).toBe(0);
  expect(lab.read("job_results/jobs.1.out")).toBe("a.txt b.txt c.txt ");
  expect(readdirSync(`${lab.folder}/job_results/jobs.1`, { recursive: true }).sort()).toEqual([
    "in",
    "in/a.txt",
    "out",
    "out/1",
  ]);
  const wrong: [string[], RegExp][] = [
    [["jobs", "--copy-forward", "missing"], /missing: there is no such file/],
    [["jobs", "--copy-forward", "../x"], /only what lies in the current folder/],
    [["in", "--no-gpu-required"], /in.*folder/],
    [["nowhere"], /nowhere/],
    [["jobs", "--machines", "nowhere.yaml"], /nowhere\.yaml.*no such machine file/],
    [["jobs", "--num-cpus", "many"], /cores/],
  ];
  for (const [args, says] of wrong) {
    const { code, stderr } = await lab.cli([
      "batch",
      ...args,
      ...(args.includes("--machines") ? [] : ["--machines", "plain.yaml"]),
    ]);
    expect([args, code, stderr]).toEqual([args, 2, expect.stringMatching(says)]);
  }
  writeFileSync(`${lab.folder}/plain.yaml`, `${readFileSync(`${lab.folder}/plain.yaml`, "utf8")}prot: 22\n`);
  const typo = await lab.cli(["batch", "jobs", "--machines", "plain.yaml"]);
  expect([typo.code, typo.stderr]).toEqual([2, expect.stringMatching(/plain\.yaml:5:1.*prot.*port/)]);
  expect(await jobs(lab)).toBe(1);
});

story("of a batch may be said what is said of any job: variables, retries, limits, what it waits for", async () => {
  const lab = await aBatch(
    {
      "jobs.sh": 'echo "$WHERE $ONCE"\nexit 4\nsleep 30\n',
      "set.env": "WHERE='there; not here'\n",
      "bad.env": "WHERE\n",
    },
    ["plain"],
  );
  const batch = (...args: string[]) =>
    lab.cli(["batch", "jobs.sh", "--machines", "plain", "--no-gpu-required", ...LITTLE, ...args]);
  const refused = await batch("--env-file", "bad.env");
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("bad.env:1: ")]);
  expect(await jobs(lab)).toBe(0);

  await lab.cli(["run", "--", "sleep", "1"]);
  const wishes = "--retries 1 --time-limit 3s --priority 70 --name night --tag t --after 1".split(" ");
  const ended = await batch("--env-file", "set.env", "--env", "ONCE=$HOME", ...wishes);
  expect(ended.code, ended.stderr).toBe(1);
  expect(await lab.job(2)).toMatchObject({ name: "night", priority: 70, tags: ["t"], status: "failed" });
  const { runs } = await lab.client.call("listRuns", { params: { job: 2 }, query: {} });
  expect(runs.map(({ status, attempts, cause }) => [status, attempts, cause?.code ?? null])).toEqual([
    ["succeeded", 1, null],
    ["failed", 2, "exit_code"],
    ["failed", 2, "time_limit"],
  ]);
  const waitedFor = (await lab.job(1)).endedAt ?? "";
  expect(Date.parse(runs[0]?.startedAt ?? "")).toBeGreaterThanOrEqual(Date.parse(waitedFor));
  expect(lab.read("job_results/jobs.sh.1.out")).toBe("there; not here $HOME\n");
});

story("the terminal of a batch may be closed: it goes on, and its results arrive", async () => {
  const lab = await aBatch({ "jobs.sh": "until [ -e ~/go.terminal ]; do sleep 0.05; done; echo one\n" }, ["plain"]);
  const terminal = openTerminal(lab, ["batch", "jobs.sh", "--machines", "plain.yaml", "--no-gpu-required", ...LITTLE]);
  await until(() => terminal.text().includes("started: jobs.sh.1"), "it has started");
  terminal.close();
  await until(() => !isRunning(terminal.pid), "the terminal is closed");
  expect((await lab.run(1)).status).toBe("running");
  const wait = lab.cli(["wait", "1"]);
  writeFileSync(`${lab.host("plain").home}/go.terminal`, "");
  expect((await wait).code).toBe(0);
  expect(lab.read("job_results/jobs.sh.1.out")).toBe("one\n");
  expect((await lab.cli(["logs", "1"])).stdout).toBe("one\n");
});

story("a batch comes from stdin too, and its results are not lost where their folder cannot be used", async () => {
  const lab = await aBatch({}, ["plain"]);
  const batch = lab.cli(["batch", "-", "--machines", "plain.yaml", "--no-gpu-required", ...LITTLE], {
    input: "echo one\n# two\nuntil [ -e ~/go.stdin ]; do sleep 0.05; done; echo three; echo made > made\n",
  });
  await until(() => existsSync(`${lab.folder}/job_results/stdin.1.out`), "the first has ended");
  rmSync(`${lab.folder}/job_results`, { recursive: true });
  writeFileSync(`${lab.folder}/job_results`, "in the way");
  writeFileSync(`${lab.host("plain").home}/go.stdin`, "");
  const { stdout, code } = await batch;
  expect([code, stdout]).toEqual([0, expect.stringMatching(/finished: stdin\.3/)]);
  expect(await lab.output("1.2")).toBe("three\n");
  const [attempt] = await lab.attempts("1.2");
  expect(readFileSync(`${attempt?.results}/made`, "utf8")).toBe("made\n");
  expect(lab.read("job_results")).toBe("in the way");
});
