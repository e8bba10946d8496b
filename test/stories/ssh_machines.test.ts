import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { aLab, type Lab, labHosts } from "../helpers/a_lab.ts";
import { until } from "../helpers/until.ts";
import type { SshHostWishes } from "../testbed/ssh_hosts/wishes.ts";

const wishes: Record<string, SshHostWishes> = {
  csh: { user: "ada", shell: "/bin/csh", files: { ".cshrc": "echo hello from csh\nsetenv FROM_CSH yes\n" } },
  fish: { user: "bob", shell: "/usr/bin/fish", files: { ".config/fish/config.fish": "echo hello from fish\n" } },
  blank: { user: "eve", homePath: "/home/eve o'neil & sons" },
  bare: { without: ["bash", "python3", "rsync", "timeout", "sha256sum", "shasum", "setsid", "nproc", "getconf"] },
  tarless: { without: ["tar"] },
  gpus: { gpus: 2 },
};
const hosts = await labHosts(Object.keys(wishes), wishes);
const story = test.skipIf(hosts.missing !== null);

async function shown(lab: Lab, name: string) {
  const { machines } = await lab.client.call("listMachines");
  const machine = machines.find((one) => one.name === name);
  if (!machine) throw new Error(`there is no ${name}`);
  return machine;
}

async function check(lab: Lab, machine: string) {
  const { checks } = await lab.client.call("checkMachine", { params: { machine }, body: {} });
  return Object.fromEntries(checks.map(({ name, ok, text }) => [name, `${ok ? "ok" : "no"}: ${text}`]));
}

/** Why a job waits. */
async function because(lab: Lab, job: number): Promise<string> {
  const { runs } = await lab.client.call("explain", { query: { select: `${job}` } });
  return runs[0]?.because?.text ?? "";
}

const code = {
  "train.py": "print('trained')\n",
  "it's a file": "content\n",
  "big.bin": Buffer.alloc(2 * 1024 ** 2, 1),
};
const work = 'cat "it\'s a file"; echo $0; wc -c < big.bin; mkdir out; echo made > "out/it\'s made"; exit 3';

story(
  "runs go their way under csh and fish, in a home with blanks and quotes, and where there is little but sh",
  async () => {
    const names = ["csh", "fish", "blank", "bare"];
    const lab = await aLab(hosts, { machines: Object.fromEntries(names.map((name) => [name, {}])) });
    const on = (name: string) => ({ demand: { machines: [name] } });
    for (const name of names) await lab.send(work, { code, ...on(name) });
    for (const name of names) {
      await lab.send("trap 'exit 4' TERM; echo ready; while :; do sleep 0.05; done", on(name));
    }
    for (const [index, name] of names.entries()) {
      const [job, stopped] = [index + 1, names.length + index + 1];
      expect(await lab.reaches(job, "failed"), name).toMatchObject({ exitCode: 3, cause: { code: "exit_code" } });
      const shell = name === "bare" ? "run.sh" : "\\S.*run.sh";
      expect(await lab.output(job), name).toMatch(new RegExp(`^content\n.*${shell}\n2097152\n$`));
      expect(await lab.output(job, "err"), name).toBe("");
      expect(lab.read(`results/run${job}.1/out/it's made`), name).toBe("made\n");
      await until(async () => (await lab.output(stopped)) === "ready\n", `it runs on ${name}`);
      await lab.client.call("cancel", { body: { select: `${stopped}`, graceMs: 20_000 } });
      expect(await lab.reaches(stopped, "cancelled"), name).toMatchObject({ exitCode: 4 });
      const { tools, gpus, shell: said } = await check(lab, name);
      expect([gpus, said?.startsWith("ok")], name).toEqual(["ok: none: there is no nvidia-smi", true]);
      expect(tools, name).toBe(name === "bare" ? "ok: tar; without python3, rsync" : "ok: tar, python3, rsync");
    }
  },
);

story("a machine without tar takes no runs and says why; what is queued for it waits", async () => {
  const lab = await aLab(hosts, { machines: { tarless: {} } });
  expect((await check(lab, "tarless"))["tools"]).toMatch(/^no: .*tar is missing/);
  await lab.send("echo never");
  await until(async () => /tar is missing/.test(await because(lab, 1)), "it says why");
  expect((await lab.run(1)).status).toBe("queued");
});

story("a clock that is a day off moves neither starts nor ends nor time limits", async () => {
  const bin = hosts.all().host("bare").bin;
  writeFileSync(`${bin}/date`, `#!/bin/sh\nexec /bin/date -d 'now + 1 day' "$@"\n`, { mode: 0o755 });
  const lab = await aLab(hosts, { machines: { bare: {} } });
  await lab.send(["sleep 0.2; date +%s", "trap 'exit 6' TERM; while :; do sleep 0.05; done"], { timeLimitMs: 2000 });
  await lab.ends(1);
  const [one, two] = [await lab.run("1.1"), await lab.run("1.2")];
  expect(Number(await lab.output("1.1")) * 1000 - Date.now()).toBeGreaterThan(23 * 3_600_000);
  for (const run of [one, two]) expect(Math.abs(Date.parse(run.startedAt ?? "") - Date.now())).toBeLessThan(60_000);
  expect(Date.parse(one.endedAt ?? "") - Date.parse(one.startedAt ?? "")).toBeLessThan(5000);
  expect(two).toMatchObject({ exitCode: 6, cause: { code: "time_limit" } });
  expect((await check(lab, "bare"))["clock"]).toMatch(/^ok: 1d ahead of/);
  writeFileSync(`${bin}/date`, `#!/bin/sh\nexec /bin/date "$@"\n`, { mode: 0o755 });
});

story("with a full disk there nothing is started and nothing is lost, and with room again all goes on", async () => {
  const host = hosts.all().host("bare");
  host.run("mkdir -p /mnt && mount -t tmpfs -o size=24m tmpfs /mnt");
  const lab = await aLab(hosts, { machines: { bare: { spool: "/mnt/spool" } } });
  const text = [
    "echo begun; until [ -e ~/go.$RUNYARD_JOB ]; do sleep 0.05; done",
    "head -c 3000000 /dev/zero > made; echo over; exit 7",
  ].join("; ");
  await lab.send(text, { code: { "a.txt": "" } });
  await lab.reaches(1, "running");
  // Room for what it makes, and not for a second copy of that.
  host.run("head -c $(($(df -Pk /mnt | awk 'END { print $4 }') * 1024 - 3400000)) /dev/zero > /mnt/ballast");
  expect((await check(lab, "bare"))["disk"]).toMatch(/^no: 3.* free for the spool/);
  await lab.send("echo waits", { code: { "b.txt": "b" } });
  writeFileSync(`${host.home}/go.1`, "");
  expect(await lab.reaches(1, "failed")).toMatchObject({ exitCode: 7 });
  expect(await lab.output(1)).toBe("begun\nover\n");
  expect(readFileSync(`${lab.folder}/results/run1.1/made`).length).toBe(3_000_000);
  expect(await because(lab, 2)).toMatch(/only 3.* free: nothing is started until there is space/);
  host.run("rm /mnt/ballast");
  await check(lab, "bare");
  expect(await lab.reaches(2, "succeeded")).toMatchObject({ attempts: 1 });
  host.run("umount -l /mnt; rm -f /root/go.1");
});

story("where a quota is full, which the disk does not say, what was to start waits until there is room", async () => {
  const host = hosts.all().host("bare");
  host.run("mkdir -p /mnt && mount -t tmpfs -o size=64m,nr_inodes=300 tmpfs /mnt");
  const lab = await aLab(hosts, { machines: { bare: { spool: "/mnt/spool" } } });
  host.run("mkdir /mnt/ballast; i=0; while touch /mnt/ballast/$i; do i=$((i + 1)); done 2>/dev/null || true");
  await lab.send("echo here", { code: { "a.txt": "" } });
  const waits = async () => (await lab.run(1)).status === "queued" && /takes no more files/.test(await because(lab, 1));
  await until(waits, "it waits, and it is known why");
  host.run("rm -r /mnt/ballast");
  await until(async () => (await check(lab, "bare")) && (await lab.run(1)).status === "succeeded", "it has run");
  expect(await lab.output(1)).toBe("here\n");
  host.run("umount -l /mnt");
});

story("GPUs there are given out one run each, and those that others use are left alone and named", async () => {
  const lab = await aLab(hosts, { machines: { gpus: {} } });
  const file = `${lab.host("gpus").bin}/gpus.json`;
  const alone = readFileSync(file, "utf8");
  const held = 'echo "<$CUDA_VISIBLE_DEVICES>"; until [ -e ~/go.$RUNYARD_JOB ]; do sleep 0.05; done';
  await lab.send([held, held, held], { demand: { gpus: 1 } });
  await lab.reaches("1.1", "running");
  await lab.reaches("1.2", "running");
  expect([await lab.output("1.1"), await lab.output("1.2")].sort()).toEqual(["<0>\n", "<1>\n"]);
  expect((await lab.run("1.3")).status).toBe("queued");
  writeFileSync(`${lab.host("gpus").home}/go.1`, "");
  await lab.ends(1);
  lab.host("gpus").run("setsid sleep 3000.5 >/dev/null 2>&1 &");
  const pid = Number(lab.host("gpus").run("pgrep -f '[3]000.5'"));
  const state = JSON.parse(alone) as { gpus: object[] };
  state.gpus[0] = {
    ...state.gpus[0],
    used_mib: 900,
    percent: 40,
    processes: [{ pid, name: "python3", used_mib: 900 }],
  };
  writeFileSync(file, JSON.stringify(state));
  expect((await check(lab, "gpus"))["gpus"]).toMatch(/^ok: 2 × NVIDIA A100.*, 1 of them in use/);
  await lab.send([held, held], { demand: { gpus: 1 } });
  await lab.reaches("2.1", "running");
  expect(await lab.output("2.1")).toBe("<1>\n");
  expect(await because(lab, 2)).not.toBe("");
  expect((await shown(lab, "gpus")).gpus[0]?.others).toMatchObject([{ pid, user: "root", name: "python3" }]);
  writeFileSync(file, alone);
  await check(lab, "gpus");
  await lab.reaches("2.2", "running");
  expect(await lab.output("2.2")).toBe("<0>\n");
  writeFileSync(`${lab.host("gpus").home}/go.2`, "");
  await lab.ends(2);
  lab.host("gpus").run("kill $(pgrep -f '[3]000.5'); rm /root/go.*");
});

story("a machine whose nvidia-smi hangs still runs what needs no GPU, and is looked after", async () => {
  const lab = await aLab(hosts, { machines: { gpus: {} } });
  const file = `${lab.host("gpus").bin}/gpus.json`;
  const alone = readFileSync(file, "utf8");
  writeFileSync(file, JSON.stringify({ hang_s: 100 }));
  await lab.send("echo here; exit 2", { demand: { gpus: 0 } });
  expect(await lab.reaches(1, "failed")).toMatchObject({ exitCode: 2 });
  expect((await check(lab, "gpus"))["gpus"]).toMatch(/^no: nvidia-smi did not answer within 5 s/);
  writeFileSync(file, alone);
});

story("two yards of one account never take the same GPU", async () => {
  const labs = [await aLab(hosts, { machines: { gpus: {} } }), await aLab(hosts, { machines: { gpus: {} } })];
  const held = 'echo "<$CUDA_VISIBLE_DEVICES>"; until [ -e ~/go.both ]; do sleep 0.05; done';
  for (const lab of labs) await lab.send([held, held], { demand: { gpus: 1 } });
  const running = async () => {
    const jobs = await Promise.all(labs.map((lab) => lab.client.call("listRuns", { params: { job: 1 }, query: {} })));
    return jobs
      .flatMap(({ runs }, index) => runs.map((run) => ({ run, lab: labs[index] })))
      .filter(({ run }) => run.status === "running");
  };
  const two = await until(async () => ((await running()).length === 2 ? running() : null), "both GPUs are in use");
  const devices = await Promise.all(
    two.map(({ run, lab }) => until(async () => (await lab?.output(run.id)) || null, "it has spoken")),
  );
  expect(devices.sort()).toEqual(["<0>\n", "<1>\n"]);
  writeFileSync(`${hosts.all().host("gpus").home}/go.both`, "");
  for (const lab of labs) expect((await lab.ends(1)).runs).toMatchObject({ succeeded: 2 });
});
