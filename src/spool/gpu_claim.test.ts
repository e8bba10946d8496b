import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { identify, type ProcessIdentity } from "../platform/processes.ts";
import { claimGpus, gpuClaimFolder, listClaims, releaseGpus, updateHolder } from "./gpu_claim.ts";
import { claimFileName, putClaimFile } from "./gpu_claim_file.ts";

const self = identify(process.pid) ?? { pid: 0, startTicks: 0, bootId: "" };

function aFolder(): string {
  const parent = mkdtempSync(join(tmpdir(), "runyard-claims-"));
  onTestFinished(() => rmSync(parent, { recursive: true }));
  return join(parent, "gpus");
}

async function aProcess(): Promise<{ identity: ProcessIdentity; end: () => Promise<void> }> {
  const child = spawn("sleep", ["620"], { stdio: "ignore" });
  const ended = once(child, "exit");
  const end = async () => {
    child.kill("SIGKILL");
    await ended;
  };
  onTestFinished(end);
  return { identity: identify(child.pid ?? 0) ?? self, end };
}

function aClaim(
  folder: string,
  attempt: string,
  gpus: string[],
  more: { yardId?: string; process?: ProcessIdentity; shared?: boolean } = {},
) {
  const holder = { yardId: more.yardId ?? "yard1", attempt, ...(more.process ?? self) };
  return { folder, gpus, holder, shared: more.shared ?? false };
}

const holdersOf = (folder: string) =>
  listClaims(folder)
    .map(({ gpu, holder }) => `${gpu} ${holder.attempt}`)
    .sort();

test("a claimed GPU is refused to another yard, which is told who holds it, until it is given back", async () => {
  const folder = aFolder();
  expect(await claimGpus(aClaim(folder, "1.1.1-a", ["GPU-x"]))).toEqual({ ok: true });
  const theirs = aClaim(folder, "9.1.1-b", ["GPU-x"], { yardId: "yard2" });
  expect(await claimGpus(theirs)).toEqual({
    ok: false,
    code: "held",
    gpu: "GPU-x",
    heldBy: { yardId: "yard1", attempt: "1.1.1-a", ...self },
  });
  releaseGpus({ folder, gpus: ["GPU-x"], attempt: "1.1.1-a" });
  expect(await claimGpus(theirs)).toEqual({ ok: true });
  expect(listClaims(folder)).toEqual([{ gpu: "GPU-x", holder: theirs.holder, shared: false }]);
});

test("of several GPUs all are claimed or none", async () => {
  const folder = aFolder();
  await claimGpus(aClaim(folder, "1.1.1-a", ["1"]));
  expect(await claimGpus(aClaim(folder, "1.2.1-b", ["0", "1", "2"]))).toMatchObject({ ok: false, gpu: "1" });
  expect(holdersOf(folder)).toEqual(["1 1.1.1-a"]);
  expect(await claimGpus(aClaim(folder, "1.3.1-c", ["2", "0", "2"]))).toEqual({ ok: true });
  expect(holdersOf(folder)).toEqual(["0 1.3.1-c", "1 1.1.1-a", "2 1.3.1-c"]);
});

test("an attempt that claims what it holds already is confirmed, and still holds it if it does not get more", async () => {
  const folder = aFolder();
  const claim = aClaim(folder, "1.1.1-a", ["0"]);
  await claimGpus(claim);
  expect(await claimGpus(claim)).toEqual({ ok: true });
  await claimGpus(aClaim(folder, "1.2.1-b", ["1"]));
  expect(await claimGpus({ ...claim, gpus: ["0", "1"] })).toMatchObject({ ok: false, gpu: "1" });
  expect(holdersOf(folder)).toEqual(["0 1.1.1-a", "1 1.2.1-b"]);
});

test("attempts of one yard share a GPU where all of them say so, and no other yard does", async () => {
  const folder = aFolder();
  const shared = { shared: true };
  expect(await claimGpus(aClaim(folder, "1.1.1-a", ["0"], shared))).toEqual({ ok: true });
  expect(await claimGpus(aClaim(folder, "1.2.1-b", ["0"], shared))).toEqual({ ok: true });
  expect(await claimGpus(aClaim(folder, "1.3.1-c", ["0"]))).toMatchObject({ ok: false });
  expect(await claimGpus(aClaim(folder, "9.1.1-d", ["0"], { shared: true, yardId: "yard2" }))).toMatchObject({
    ok: false,
  });
  releaseGpus({ folder, gpus: ["0"], attempt: "1.1.1-a" });
  expect(holdersOf(folder)).toEqual(["0 1.2.1-b"]);
});

test("a claim whose process has ended is void", async () => {
  const folder = aFolder();
  const agent = await aProcess();
  await claimGpus(aClaim(folder, "1.1.1-a", ["0"], { process: agent.identity }));
  expect(await claimGpus(aClaim(folder, "1.2.1-b", ["0"]))).toMatchObject({ ok: false });
  await agent.end();
  expect(listClaims(folder)).toEqual([]);
  expect(await claimGpus(aClaim(folder, "1.2.1-b", ["0"]))).toEqual({ ok: true });
  expect(readdirSync(join(folder, "0"))).toHaveLength(1);
});

test("a claim from before a reboot is void, though a process has its pid", async () => {
  const folder = aFolder();
  await claimGpus(aClaim(folder, "1.1.1-a", ["0"], { process: { ...self, bootId: "the-boot-before" } }));
  expect(await claimGpus(aClaim(folder, "1.2.1-b", ["0"]))).toEqual({ ok: true });
});

test("a claim handed to the launcher outlives the agent", async () => {
  const folder = aFolder();
  const [agent, launcher] = [await aProcess(), await aProcess()];
  const claim = aClaim(folder, "1.1.1-a", ["0", "1"], { process: agent.identity });
  await claimGpus(claim);
  expect(await updateHolder({ ...claim, holder: { ...claim.holder, ...launcher.identity } })).toBeNull();
  await agent.end();
  expect(listClaims(folder).map(({ holder }) => holder.pid)).toEqual([launcher.identity.pid, launcher.identity.pid]);
  expect(await claimGpus(aClaim(folder, "1.2.1-b", ["1"]))).toMatchObject({ ok: false, heldBy: launcher.identity });
  await launcher.end();
  expect(await claimGpus(aClaim(folder, "1.2.1-b", ["1"]))).toEqual({ ok: true });
});

test("saying the holder again renews a claim, also one that a cleaner removed", async () => {
  const folder = aFolder();
  const claim = aClaim(folder, "1.1.1-a", ["0"]);
  await claimGpus(claim);
  const path = join(folder, "0", claimFileName("held", claim.holder, false));
  utimesSync(path, new Date(0), new Date(0));
  await updateHolder(claim);
  expect(statSync(path).mtimeMs).toBeGreaterThan(0);
  rmSync(folder, { recursive: true });
  expect(await updateHolder(claim)).toBeNull();
  expect(existsSync(path)).toBe(true);
});

test("a claim that stays undecided counts as held, and a dead one does not", async () => {
  const folder = aFolder();
  const stopped = await aProcess();
  await claimGpus(aClaim(folder, "1.1.1-a", ["1"]));
  for (const [gpu, yardId] of [
    ["0", "a-first"],
    ["2", "z-last"],
  ] as const) {
    putClaimFile(folder, gpu, claimFileName("asking", { yardId, attempt: "9.1.1-s", ...stopped.identity }, false));
    expect(await claimGpus(aClaim(folder, "1.2.1-b", [gpu]), 30)).toMatchObject({ ok: false, gpu, heldBy: { yardId } });
  }
  await stopped.end();
  expect(await claimGpus(aClaim(folder, "1.2.1-b", ["0", "2"]))).toEqual({ ok: true });
});

test("of many attempts that ask at once, over a void claim and in opposite orders, exactly one wins, round after round", async () => {
  const folder = aFolder();
  for (let round = 0; round < 20; round += 1) {
    await claimGpus(aClaim(folder, `0.${round}.1-void`, ["0", "1"], { process: { ...self, startTicks: 1 } }));
    const attempts = Array.from({ length: 10 }, (_, n) => `${n}.${round}.1-r`);
    const outcomes = await Promise.all(
      attempts.map((attempt, n) =>
        claimGpus(aClaim(folder, attempt, n % 2 ? ["0", "1"] : ["1", "0"], { yardId: `yard${n}` })),
      ),
    );
    expect(outcomes.filter((outcome) => outcome.ok)).toHaveLength(1);
    const winner = attempts[outcomes.findIndex((outcome) => outcome.ok)] ?? "";
    expect(holdersOf(folder)).toEqual([`0 ${winner}`, `1 ${winner}`]);
    releaseGpus({ folder, gpus: ["0", "1"], attempt: winner });
  }
});

test("of many processes that ask at once for a GPU with a void claim, exactly one wins", async () => {
  const folder = aFolder();
  await claimGpus(aClaim(folder, "1.1.1-void", ["0"], { process: { ...self, startTicks: 1 } }));
  const go = join(folder, "go");
  const script = `
    import { existsSync } from "node:fs";
    import { claimGpus } from ${JSON.stringify(new URL("./gpu_claim.ts", import.meta.url).href)};
    import { identify } from ${JSON.stringify(new URL("../platform/processes.ts", import.meta.url).href)};
    console.log("ready");
    while (!existsSync(process.argv[1]));
    const holder = { yardId: "yard" + process.argv[3], attempt: "1." + process.argv[3] + ".1-p", ...identify(process.pid) };
    const outcome = await claimGpus({ folder: process.argv[2], gpus: ["0"], holder, shared: false });
    console.log(outcome.ok ? "won" : "lost to " + outcome.heldBy?.attempt);
    process.stdin.resume();
  `;
  const processes = Array.from({ length: 6 }, (_, n) => {
    const args = ["--no-warnings", "--input-type=module", "-e", script, go, folder, String(n)];
    const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
    onTestFinished(() => void child.kill("SIGKILL"));
    const said = { text: "" };
    child.stdout.on("data", (chunk) => (said.text += chunk));
    return said;
  });
  await expect.poll(() => processes.every(({ text }) => text === "ready\n"), { timeout: 20_000 }).toBe(true);
  writeFileSync(go, "");
  await expect.poll(() => processes.every(({ text }) => text.split("\n").length === 3), { timeout: 20_000 }).toBe(true);
  const answers = processes.map(({ text }) => text.split("\n")[1]);
  const winner = answers.indexOf("won");
  expect(answers.filter((answer) => answer === "won")).toHaveLength(1);
  expect(holdersOf(folder)).toEqual([`0 1.${winner}.1-p`]);
}, 60_000);

test("keys that are no file names do no harm", async () => {
  const folder = aFolder();
  for (const gpu of ["../out", "..", "a/b", "GPU x"]) {
    expect(await claimGpus(aClaim(folder, `1.1.1-${gpu.length}`, [gpu]))).toEqual({ ok: true });
    expect(await claimGpus(aClaim(folder, "2.1.1-b", [gpu]))).toMatchObject({ ok: false, gpu });
  }
  expect(readdirSync(join(folder, ".."))).toEqual(["gpus"]);
  expect(
    listClaims(folder)
      .map((claim) => claim.gpu)
      .sort(),
  ).toEqual(["..", "../out", "GPU x", "a/b"]);
});

test("a folder that is a link is refused with words, and nothing is written through it", async () => {
  const folder = aFolder();
  const elsewhere = mkdtempSync(join(tmpdir(), "runyard-elsewhere-"));
  onTestFinished(() => rmSync(elsewhere, { recursive: true }));
  symlinkSync(elsewhere, folder);
  const problem = `GPUs cannot be reserved: ${folder} is a link. Remove it, or have its owner do so, and it is made anew.`;
  expect(await claimGpus(aClaim(folder, "1.1.1-a", ["0"]))).toEqual({ ok: false, code: "folder", problem });
  expect(await updateHolder(aClaim(folder, "1.1.1-a", ["0"]))).toBe(problem);
  expect(readdirSync(elsewhere)).toEqual([]);
});

test("a claim that cannot be written is refused whole and leaves no trace", async () => {
  const folder = aFolder();
  await claimGpus(aClaim(folder, "1.1.1-a", ["0"]));
  writeFileSync(join(folder, "1"), "a file where the GPU's folder should be");
  const outcome = await claimGpus(aClaim(folder, "1.2.1-b", ["2", "1"]));
  expect(outcome).toMatchObject({ ok: false, code: "folder", problem: expect.stringContaining(folder) });
  expect(readdirSync(join(folder, "2"))).toEqual([]);
});

test("the folder is the same for every way an account has into a machine", () => {
  expect(gpuClaimFolder()).toBe(`/tmp/runyard-gpus-${process.getuid?.()}`);
});
