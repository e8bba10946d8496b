import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { fill } from "../helpers/a_folder.ts";
import { aYard, type CliAnswer } from "../helpers/a_yard.ts";
import { onATerminal } from "../helpers/on_a_terminal.ts";
import { until } from "../helpers/until.ts";

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
  });

  test("a job file says all that options say", async () => {
    const yard = await aYard();
    const text = "command: [sh, -c, 'echo \"$0 $1\"']\nparams: {lr: [0.10, 1e-3]}\nenv: {X: 1}\ntag: t\n";
    writeFileSync(`${yard.folder}/job.yaml`, text);
    expect((await yard.cli(["submit", "job.yaml", "--wait"])).code).toBe(0);
    expect((await yard.cli(["logs", "1"])).stdout).toBe("1.1 | --lr=0.10 \n1.2 | --lr=1e-3 \n");
    expect((await yard.cli(["ls", "--tag", "t"])).stdout).toContain("2 ok");
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
  [["run", "--out", "taken", "--", "true"], 2, "must be new and writable"],
  [["sweep", "--", "true"], 2, "params.json: there is no such file"],
  [["sweep", "--set", "lr=", "--", "true"], 2, "has no values"],
  [["submit", "bad.yaml"], 2, 'bad.yaml:2:1: unknown key "memroy"; did you mean "memory"?'],
  [["show", "99"], 4, "There is no job 99"],
  [["metrics", "99.1"], 4, "There is no job 99"],
  [["extend", "99", "--set", "a=1"], 4, "There is no job 99"],
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

describe("the yard behind it", () => {
  test("what only looks starts no yard, what changes something does, and of many at once one starts for all", async () => {
    const yard = await aYard();
    await yard.stop();
    const looked = await yard.cli(["ls"]);
    expect(looked).toMatchObject({ code: 3, stderr: expect.stringContaining("no yard is running") });
    expect(yard.yardPid()).toBeNull();
    const answers = await Promise.all([1, 2, 3, 4].map((i) => yard.cli(["run", "--json", "--", "echo", String(i)])));
    const ids = answers.map(({ code, stdout }) => (code === 0 ? JSON.parse(stdout).job.id : stdout));
    expect(ids.sort()).toEqual([1, 2, 3, 4]);
    expect((await yard.cli(["up"])).stdout).toContain("runs already");
  });

  test("down leaves runs going and says how many; down --cancel ends them", async () => {
    const yard = await aYard();
    await yard.cli(["run", "--", "sleep", "600"]);
    await yard.reaches(1, "running");
    expect((await yard.cli(["down"])).stdout).toContain("1 run goes on");
    expect(yard.yardPid()).toBeNull();
    expect((await yard.cli(["up"])).code).toBe(0);
    expect((await yard.run(1)).status).toBe("running");
    expect((await yard.cli(["down", "--cancel", "--grace", "0s"])).code).toBe(0);
    await yard.start();
    expect((await yard.run(1)).status).toBe("cancelled");
  });

  test("who follows bears with a yard that is killed and started again at another port", async () => {
    const yard = await aYard();
    const text = "echo one; while [ ! -e go ]; do sleep 0.02; done; echo two; exit 3";
    const followed = yard.cli(["run", "--follow", text]);
    await until(() => yard.client.call("listJobs", {}).then(({ jobs }) => jobs.length === 1), "it is queued");
    await yard.reaches(1, "running");
    await yard.killYard();
    writeFileSync(`${yard.home}/port`, "0\n");
    await yard.start();
    writeFileSync(`${yard.folder}/go`, "");
    expect(await followed).toMatchObject({ code: 1, stdout: "one\ntwo\n" });
  });

  test("inside a run it refuses with one line", async () => {
    const yard = await aYard();
    const answer = await yard.cli(["run", "--", "true"], { environment: { RUNYARD_RUN: "3.1" } });
    expect(answer).toMatchObject({ code: 2, stderr: expect.stringContaining("no run waits inside a run") });
    expect(answer.stderr.trim().split("\n")).toHaveLength(1);
  });

  test("another yard is reached with a token file or after a login, and with a wrong token it says so", async () => {
    const yard = await aYard();
    await yard.submit("true");
    const secret = (await yard.cli(["tokens", "create", "--label", "laptop"])).stdout.trim();
    writeFileSync(`${yard.folder}/secret`, secret, { mode: 0o600 });
    writeFileSync(`${yard.folder}/wrong`, "ry_wrong", { mode: 0o600 });
    const elsewhere = { RUNYARD_HOME: "", RUNYARD_YARD: yard.url(), RUNYARD_TOKEN_FILE: "secret" };
    expect((await yard.cli(["ls"], { environment: elsewhere })).stdout).toContain("true");
    const wrong = await yard.cli(["ls"], { environment: { ...elsewhere, RUNYARD_TOKEN_FILE: "wrong" } });
    expect(wrong).toMatchObject({ code: 3, stderr: expect.stringContaining("does not know this token") });
    const snapshot = await yard.cli(["run", "--snapshot", "--", "true"], { environment: elsewhere });
    expect(snapshot).toMatchObject({ code: 2, stderr: expect.stringContaining("Leave out --snapshot") });
    const environment = {
      RUNYARD_HOME: "",
      XDG_CONFIG_HOME: `${yard.folder}/config`,
      XDG_DATA_HOME: `${yard.folder}/data`,
    };
    const login = await yard.cli(["login", yard.url(), "--token-file", "secret"], { environment });
    expect(login).toMatchObject({ code: 0, stdout: expect.stringContaining("Logged in") });
    expect((await yard.cli(["ls"], { environment })).stdout).toContain("true");
    await yard.cli(["login", "--forget"], { environment });
    expect((await yard.cli(["ls"], { environment })).code).toBe(3);
  });
});

describe("promised JSON", () => {
  test("job, runs, run and explanation have what the manual promises", async () => {
    const yard = await aYard();
    const submitted = await yard.cli(["sweep", "--json", "--set", "lr=0.10,0.20", "--", "sh", "-c", "exit 0"]);
    expect(JSON.parse(submitted.stdout).job).toMatchObject({ id: 1, pool: "local", priority: 30, runs: { total: 2 } });
    expect(JSON.parse((await yard.cli(["wait", "1", "--json"])).stdout).job).toMatchObject({ status: "succeeded" });
    const shown = JSON.parse((await yard.cli(["show", "1", "--json"])).stdout);
    expect(shown.job.runs).toMatchObject({ total: 2, succeeded: 2 });
    expect(shown.runs[0]).toMatchObject({ id: "1.1", params: { lr: 0.1 }, paramsText: { lr: "0.10" }, exitCode: 0 });
    const run = JSON.parse((await yard.cli(["show", "1.2", "--json"])).stdout);
    expect(run).toMatchObject({ run: { id: "1.2" }, attempts: [{ try: 1 }] });
    expect(JSON.parse((await yard.cli(["ls", "--json"])).stdout).jobs).toHaveLength(1);
    expect(JSON.parse((await yard.cli(["explain", "1", "--json"])).stdout)).toHaveProperty("runs");
    expect(JSON.parse((await yard.cli(["machines", "--json"])).stdout).machines[0]).toMatchObject({
      name: "local",
      pool: "local",
    });
    expect(JSON.parse((await yard.cli(["results", "1", "--json"])).stdout).runs).toHaveLength(2);
  });
});

describe("output", () => {
  test("logs passes bytes on exactly, follows several runs with prefixes, and shows the tail", async () => {
    const yard = await aYard();
    await yard.cli(["run", "--wait", "--", "sh", "-c", "printf 'a\\033[2J\\001b\\n\\377end'"]);
    expect((await yard.cli(["logs", "1"])).stdout).toBe("a\x1b[2J\x01b\n\ufffdend");
    const text = "for i in 1 2 3; do echo line $i; sleep 0.05; done #";
    await yard.cli(["sweep", "--set", "a=1,2", "--", "sh", "-c", text]);
    const followed = await yard.cli(["logs", "-f", "2"]);
    expect(lines(followed).sort()).toEqual([
      "2.1 | line 1",
      "2.1 | line 2",
      "2.1 | line 3",
      "2.2 | line 1",
      "2.2 | line 2",
      "2.2 | line 3",
    ]);
    expect((await yard.cli(["logs", "2.2", "--tail", "1"])).stdout).toBe("line 3\n");
  });

  test("logs --since shows the runs that ran since then, and all that they have printed", async () => {
    const yard = await aYard({ slots: ["", "", "", ""] });
    const waitFor = (file: string) => `until [ -e ${file} ]; do sleep 0.02; done`;
    await yard.cli(["run", "--wait", "echo ended"]);
    await yard.cli(["run", "--retries", "1", `echo waits for its second try; ${waitFor("fail")}; exit 1`]);
    await yard.cli(["run", `echo runs; ${waitFor("go")}`]);
    await yard.cli(["run", "--paused", "echo never began"]);
    for (const job of [2, 3]) await yard.reaches(job, "running");
    await yard.cli(["pause", "all"]);
    writeFileSync(`${yard.folder}/fail`, "");
    await yard.reaches(2, "queued");
    const endedAt = Date.parse((await yard.attempts(2))[0]?.endedAt ?? "");
    await until(() => Date.now() > endedAt + 1000, "the second has lain for a second");
    expect((await yard.cli(["logs", "1-4", "--since", "1s"])).stdout).toBe("3.1 | runs\n");
    expect(lines(await yard.cli(["logs", "1-4", "--since", "1h"]))).toEqual([
      "1.1 | ended",
      "2.1 | waits for its second try",
      "3.1 | runs",
    ]);
    const following = yard.cli(["logs", "-f", "1", "3", "--since", "1s"]);
    writeFileSync(`${yard.folder}/go`, "");
    expect((await following).stdout).toBe("3.1 | runs\n");
  });
});

describe("on a terminal", () => {
  test("more than one run is asked for; no, end of input and Ctrl-C start nothing", async () => {
    const yard = await aYard();
    const args = ["sweep", "--set", "a=1,2", "--", "true"];
    const answers = { "n\r": 1, "\x04": 1, "\x03": 130 };
    for (const [type, code] of Object.entries(answers)) {
      const { code: ended, screen } = await onATerminal(yard, args, { typing: [{ after: "[y/N]", type }] });
      expect(ended).toBe(code);
      expect(screen).toContain("Nothing was queued.");
    }
    expect((await yard.client.call("listJobs", {})).jobs).toEqual([]);
    const yes = await onATerminal(yard, args, { typing: [{ after: "[y/N]", type: "y\r" }] });
    expect(yes.code).toBe(0);
    expect((await yard.ends(1)).runs.total).toBe(2);
  });

  test("Ctrl-C detaches from what is followed, says how to cancel, and leaves it running", async () => {
    const yard = await aYard();
    const interrupted = async (args: string[], after: string) => {
      const { code, screen } = await onATerminal(yard, args, { typing: [{ after, type: "\x03" }] });
      expect(code, screen).toBe(130);
      return screen;
    };
    expect(await interrupted(["run", "--follow", "echo begun; sleep 600"], "begun")).toContain("runyard cancel 1");
    expect((await yard.run(1)).status).toBe("running");
    expect(await interrupted(["run", "--wait", "sleep 600"], "queued.")).toContain("runyard cancel 2");
    await yard.cli(["run", "--yes", "--runs", "2", "--gpus", "0", "echo begun; sleep 600"]);
    await yard.cli(["cancel", "1,2", "--grace", "0s"]);
    expect(await interrupted(["logs", "-f", "3"], "begun")).not.toContain("Error");
  });

  test("nothing that others wrote moves the cursor, sets the title or turns text around", async () => {
    const yard = await aYard();
    const evil = "\x1b[2J\x1b]0;title\x07\x9b1m\u202e";
    const text = `printf 'x\\033[2J\\033]0;title\\007\\033[31mred\\033[0m\\n'; exit 1 # ${evil}`;
    const work = { kind: "command", command: { kind: "shell", text } } as const;
    await yard.submit("", { work, name: `name${evil}`, tags: [`tag${evil}`] });
    await yard.ends(1);
    for (const args of [
      ["ls"],
      ["show", "1"],
      ["show", "1.1"],
      ["results", "1"],
      ["logs", "1"],
      ["wait", "1"],
      ["explain", "1"],
      ["ls", "--json"],
      ["results", "1", "--csv"],
      ["show", evil],
    ]) {
      const { screen } = await onATerminal(yard, args);
      // Colours alone may stand there.
      expect(screen.replace(/\x1b\[[0-9;]*m/g, ""), args.join(" ")).not.toMatch(
        /[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e]/,
      );
    }
    expect((await onATerminal(yard, ["logs", "1", "--raw"])).screen).toContain("\x1b[2J");
  });

  test("tables fit the terminal", async () => {
    const yard = await aYard();
    await yard.submit(`true ${"very-long-argument ".repeat(20)}`);
    await yard.ends(1);
    for (const args of [["ls"], ["show", "1"]]) {
      const { screen } = await onATerminal(yard, args, { columns: 60 });
      const shown = screen.replace(/\x1b\[[0-9;]*m/g, "").split("\r\n");
      const table = shown.slice(shown.findIndex((line) => /^ *(ID|RUN) /.test(line)));
      for (const line of table) expect(line.length).toBeLessThanOrEqual(60);
    }
  });

  test("a followed sweep shows a bar while it runs and ends with its results, best first", async () => {
    const yard = await aYard();
    const script = [
      "import json, os, sys, time",
      "lr = float(sys.argv[1].split('=')[1])",
      "with open(os.environ['RUNYARD_EVENTS'], 'a') as events:",
      "    for i in range(3):",
      "        events.write(json.dumps({'t': time.time(), 'kind': 'progress', 'done': i + 1, 'of': 3}) + '\\n')",
      "        events.flush(); time.sleep(0.2)",
      "    events.write(json.dumps({'t': time.time(), 'kind': 'result', 'values': {'accuracy': lr}}) + '\\n')",
    ].join("\n");
    writeFileSync(`${yard.folder}/train.py`, script);
    const args = ["sweep", "--yes", "--follow", "--set", "lr=0.1,0.3,0.2", "--", "python3", "train.py"];
    const { code, screen } = await onATerminal(yard, args);
    expect(code).toBe(0);
    expect(screen).toMatch(/[█░]{5,}.* \d\/3 .*running/);
    expect(screen).toContain("best accuracy=");
    const table = screen.slice(screen.lastIndexOf("RUN"));
    expect(table.match(/1\.\d/g)?.slice(0, 3)).toEqual(["1.2", "1.3", "1.1"]);
    const plain = await yard.cli(args);
    expect(lines(plain).map((line) => line.split(/\s+/)[0])).toEqual(["RUN", "2.2", "2.3", "2.1"]);
    expect(plain.stderr).toMatch(/✓ 2\.1 succeeded {2}\S+ {2}lr=0\.1 {2}accuracy=0\.1/);
  });
});
