import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { aLab, type Lab, labHosts } from "../helpers/a_lab.ts";
import { logins } from "../helpers/a_machine.ts";
import { until } from "../helpers/until.ts";

const BASHRC = `
echo "welcome to this machine"; echo "be quick" >&2
case $- in *i*) ;; *) return ;; esac
export FROM_BASHRC="from .bashrc"
conda() { [ "$1" = activate ] && CONDA_DEFAULT_ENV=$2 && export CONDA_DEFAULT_ENV; }
alias shout='echo LOUD'
stty erase ^H; tput cols
PS1='$(git status) $ '
`;

const hosts = await labHosts(["lab1", "lab2"], {
  lab1: { files: { ".bashrc": BASHRC }, banner: "Authorised use only.\n" },
});
const story = test.skipIf(hosts.missing !== null);

/** Files that commands on a machine leave in its home, outside of everything of Runyard's. */
function inHome(lab: Lab, machine: string, pattern: RegExp): string[] {
  return readdirSync(lab.host(machine).home).filter((name) => pattern.test(name));
}

story("what a run's processes hold is seen while it runs, and known after", async () => {
  const lab = await aLab(hosts, { machines: { lab2: {} } });
  const hold =
    "import os, time; held = bytearray(100 << 20)\nwhile not os.path.exists(os.path.expanduser('~/go')): time.sleep(0.05)\n";
  await lab.send(`python3 -c "${hold}"; sleep 0.1`, { demand: { gpus: 0 } });
  const seen = await until(async () => (await lab.run(1)).memoryPeakBytes, "a look has seen what it holds", 60_000);
  expect(seen).toBeGreaterThan(100 * 2 ** 20);
  expect(seen).toBeLessThan(200 * 2 ** 20);
  writeFileSync(`${lab.host("lab2").home}/go`, "");
  expect((await lab.reaches(1, "succeeded")).memoryPeakBytes).toBeGreaterThanOrEqual(seen);
});

story("a run behind ssh has its output, exit code, events and results here, and leaves nothing there", async () => {
  const lab = await aLab(hosts, { machines: { lab2: {} } });
  const code = {
    "train.py": `import runyard
runyard.progress(1, 4)
runyard.metric(step=1, loss=0.5)
runyard.result(accuracy=0.9)
print("trained")
`,
  };
  await lab.send("hostname; echo err >&2; python3 train.py; echo made > made; exit 3", { code });
  const run = await lab.reaches(1, "failed");
  expect(run).toMatchObject({ exitCode: 3, machine: "lab2", attempts: 1, cause: { code: "exit_code" } });
  expect(run).toMatchObject({ progress: { done: 1, of: 4 }, metrics: { loss: 0.5 }, result: { accuracy: 0.9 } });
  expect([await lab.output(1), await lab.output(1, "err")]).toEqual(["lab2\ntrained\n", "err\n"]);
  expect([lab.read("results/run1.1.out"), lab.read("results/run1.1.err")]).toEqual(["lab2\ntrained\n", "err\n"]);
  expect(readdirSync(`${lab.folder}/results/run1.1`)).toEqual(["made"]);
  await until(() => lab.attemptsOn("lab2").length === 0, "its folder there is gone");
});

story("what a run prints and tells is seen while it runs", async () => {
  const lab = await aLab(hosts, { machines: { lab2: {} } });
  const tell = `echo '{"t":1,"kind":"metric","values":{"loss":1.5}}' >> "$RUNYARD_EVENTS"`;
  await lab.send(`echo first; ${tell}; until [ -e ~/go.$RUNYARD_ATTEMPT ]; do sleep 0.05; done; echo second`);
  await until(async () => (await lab.run(1)).metrics["loss"] === 1.5, "its metric is known");
  await until(async () => (await lab.output(1)) === "first\n", "its output can be read");
  writeFileSync(`${lab.host("lab2").home}/go.${(await lab.attempts(1))[0]?.id}`, "");
  await lab.reaches(1, "succeeded");
  expect(await lab.output(1)).toBe("first\nsecond\n");
});

story(
  "`.out` is exactly what the command printed, whatever .bashrc and the banner say; what .bashrc sets is there",
  async () => {
    const lab = await aLab(hosts, { machines: { lab1: {} } });
    const lines = [
      'echo "one job"',
      "conda activate deep && echo $CONDA_DEFAULT_ENV",
      'echo "$FROM_BASHRC"; shout; [[ a == a ]] && echo bash',
      `echo $HOSTNAME '$HOSTNAME' "a  b"; cd /tmp && pwd; echo !! "!x"`,
      "python3 -c 'import sys; print(sys.stdin.read() == \"\")'; echo a; echo b; false",
      "printf 'no newline'",
      "tty; ps -o stat= -p $$ | cut -c1",
    ];
    await lab.send(lines);
    await lab.ends(1);
    const outputs = await Promise.all(lines.map((_, index) => lab.output(`1.${index + 1}`)));
    expect(outputs).toEqual([
      "one job\n",
      "deep\n",
      "from .bashrc\nLOUD\nbash\n",
      "lab1 $HOSTNAME a  b\n/tmp\n!! !x\n",
      "True\na\nb\n",
      "no newline",
      "not a tty\nS\n",
    ]);
    const errors = await Promise.all(lines.map((_, index) => lab.output(`1.${index + 1}`, "err")));
    expect(errors).toEqual(lines.map(() => ""));
    expect((await lab.run("1.5")).exitCode).toBe(1);
  },
);

story("only variables that were named travel, to where nobody else can read them", async () => {
  const lab = await aLab(hosts, { machines: { lab2: { env: 'export FROM_MACHINE="it\'s set"; cd /' } } });
  const environment = {
    NAMED: `it's "named" $HOME \n twice`,
    API_KEY: "secret-1",
    PATH: "/nowhere",
    PYTHONUNBUFFERED: "0",
  };
  await lab.send(
    'printf "%s|" "$NAMED" "$API_KEY" "$FROM_MACHINE" "$HOME" "$PYTHONUNBUFFERED" "$CUDA_VISIBLE_DEVICES"; pwd',
    {
      environment,
      named: ["NAMED", "PYTHONUNBUFFERED"],
    },
  );
  await lab.send(
    'echo "$RUNYARD_RUN $RUNYARD_TRY ${RUNYARD_YARD-none} ${SSH_CONNECTION-none} ${CANARY-none} $PATH" | tee ~/seen; sleep 1000',
    {
      environment: { CANARY: "secret-2", PATH: "/nowhere" },
    },
  );
  await lab.send('echo "<$NAMED>"', { environment });
  await lab.reaches(1, "succeeded");
  await lab.reaches(3, "succeeded");
  expect(await lab.output(3)).toBe("<>\n");
  const [attempt = ""] = (await lab.attempts(1)).map(({ id }) => id);
  const [values = "", folder = ""] = (await lab.output(1)).split(/\|(?=[^|]*$)/);
  expect(values).toBe(`it's "named" $HOME \n twice||it's set|/root|0|`);
  expect(folder).toMatch(new RegExp(`/runyard/spool/[^/]+/${attempt}/0/work\n$`));
  const seen = await until(() => lab.host("lab2").run("cat /root/seen 2>/dev/null || true") || null, "it has looked");
  expect(seen).toMatch(/^2\.1 1 none none none (?!\/nowhere)/);
  const spool = "/root/.local/share/runyard/spool";
  expect(
    lab.host("lab2").run(`grep -rl 'secret[-]' ${spool} /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null || true`),
  ).toBe("");
  expect(
    lab.host("lab2").run(`find ${spool} -perm /077 -not -path '*/code/*' -not -path '*/work*' -not -path '*/python/*'`),
  ).toBe("");
});

story("a line runs for as long as it may, and then is told to end", async () => {
  const lab = await aLab(hosts, { machines: { lab2: {} } });
  await lab.send("trap 'echo told; exit 5' TERM; echo ready; while :; do sleep 0.05; done", { timeLimitMs: 1500 });
  const run = await lab.reaches(1, "failed");
  expect(run.cause?.code).toBe("time_limit");
  expect(await lab.output(1)).toBe("ready\ntold\n");
  expect(Date.parse(run.endedAt ?? "") - Date.parse(run.startedAt ?? "")).toBeGreaterThanOrEqual(1400);
});

story("a cancelled run has its grace for a checkpoint, and all of it ends", async () => {
  const lab = await aLab(hosts, { machines: { lab2: {} } });
  const code = {
    "train.py": `import os, signal, sys, time
def save(*_):
    print("saving", flush=True)
    while not os.path.exists(os.path.expanduser("~/save." + os.environ["RUNYARD_ATTEMPT"])):
        time.sleep(0.02)
    open("checkpoint", "w").write("whole")
    sys.exit(0)
signal.signal(signal.SIGTERM, save)
print("training", flush=True)
while True: time.sleep(0.05)
`,
  };
  const text = "setsid sleep 1000.77 & python3 train.py; echo never";
  await lab.send(text, { code });
  await until(async () => (await lab.output(1)) === "training\n", "it trains");
  await lab.client.call("cancel", { body: { select: "1", graceMs: 30_000 } });
  await until(async () => (await lab.output(1)) === "training\nsaving\n", "it has been told");
  expect((await lab.run(1)).status).toBe("running");
  writeFileSync(`${lab.host("lab2").home}/save.${(await lab.attempts(1))[0]?.id}`, "");
  await lab.reaches(1, "cancelled");
  expect(lab.read("results/run1.1/checkpoint")).toBe("whole");
  expect(
    lab
      .host("lab2")
      .processes()
      .filter((command) => /sleep 1000|train/.test(command)),
  ).toEqual([]);
});

story("who is given a long grace can be hurried", async () => {
  const lab = await aLab(hosts, { machines: { lab2: {} } });
  await lab.send("trap 'echo told' TERM; echo ready; while :; do sleep 0.05; done");
  await until(async () => (await lab.output(1)) === "ready\n", "it runs");
  await lab.client.call("cancel", { body: { select: "1", graceMs: 600_000 } });
  await until(async () => (await lab.output(1)) === "ready\ntold\n", "it has been told");
  await lab.client.call("cancel", { body: { select: "1", graceMs: 0 } });
  expect(await lab.reaches(1, "cancelled")).toMatchObject({ exitCode: 137 });
});

story("what a run leaves behind is ended with it, and other users' processes are not", async () => {
  const lab = await aLab(hosts, { machines: { lab2: {} } });
  lab.host("lab2").run("setsid sleep 2000.5 >/dev/null 2>&1 &");
  await lab.send(
    "setsid sleep 1000.78 & (setsid sh -c 'trap \"\" TERM HUP; exec sleep 1000.79' &); until ps ax | grep -q '[1]000.79'; do sleep 0.02; done",
  );
  await lab.reaches(1, "succeeded");
  expect(
    lab
      .host("lab2")
      .processes()
      .filter((command) => /sleep \d{4}/.test(command)),
  ).toEqual(["sleep 2000.5"]);
});

story("checkpoints come back from a machine, and go to the next attempt on another", async () => {
  const lab = await aLab(hosts, { machines: { lab1: {}, lab2: {} } });
  const drain = (machine: string, drained: boolean) =>
    lab.client.call("setMachine", { params: { machine }, body: { drained } });
  await drain("lab2", true);
  const text = [
    'cat "$RUNYARD_CHECKPOINTS/deep/step" 2>/dev/null && exit 0; mkdir "$RUNYARD_CHECKPOINTS/deep"',
    'echo "step 1 on $HOSTNAME" > "$RUNYARD_CHECKPOINTS/deep/step"',
    "until [ -e ~/go.$RUNYARD_ATTEMPT ]; do sleep 0.05; done; exit 1",
  ];
  await lab.send(text.join("; "), { retries: 1 });
  await lab.reaches(1, "running");
  await drain("lab1", true);
  await drain("lab2", false);
  writeFileSync(`${lab.host("lab1").home}/go.${(await lab.attempts(1))[0]?.id}`, "");
  expect(await lab.reaches(1, "succeeded")).toMatchObject({ attempts: 2, machine: "lab2" });
  expect(await lab.output(1)).toBe("step 1 on lab1\n");
});

story("forty runs on a machine need one login, and every line has its own code and output", async () => {
  const lab = await aLab(hosts, { machines: { lab2: {} } });
  const before = logins(hosts.all(), "lab2");
  const lines = Array.from(
    { length: 40 },
    (_, n) => `echo "$RUNYARD_RUN" >> ~/runs.${"$"}{RUNYARD_ATTEMPT}; echo line ${n + 1}; exit ${n % 3}`,
  );
  await lab.send(lines, { demand: { gpus: 0, cpus: 0 } });
  const job = await lab.ends(1);
  expect(job.runs).toMatchObject({ succeeded: 14, failed: 26 });
  for (const n of lines.keys()) {
    expect(await lab.output(`1.${n + 1}`)).toBe(`line ${n + 1}\n`);
    expect((await lab.run(`1.${n + 1}`)).exitCode).toBe(n % 3);
  }
  expect(inHome(lab, "lab2", /^runs\.1\./).length).toBe(40);
  expect(logins(hosts.all(), "lab2") - before).toBe(0);
  expect(logins(hosts.all(), "lab2")).toBeGreaterThan(0);
  await until(() => lab.attemptsOn("lab2").length === 0, "their folders there are gone");
  expect(existsSync(`${lab.folder}/results/run1.40.out`)).toBe(true);
});
