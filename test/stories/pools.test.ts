import { expect, test } from "vitest";
import { fill } from "../helpers/a_folder.ts";
import { aYard } from "../helpers/a_yard.ts";
import { onATerminal } from "../helpers/on_a_terminal.ts";

const config = JSON.stringify({
  local: { cpu: { env: "GREETING=hello; export GREETING", resources: "" } },
  slurm: {
    gpu: {
      env: "source activate deep",
      resources: { time: "2-00:00:00", partition: "big-gpu", gres: "gpu:p100:1", comment: "a b" },
    },
  },
});

const script = `#!/bin/bash
#SBATCH --time=2-00:00:00
#SBATCH --partition=big-gpu
#SBATCH --gres=gpu:p100:1
#SBATCH --comment="a b"

source activate deep
python3 dummytrain.py --lr=0.01
`;

test("a dry run prints exactly the script, and says beside it what sbatch is told", async () => {
  const yard = await aYard({ asleep: true });
  await fill(yard.folder, { "config.json": config });
  const command = ["--", "python3", "dummytrain.py", "--lr=0.01"];
  const plain = await yard.cli(["run", "--on", "slurm:gpu", "--dry-run", ...command]);
  expect(plain).toMatchObject({ code: 0, stdout: script });
  expect(plain.stderr).toContain("  sbatch --job-name=… --comment=… --output=… --no-requeue --export=ALL\n");
  const asked = [
    "--runs",
    "10",
    "--gpus",
    "2",
    "--time-limit",
    "90m",
    "--sbatch",
    "qos=high",
    "--sbatch",
    "--exclusive",
  ];
  const more = await yard.cli(["run", "--on", "local,slurm:gpu", ...asked, "--dry-run", ...command]);
  expect(more).toMatchObject({ code: 0, stdout: script });
  expect(more.stderr).toContain(
    "--array=… --no-requeue --export=ALL --gres=gpu:p100:2 --time=01:30:00 --qos=high --exclusive\n",
  );
});

test("runs that differ have a script each; a sweep prints its commands all the same", async () => {
  const yard = await aYard({ asleep: true });
  await fill(yard.folder, { commands: "a 1\n\nb 2\nb 2\n" });
  const lines = await yard.cli(["run", "--on", "slurm", "--from", "commands", "--dry-run"]);
  expect(lines.stdout).toBe("#!/bin/bash\n\na 1\n\n#!/bin/bash\n\nb 2\n");
  const sweep = await yard.cli(["sweep", "--on", "slurm", "--set", "x=1,2", "--dry-run", "--", "a"]);
  expect(sweep).toMatchObject({ code: 0, stdout: "a --x=1\na --x=2\n", stderr: "" });
  const batch = await yard.cli(["batch", "--on", "slurm", "--num-cpus", "2", "--dry-run", "commands"]);
  expect(batch.stdout).toBe("#!/bin/bash\n\na 1\n\n#!/bin/bash\n\nb 2\n");
  expect(batch.stderr).toContain("--cpus-per-task=2\n");
});

test("what Slurm is told has to be Slurm's", async () => {
  const yard = await aYard({ asleep: true });
  await fill(yard.folder, { commands: "a\n", "config.json": '{"slurm": {"x": {"resources": {"mem-per-cpu": "1G"}}}}' });
  const refusals: [args: string[], message: string][] = [
    [["run", "--sbatch", "qos=high", "--", "true"], "--sbatch speaks to Slurm, and the job goes elsewhere."],
    [["run", "--on", "slurm", "--sbatch", "array=1-4", "--", "true"], "Runyard itself says to sbatch what array is."],
    [["run", "--on", "slurm", "--sbatch", "=1", "--", "true"], '"" is not the name of an option of sbatch.'],
    [["run", "--on", "slurm:x", "--memory", "1G", "--", "true"], "--memory goes not with the pool's mem-per-cpu"],
    [["run", "--on", "slurm:y", "--", "true"], "No file defines slurm:y; did you mean"],
    [["batch", "--on", "slurm", "--reserve", "commands"], "--reserve looks at what machines have free"],
    [
      ["batch", "--on", "local,slurm", "commands"],
      "a batch goes to machines, by what they have free, or through Slurm.",
    ],
  ];
  for (const [args, message] of refusals) {
    const answer = await yard.cli(args);
    expect(answer).toMatchObject({ code: 2, stdout: "" });
    expect(answer.stderr).toContain(message);
  }
});

test("what config.json puts before the command is done before it here too, and parameters still arrive", async () => {
  const yard = await aYard();
  await fill(yard.folder, { "config.json": config });
  const words = ["sweep", "--on", "local:cpu", "--set", "x=a,'b c'", "--gpus", "0", "--wait", "--yes"];
  await yard.cli([...words, "--", "sh", "-c", 'echo "$GREETING $1"', "sh", "{x}"]);
  expect((await yard.cli(["logs", "1.1"])).stdout).toBe("hello a\n");
  expect((await yard.job(1)).pool).toBe("local");
});

test("a name that the yard and config.json both know is refused, as it is unclear which is meant", async () => {
  const yard = await aYard();
  await fill(yard.folder, { "config.json": '{"lab": {"env": "x"}}' });
  const added = { name: "lab", login: { host: "127.0.0.1", port: 9 } };
  await yard.client.call("addMachine", { body: added });
  const answer = await yard.cli(["run", "--on", "lab", "--", "true"]);
  expect(answer.code).toBe(2);
  expect(answer.stderr).toContain("the yard has a pool of that name, and config.json defines one too.");
});

test("a project's pools are used once they were looked at and agreed to, until the file changes", async () => {
  const yard = await aYard({ asleep: true });
  expect(await yard.cli(["trust"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("there is no such file"),
  });
  await fill(yard.folder, { "runyard.yaml": "gpus: 0\n" });
  expect((await yard.cli(["trust"])).stdout).toContain("defines no pools; there is nothing to trust.");
  const file = 'gpus: 0\npools:\n  slurm:far: {login: ada@far, env: [a, "\\e[31mb"], resources: {partition: x}}\n';
  await fill(yard.folder, { "runyard.yaml": file });
  const dryRun = () => yard.cli(["run", "--on", "slurm:far", "--dry-run", "--", "true"]);
  expect((await dryRun()).stderr).toContain("which is not trusted as it stands");
  const shown = "slurm:far\n  login     ada@far\n  env       a\n            b\n  #SBATCH   --partition=x\n";
  expect(await yard.cli(["trust"])).toMatchObject({ code: 2, stdout: shown });
  const no = await onATerminal(yard, ["trust"], { typing: [{ after: "[y/N]", type: "n\r" }] });
  expect(no.code).toBe(1);
  expect((await dryRun()).code).toBe(2);
  const yes = await onATerminal(yard, ["trust"], { typing: [{ after: "[y/N]", type: "y\r" }] });
  expect(yes.screen).toContain("is trusted until it is changed.");
  const told = await dryRun();
  expect(told.code).toBe(0);
  expect(told.stderr).toContain("what is said on ada@far:\n");
  expect((await yard.cli(["trust", yard.folder, "--yes"])).stdout).toContain("is trusted already as it stands.");
  await fill(yard.folder, { "runyard.yaml": `${file}# one more line\n` });
  expect((await dryRun()).stderr).toContain("which is not trusted as it stands");
  expect((await yard.cli(["trust", "--yes"])).code).toBe(0);
  expect((await dryRun()).code).toBe(0);
});
