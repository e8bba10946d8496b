import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { fill } from "../helpers/a_folder.ts";
import { aYard, type CliAnswer } from "../helpers/a_yard.ts";

function lines(answer: CliAnswer): string[] {
  return answer.stdout.trimEnd().split("\n");
}

describe("submitting", () => {
  test("run says the job and the next useful commands at once, and keeps every byte of the arguments", async () => {
    const yard = await aYard();
    const answer = await yard.cli(["run", "--", "echo", "hello  world", "--", "$HOME *"]);
    expect(answer).toMatchObject({ code: 0, stderr: "" });
    expect(lines(answer)[0]).toBe("Job 1: 1 run queued.");
    expect(answer.stdout).toContain("runyard logs -f 1");
    expect(answer.stdout).toContain("runyard cancel 1");
    await yard.ends(1);
    expect((await yard.cli(["logs", "1"])).stdout).toBe("hello  world -- $HOME *\n");
    expect((await yard.job(1)).name).toBe("echo 'hello  world' -- '$HOME *'");
    await yard.cli(["run", "--", "sh", "-c", "echo one\n  echo 'a  b'\n"]);
    expect((await yard.job(2)).name).toBe("sh -c 'echo one echo '\\''a  b'\\'' '");
  });

  test("one text goes to the shell, several words are a program, and a text with words after it is refused", async () => {
    const yard = await aYard();
    expect((await yard.cli(["run", "--follow", "echo a && echo b | tr b c"])).stdout).toBe("a\nc\n");
    expect((await yard.cli(["run", "--follow", "printf", "%s|", "a b", "--lr"])).stdout).toBe("a b|--lr|");
    const unclear = await yard.cli(["run", "echo a", "--follow"]);
    expect(unclear.code).toBe(2);
    expect(unclear.stderr).toContain("Put options before the text");
  });

  test("--follow passes both streams on and ends as the run did; --exit-code passes the run's own code on", async () => {
    const yard = await aYard();
    const failed = await yard.cli(["run", "--follow", "--", "sh", "-c", "echo out; echo err >&2; exit 3"]);
    expect(failed).toMatchObject({ code: 1, stdout: "out\n" });
    expect(failed.stderr).toMatch(/^Job 1: 1 run queued\.\nerr\n✗ Run 1\.1 failed after .*: exit code 3\.\n$/);
    expect((await yard.cli(["run", "--wait", "--exit-code", "--", "sh", "-c", "exit 3"])).code).toBe(3);
    expect((await yard.cli(["run", "--wait", "--exit-code", "--", "sh", "-c", "kill -9 $$"])).code).toBe(137);
    expect((await yard.cli(["wait", "1"])).code).toBe(1);
    expect((await yard.cli(["wait", "1.1", "--json"])).stdout).toContain('"exitCode":3');
  });

  test("a file of commands is one job; its comments are no runs, but count as lines", async () => {
    const yard = await aYard();
    writeFileSync(`${yard.folder}/commands`, "echo one\n\n# no\necho two; exit 4\n");
    const answer = await yard.cli(["run", "--from", "commands", "--wait", "--json"]);
    expect(answer.code).toBe(1);
    expect(JSON.parse(answer.stdout).job.runs).toMatchObject({ total: 2, succeeded: 1, failed: 1 });
    expect((await yard.run("1.2")).line).toBe(4);
    expect((await yard.cli(["logs", "1"])).stdout).toBe("1.1 | one\n1.2 | two\n");
  });

  test("commands come from a pipe too, whoever is slower at its ends", async () => {
    const yard = await aYard();
    const { command, environment } = yard.program;
    // More than a pipe holds at once.
    const script = `{ head -c 300000 /dev/zero | tr '\\0' '#'; echo; echo 'echo one'; } | "$@"`;
    const args = ["-c", script, "sh", ...command, "run", "--from", "-", "--follow"];
    const { stdout } = await promisify(execFile)("sh", args, { cwd: yard.folder, env: environment });
    expect(stdout).toBe("one\n");
  });

  test("--dry-run prints commands for a shell without asking any yard", async () => {
    const yard = await aYard();
    await yard.stop();
    const args = ["sweep", "--dry-run", "--set", "lr=0.10,1e-3", "--set", 'n="a b"', "--", "echo", "it's"];
    expect(lines(await yard.cli(args))).toEqual([
      "echo 'it'\\''s' --lr=0.10 '--n=a b'",
      "echo 'it'\\''s' --lr=1e-3 '--n=a b'",
    ]);
    for (const wrong of [["--cwd", "/nowhere"], ["--env-file", "nowhere"], ["--json"]])
      expect(await yard.cli(["run", "--dry-run", ...wrong, "--", "true"])).toMatchObject({ code: 2 });
    expect(yard.yardPid()).toBeNull();
  });

  test("a --set replaces the parameter of its name in the file, where that stood", async () => {
    const yard = await aYard({ asleep: true });
    writeFileSync(`${yard.folder}/params.json`, '{"lr": [1, 2], "n": 3}');
    const args = ["sweep", "--dry-run", "--params", "params.json"];
    expect(lines(await yard.cli([...args, "--set", "lr=9", "--set", "k=x", "--", "t"]))).toEqual([
      "t --lr=9 --n=3 --k=x",
    ]);
    const twice = await yard.cli([...args, "--set", "lr=8", "--set", "lr=9", "--", "t"]);
    expect(twice).toMatchObject({ code: 2, stderr: expect.stringContaining("lr is given twice") });
  });

  test("variables come from the terminal, a file and one by one; secrets of other schedulers stay behind", async () => {
    const yard = await aYard();
    writeFileSync(`${yard.folder}/vars`, "A=from file\nB='$x'\n");
    const environment = { A: "terminal", C: "terminal", SLURM_JOB_ID: "7", RANK: "3" };
    const text = 'echo "$A|$B|$C|$D|$SLURM_JOB_ID|$RANK"';
    const answer = await yard.cli(["run", "--env-file", "vars", "--env", "D=x=y", "--follow", text], { environment });
    expect(answer.stdout).toBe("from file|$x|terminal|x=y||\n");
    const missing = await yard.cli(["run", "--env", "NOWHERE", "--", "true"]);
    expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining("--env NOWHERE") });
    const secret = await yard.cli(["run", "--env", "MY-KEY=canary", "--", "true"]);
    expect(secret.stderr).toBe('runyard: --env: A variable cannot be named "MY-KEY".\n');
  });

  test("a job file says all that options say", async () => {
    const yard = await aYard();
    const text = "command: [sh, -c, 'echo \"$0 $1\"']\nparams: {lr: [0.10, 1e-3]}\nenv: {X: 1}\ntag: t\n";
    writeFileSync(`${yard.folder}/job.yaml`, text);
    expect((await yard.cli(["submit", "job.yaml", "--wait"])).code).toBe(0);
    expect((await yard.cli(["logs", "1"])).stdout).toBe("1.1 | --lr=0.10 \n1.2 | --lr=1e-3 \n");
    expect((await yard.cli(["ls", "--tag", "t"])).stdout).toContain("2 ok");
  });

  test("what waits for a job that has failed fails at once, and that is said wherever it is looked for", async () => {
    const yard = await aYard();
    await yard.cli(["run", "--wait", "--", "false"]);
    const why = "dependency failed: job 1 did not succeed";
    expect((await yard.cli(["run", "--after", "last", "--", "true"])).stdout).toContain(
      `1 run failed at once: ${why}.`,
    );
    expect((await yard.cli(["wait", "2"])).stdout).toBe(`✗ Job 2: 1 failed: ${why}.\n`);
    expect((await yard.cli(["explain", "2"])).stdout).toContain(`${why}; it comes back with: runyard retry 1`);
    expect((await yard.cli(["logs", "2"])).stderr).toContain("Nothing of it has begun");
    const { jobs } = JSON.parse((await yard.cli(["ls", "--json"])).stdout);
    expect(jobs.map((job: { after: unknown }) => job.after)).toEqual([[{ job: 1, any: false }], []]);
  });

  test("extend says what it would add; retry all takes every job with runs that failed", async () => {
    const yard = await aYard();
    await yard.cli(["sweep", "--wait", "--set", "lr=0.1,0.2", "--set", "s=1..2", "--", "test", "-e", "go", "-a"]);
    const extend = ["extend", "1", "--set", "s=2..3"];
    expect(lines(await yard.cli([...extend, "--dry-run"]))).toEqual([
      "test -e go -a --lr=0.1 --s=3",
      "test -e go -a --lr=0.2 --s=3",
    ]);
    expect((await yard.cli(extend)).stdout).toBe("Job 1: 2 runs added, 6 in all.\n");
    expect((await yard.cli(extend)).stdout).toContain("nothing was added");
    expect((await yard.cli([...extend, "--dry-run"])).stdout).toBe("");
    await yard.cli(["run", "--wait", "--", "true"]);
    await yard.cli(["run", "--wait", "--", "test", "-e", "go"]);
    expect((await yard.ends(1)).runs).toMatchObject({ failed: 6 });
    writeFileSync(`${yard.folder}/go`, "");
    const retried = JSON.parse((await yard.cli(["retry", "all", "--failed", "--json"])).stdout);
    expect(retried).toMatchObject({ jobs: [1, 3], runs: 7 });
    expect((await yard.ends(3)).status).toBe("succeeded");
  });

  test("a snapshot keeps the code as it was; retry --failed runs it once more", async () => {
    const yard = await aYard();
    writeFileSync(`${yard.folder}/code.sh`, "echo v1; exit 1\n");
    const answer = await yard.cli(["run", "--snapshot", "--wait", "--", "sh", "code.sh"]);
    expect(answer.stderr).toContain("Code: 1 file, 16 B");
    writeFileSync(`${yard.folder}/code.sh`, "echo v2\n");
    expect((await yard.cli(["retry", "1", "--failed"])).stdout).toContain("1 run queued again of job 1.");
    expect((await yard.cli(["wait", "1"])).code).toBe(1);
    expect((await yard.cli(["logs", "1"])).stdout).toBe("v1\n");
  });

  test("--code now is for the runs retried with it alone; what ran with different code is marked", async () => {
    const yard = await aYard();
    writeFileSync(`${yard.folder}/code.sh`, "echo v1; exit 1\n");
    await yard.cli(["sweep", "--snapshot", "--wait", "--set", "a=1,2", "--", "sh", "code.sh"]);
    writeFileSync(`${yard.folder}/code.sh`, "echo v2; exit 1\n");
    await yard.cli(["retry", "1.2", "--code", "now"]);
    await yard.ends(1);
    expect((await yard.cli(["logs", "1"])).stdout).toBe("1.1 | v1\n1.2 | v2\n");
    const marked = await yard.cli(["results", "1"]);
    expect(marked.stdout).toMatch(/^RUN +STATE +a +CODE +TIME/);
    expect(marked.stderr).toContain("Not all of these runs worked with the same code");
    expect(lines(await yard.cli(["results", "1", "--csv"]))[0]).toMatch(/,code$/);
    await yard.cli(["retry", "1", "--failed"]);
    await yard.ends(1);
    expect((await yard.cli(["logs", "1"])).stdout).toBe("1.1 | v1\n1.2 | v1\n");
    expect((await yard.cli(["results", "1"])).stdout).not.toContain("CODE");
  });
});

const refusals: [args: string[], code: number, words: string][] = [
  [["run"], 2, "There is no command"],
  [["rum", "--", "true"], 2, 'There is no command "rum"; did you mean "run"?'],
  [["run", "--gpsu", "1", "--", "true"], 2, "did you mean --gpus?"],
  [["run", "--memory", "lots", "--", "true"], 2, "It takes a size"],
  [["run", " "], 2, "The command is empty"],
  [["run", "--", ""], 2, "The command is empty"],
  [["sweep", "--params", "large.yaml", "--", "true"], 2, "An argument of the command is 132100 bytes long"],
  [["submit", "none.yaml"], 2, "none.yaml: there is no command"],
  [["run", "--gpus", "500", "--", "true"], 5, "The run asks for 500 GPUs; local has"],
  [["run", "--after", "99", "--", "true"], 2, "--after names job 99"],
  [["run", "--on", "moon", "--", "true"], 2, "There is no pool moon"],
  [["run", "--cwd", "/nowhere", "--", "true"], 2, "there is no such folder"],
  [["run", "--from", "nowhere"], 2, "--from nowhere: there is no such file"],
  [["run", "--from", "."], 2, "--from .: it is a folder, not a file"],
  [["run", "--from", "long"], 2, "The command in line 2 is 132005 bytes long"],
  [["run", "--env", "A B=1", "--", "true"], 2, '--env: A variable cannot be named "A B"'],
  [["run", "--env", "CUDA_VISIBLE_DEVICES=1", "--", "true"], 2, "Runyard sets CUDA_VISIBLE_DEVICES itself"],
  [["run", "--name", "x".repeat(201), "--", "true"], 2, "It takes at most 200 characters"],
  [["run", "--gpus", "-1", "--", "true"], 2, '--gpus "-1": It takes a whole number from 0 to 1024'],
  [["run", "--out", "nowhere/out", "--", "true"], 2, "the folder that it would lie in does not exist"],
  [["run", "--exit-code", "--", "true"], 2, "--exit-code belongs to --wait or --follow"],
  [["run", "echo a", "--", "b"], 2, "Put options before the text"],
  [["submit", "."], 2, ".: it is a folder, not a file"],
  [["run", "--out", "taken", "--", "true"], 2, "must be new and writable"],
  [["sweep", "--", "true"], 2, "params.json: there is no such file"],
  [["sweep", "--set", "lr=", "--", "true"], 2, "has no values"],
  [["sweep", "--set", "seed=1..5:", "--", "true"], 2, "it only looks like one"],
  [["submit", "bad.yaml"], 2, 'bad.yaml:2:1: unknown key "memroy"; did you mean "memory"?'],
  [["show", "99"], 4, "There is no job 99"],
  [["show", "99", "--status", "faild"], 2, 'there is no state "faild"; did you mean "failed"?'],
  [["metrics", "99.1"], 4, "There is no job 99"],
  [["extend", "99", "--set", "a=1"], 4, "There is no job 99"],
  [["cancel", "98-99"], 4, "There is no job 98-99"],
  [["cancel", "all", "5"], 2, "names no jobs or runs"],
  [["cancel", "what"], 2, "names no jobs or runs"],
  [["results", "99"], 4, "There is no job 99"],
];

test("bad input is told in words on stderr, with --json as an error object on stdout, and queues nothing", async () => {
  const yard = await aYard();
  await fill(yard.folder, {
    taken: "mine",
    "bad.yaml": "command: x\nmemroy: 1G\n",
    "none.yaml": "name: x\n",
    "large.yaml": `v: ${"x".repeat(129 * 1024)}\n`,
    long: `true\necho ${"x".repeat(132_000)}\n`,
  });
  for (const [args, code, words] of refusals) {
    const plain = await yard.cli(args);
    expect(plain, args.join(" ")).toMatchObject({ code, stdout: "", stderr: expect.stringContaining(words) });
    const [verb = "", ...rest] = args;
    const json = await yard.cli([verb, "--json", ...rest]);
    expect(json, args.join(" ")).toMatchObject({ code, stderr: "" });
    const error = { code: expect.any(String), message: expect.stringContaining(words) };
    expect(JSON.parse(json.stdout)).toEqual({ error });
  }
  expect(readFileSync(`${yard.folder}/taken`, "utf8")).toBe("mine");
  expect((await yard.client.call("listJobs", {})).jobs).toEqual([]);
});
