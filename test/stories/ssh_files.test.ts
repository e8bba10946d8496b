import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, lstatSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { aLab, type Lab, labHosts } from "../helpers/a_lab.ts";
import { until } from "../helpers/until.ts";

const hosts = await labHosts(["lab1", "lab2"]);
const story = test.skipIf(hosts.missing !== null);

const MB = 1024 ** 2;

/** Every path below a folder that is no folder, sorted. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => !lstatSync(`${folder}/${path}`).isDirectory())
    .sort();
}

/** Bytes that a host has received and sent, as its network card counts. */
function onTheWire(lab: Lab, name: string) {
  const [received, sent] = lab
    .host(name)
    .run("awk '$1 == \"eth0:\" { print $2, $10 }' /proc/net/dev")
    .split(" ")
    .map(Number);
  return { received: received ?? 0, sent: sent ?? 0 };
}

const resultsOf = (lab: Lab, line = 1) => `${lab.folder}/results/run1.${line}`;

story("what a run has made or changed comes back, whatever its name, and nothing else", async () => {
  const lab = await aLab(hosts, { machines: { lab1: {} } });
  const code = {
    "train.py": "import helper\nprint(helper.value)\n",
    "helper.py": "value = 7\n",
    "lib/deep/unchanged.txt": "",
    "data/big.bin": Buffer.alloc(2 * MB, 7),
    "data/changed.bin": Buffer.alloc(2 * MB, 8),
    "notes.txt": "as it was\n",
    "log.txt": "one\n",
    "removed.txt": "x",
    "run.sh": { program: "#!/bin/sh\necho started\n" },
    link: { link: "notes.txt" },
    empty: "folder/" as const,
  };
  const text = `python3 train.py && ./run.sh && cat link && test -d empty
    echo two >> log.txt; rm removed.txt; mkdir -p out/deep 'with blank'
    printf x > "$(printf 'new\\nline')"; printf x > "it's \\"quoted\\""; printf x > ünïcödé_模型; printf x > -rf; printf x > 'with blank/*'
    printf x > out/deep/.hidden; : > out/empty; cp data/changed.bin tmp; printf y >> tmp; mv tmp data/changed.bin
    ln -s /etc/passwd out/passwd; mkfifo out/fifo; printf '#!/bin/sh\\n' > out/tool; chmod 4755 out/tool`;
  await lab.send(text, { code });
  await lab.reaches(1, "succeeded");
  expect(await lab.output(1)).toBe("7\nstarted\nas it was\n");
  expect(filesIn(resultsOf(lab))).toEqual(
    [
      "-rf",
      "data/changed.bin",
      `it's "quoted"`,
      "log.txt",
      "new\nline",
      "out/deep/.hidden",
      "out/empty",
      "out/tool",
      "with blank/*",
      "ünïcödé_模型",
    ].sort(),
  );
  expect(readdirSync(resultsOf(lab))).not.toContain("lib");
  expect(readFileSync(`${resultsOf(lab)}/log.txt`, "utf8")).toBe("one\ntwo\n");
  expect(lstatSync(`${resultsOf(lab)}/data/changed.bin`).size).toBe(2 * MB + 1);
  expect(lstatSync(`${resultsOf(lab)}/out/tool`).mode & 0o7777).toBe(0o755);
});

story("runs of one code do not disturb each other, and the code on the machine stays as it was sent", async () => {
  const lab = await aLab(hosts, { machines: { lab1: {} } });
  const code = { "small.txt": "as sent\n", "big.bin": Buffer.alloc(2 * MB, 65), "dir/deep.txt": "as sent\n" };
  const lines = Array.from({ length: 6 }, (_, n) => [
    `cat small.txt dir/deep.txt; echo ${n} > small.txt; echo ${n} >> dir/deep.txt; rm -f big.bin; cat small.txt; chmod -R 777 .`,
  ]).flat();
  await lab.send(lines, { code, atMost: 2 });
  await lab.ends(1);
  for (const n of lines.keys()) {
    expect(await lab.output(`1.${n + 1}`)).toBe(`as sent\nas sent\n${n}\n`);
    expect(filesIn(resultsOf(lab, n + 1))).toEqual(["dir/deep.txt", "small.txt"]);
  }
  await lab.send("cat small.txt dir/deep.txt; head -c 3 big.bin", { code });
  await lab.reaches(2, "succeeded");
  expect(await lab.output(2)).toBe("as sent\nas sent\nAAA");
});

story(
  "a large file of the code that a run writes to comes back changed, and later runs have it as it was",
  async () => {
    const lab = await aLab(hosts, { machines: { lab1: {} } });
    const code = { "big.bin": Buffer.alloc(2 * MB, 65), "other.bin": Buffer.alloc(2 * MB, 66) };
    await lab.send("head -c 2 big.bin; printf x >> big.bin", { code });
    await lab.reaches(1, "succeeded");
    expect(filesIn(resultsOf(lab))).toEqual(["big.bin"]);
    expect(lstatSync(`${resultsOf(lab)}/big.bin`).size).toBe(2 * MB + 1);
    await lab.send("wc -c < big.bin; wc -c < other.bin", { code });
    await lab.reaches(2, "succeeded");
    expect(await lab.output(2)).toBe(`${2 * MB}\n${2 * MB}\n`);
    expect(existsSync(`${lab.folder}/results/run2.1`)).toBe(false);
  },
);

story("code goes to each machine once, and after an edit only what is missing", async () => {
  const lab = await aLab(hosts, { machines: { lab1: {}, lab2: {} } });
  const noise = randomBytes(8 * MB);
  const code = { "model.bin": noise, "train.py": "print('first')\n", "lib/a.py": "a = 1\n", "old.txt": "old\n" };
  const received = (name: string) => onTheWire(lab, name).received;
  const before = { lab1: received("lab1"), lab2: received("lab2") };
  const lines = Array.from({ length: 12 }, () => "python3 train.py; ls old.txt; wc -c < model.bin");
  await lab.send(lines, { code });
  await lab.ends(1);
  const between = { lab1: received("lab1"), lab2: received("lab2") };
  for (const name of ["lab1", "lab2"] as const) {
    const bytes = between[name] - before[name];
    expect([name, bytes > noise.length, bytes < 1.05 * noise.length]).toEqual([name, true, true]);
  }
  execFileSync("rm", [`${lab.folder}/old.txt`]);
  await lab.send(lines, { code: { "train.py": "print('second')\n" } });
  await lab.ends(2);
  for (const name of ["lab1", "lab2"] as const) expect(received(name) - between[name]).toBeLessThan(MB);
  expect(await lab.output("1.12")).toBe(`first\nold.txt\n${noise.length}\n`);
  expect(await lab.output("2.12")).toBe(`second\n${noise.length}\n`);
});

story("code that breaks off on its way goes on where it was", async () => {
  const lab = await aLab(hosts, { machines: { lab1: {} } });
  const host = lab.host("lab1");
  const files = Array.from({ length: 30 }, (_, n) => [`part ${n}.bin`, randomBytes(4 * MB)] as const);
  const before = onTheWire(lab, "lab1").received;
  const arrived = () => onTheWire(lab, "lab1").received - before;
  await lab.send("cat part*.bin | wc -c; readlink link; python3 train.py", {
    code: { ...Object.fromEntries(files), "train.py": "print('whole')\n", link: { link: "train.py" } },
  });
  await until(() => arrived() > 40 * MB, "a part has arrived");
  host.stopSshd();
  expect(readdirSync(`${lab.spoolOn("lab1")}/code`)).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.new\.part$/)]);
  await host.restartSshd();
  await lab.reaches(1, "succeeded");
  expect(await lab.output(1)).toBe(`${120 * MB}\ntrain.py\nwhole\n`);
  expect(arrived() / MB).toBeLessThan(1.1 * 120);
});

story("code on a machine that nobody has needed for a week is removed, and what runs keeps its own", async () => {
  const lab = await aLab(hosts, { machines: { lab1: {} } });
  const host = lab.host("lab1");
  const code = `${lab.spoolOn("lab1")}/code`;
  const trees = () => readdirSync(code);
  const big = Buffer.alloc(2 * MB, 65);
  await lab.send("until [ -e /tmp/go ]; do sleep 0.1; done; cat train.py", { code: { "train.py": "1\n", big } });
  await lab.reaches(1, "running");
  const [needed] = trees();
  await lab.send("cat train.py", { code: { "train.py": "2\n" } });
  await lab.reaches(2, "succeeded");
  const [old] = trees().filter((id) => id !== needed);
  const eightDaysAgo = Date.now() / 1000 - 8 * 24 * 60 * 60;
  for (const id of trees()) utimesSync(`${code}/${id}`, eightDaysAgo, eightDaysAgo);
  await host.restartSshd();
  await lab.send("cat train.py", { code: { "train.py": "3\n" } });
  await lab.reaches(3, "succeeded");
  await until(() => !trees().some((name) => name.startsWith(old ?? "")), "what nobody needs is gone");
  expect(trees()).toHaveLength(2);
  expect(trees()).toContain(needed);
  host.run("touch /tmp/go");
  await lab.reaches(1, "succeeded");
  expect(existsSync(resultsOf(lab))).toBe(false);
});

story("only the outputs that are named come back, and what is to stay on the machine stays as it was", async () => {
  const lab = await aLab(hosts, { machines: { lab1: {} } });
  const text =
    "mkdir -p out/deep tmp; echo 1 > out/a.txt; echo 2 > out/deep/b.bin; echo 3 > c.bin; echo 4 > tmp/d; echo 5 > 'e f'";
  await lab.send(text, { code: { "train.py": "pass\n" }, outputs: ["out", "./e f", "*.bin"], keep: true });
  await lab.reaches(1, "succeeded");
  expect(filesIn(resultsOf(lab))).toEqual(["c.bin", "e f", "out/a.txt", "out/deep/b.bin"]);
  const { attempts } = await lab.client.call("showRun", { params: { job: 1, n: 1 } });
  const stays = attempts[0]?.stays?.replace("~", lab.host("lab1").home) ?? "";
  await until(() => existsSync(`${stays}/0/work/tmp/d`), "its folder is where it stays");
  expect(filesIn(`${stays}/0/work`)).toEqual(["c.bin", "e f", "out/a.txt", "out/deep/b.bin", "tmp/d", "train.py"]);
  expect(lab.attemptsOn("lab1")).toEqual([]);
});

story("--out takes what a run prints on another machine, and every try of it once", async () => {
  const lab = await aLab(hosts, { machines: { lab1: {} } });
  const text = 'echo "try $RUNYARD_TRY"; echo oops >&2; exit $((2 - RUNYARD_TRY))';
  const words = ["run", "--on", "lab", "--gpus", "0", "--retries", "1", "--out", "both.log", "--wait", text];
  expect((await lab.cli(words)).code).toBe(0);
  expect(readFileSync(`${lab.folder}/both.log`, "utf8")).toBe("try 1\noops\ntry 2\noops\n");
  expect((await lab.cli(["logs", "1"])).stdout).toBe("try 2\n");
});

story("ten thousand small files come back, each as it was", async () => {
  const lab = await aLab(hosts, { machines: { lab1: {} } });
  const make =
    "import os\nfor n in range(10000):\n  os.makedirs(f'out/{n // 500}', exist_ok=True)\n  open(f'out/{n // 500}/{n}', 'w').write(str(n))\n";
  await lab.send("python3 make.py", { code: { "make.py": make } });
  await lab.reaches(1, "succeeded");
  const files = filesIn(`${resultsOf(lab)}/out`);
  expect(files.length).toBe(10_000);
  for (const file of files) expect(readFileSync(`${resultsOf(lab)}/out/${file}`, "utf8")).toBe(file.split("/")[1]);
});

story("a big result whose transfer breaks off goes on where it stopped, and is never there half", async () => {
  const lab = await aLab(hosts, { machines: { lab1: {} } });
  const bytes = 48 * MB;
  const host = lab.host("lab1");
  const sent = () => onTheWire(lab, "lab1").sent;
  // Slow enough that it can be interrupted.
  host.run("tc qdisc add dev eth0 root tbf rate 200mbit burst 256kb latency 50ms");
  await lab.send(`head -c ${bytes} /dev/zero > big.bin; exit 0`, { code: { "a.txt": "" } });
  const before = sent();
  await until(() => sent() - before > bytes / 3, "a third of it has come");
  expect(existsSync(`${resultsOf(lab)}/big.bin`)).toBe(false);
  await host.restartSshd();
  await until(() => sent() - before > bytes / 2, "it goes on");
  await host.restartSshd();
  await lab.reaches(1, "succeeded");
  expect(lstatSync(`${resultsOf(lab)}/big.bin`).size).toBe(bytes);
  expect(sent() - before).toBeLessThan(1.25 * bytes);
  host.run("tc qdisc del dev eth0 root");
});

story("nothing is written through what a hostile machine returns", async () => {
  const lab = await aLab(hosts, { machines: { lab1: {} } });
  const target = `${lab.folder}/precious`;
  execFileSync("mkdir", [target]);
  writeFileSync(`${target}/file`, "as it was");
  // The machine's tar is the attacker's: first a link out, then a file through it, and paths that climb.
  const evil = `#!/usr/bin/env python3
import io, os, sys, tarfile
real = "/usr/bin/tar" if os.path.exists("/usr/bin/tar") else "/bin/tar"
if "-cf" not in sys.argv: os.execv(real, ["tar"] + sys.argv[1:])
with tarfile.open(sys.argv[sys.argv.index("-cf") + 1], "w") as archive:
    def add(name, kind=tarfile.REGTYPE, link="", content=b"evil"):
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = kind, link
        entry.size = len(content) if kind == tarfile.REGTYPE else 0
        archive.addfile(entry, io.BytesIO(content) if kind == tarfile.REGTYPE else None)
    add("good.txt", content=b"good")
    add("out", tarfile.SYMTYPE, "${target}")
    add("out/authorized_keys")
    add("hard", tarfile.LNKTYPE, "${target}/file")
    add("hard")
    add("../../../climbed")
    add("deep/../../../../climbed")
    add("${target}/absolute")
    add("device", tarfile.CHRTYPE)
    add("after.txt", content=b"after")
`;
  writeFileSync(`${lab.host("lab1").bin}/tar`, evil, { mode: 0o755 });
  await lab.send("echo made > made", { code: { "a.txt": "" } });
  await lab.reaches(1, "succeeded");
  expect(filesIn(target)).toEqual(["file"]);
  expect(readFileSync(`${target}/file`, "utf8")).toBe("as it was");
  expect(readFileSync(`${resultsOf(lab)}/good.txt`, "utf8")).toBe("good");
  expect(readFileSync(`${resultsOf(lab)}/after.txt`, "utf8")).toBe("after");
  expect(lstatSync(`${resultsOf(lab)}/good.txt`).isFile()).toBe(true);
  const stray = execFileSync("find", [lab.home, lab.folder, "-name", "climbed", "-o", "-name", "absolute"], {
    encoding: "utf8",
  });
  expect(stray).toBe("");
  execFileSync("rm", [`${lab.host("lab1").bin}/tar`]);
});
