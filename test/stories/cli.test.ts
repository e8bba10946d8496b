import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { aYard, type CliAnswer } from "../helpers/a_yard.ts";
import { onATerminal } from "../helpers/on_a_terminal.ts";
import { until } from "../helpers/until.ts";

function lines(answer: CliAnswer): string[] {
  return answer.stdout.trimEnd().split("\n");
}

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
    await yard.reaches(1, "running");
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

  test("who waits for a sweep sees how it goes", async () => {
    const yard = await aYard({ slots: ["", ""] });
    await yard.cli(["sweep", "--set", "n=600,601", "--", "sleep", "{n}"]);
    await yard.reaches("1.2", "running");
    const { code, screen } = await onATerminal(yard, ["wait", "1"], { typing: [{ after: "2 running", type: "\x03" }] });
    expect(code).toBe(130);
    expect(screen).toMatch(/1\.1 {2}n=600\s/);
    expect(screen).toMatch(/░{5,}.* 0 % {2}0\/2 · 2 running/);
    expect(screen).toContain("runyard cancel 1");
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
