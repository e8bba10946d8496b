import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { bootId, identify, type ProcessIdentity, parseProcessLine } from "../../src/platform/processes.ts";
import { claimGpus, gpuClaimFolder, listClaims, releaseGpus } from "../../src/spool/gpu_claim.ts";
import { claimFileName, putClaimFile } from "../../src/spool/gpu_claim_file.ts";
import { aFolder } from "../helpers/a_folder.ts";
import { aHostSpool, shells } from "./host_world.ts";
import { type Attempt, eventually } from "./launcher_world.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const folder = gpuClaimFolder();
const self = identify(process.pid) ?? { pid: 0, startTicks: 0, bootId: "" };

/** GPUs that no machine has; what was claimed of them is gone after the test. */
function gpus(count: number): string[] {
  const keys = Array.from({ length: count }, () => `GPU-${randomUUID()}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  onTestFinished(() => {
    for (const key of keys) rmSync(`${folder}/${key}`, { recursive: true, force: true });
  });
  return keys;
}

function wants(attempt: Attempt, keys: string[], shared = false): void {
  writeFileSync(`${attempt.folder}/gpus`, keys.map((key) => `${key}\n`).join(""));
  if (shared) writeFileSync(`${attempt.folder}/shared`, "");
}

const holdersOf = (keys: string[]) =>
  listClaims(folder)
    .filter(({ gpu }) => keys.includes(gpu))
    .map(({ holder }) => holder.attempt);

const anothers = (keys: string[], process: ProcessIdentity = self, shared = false) => ({
  folder,
  gpus: keys,
  holder: { yardId: "theirs", attempt: "9.1.1-b", ...process },
  shared,
});

describe.each(shells())("what the yard speaks to, in $name,", (shell) => {
  test("claims the GPUs of what it begins by its launcher, and gives them back before it tells of the end", async () => {
    const keys = gpus(2);
    const spool = await aHostSpool(shell);
    const go = `${await aFolder()}/go`;
    const attempt = spool.anAttempt(`until [ -e '${go}' ]; do sleep 0.01; done`);
    wants(attempt, keys);
    const host = await spool.aHost();
    host.say("begin", attempt.id);
    await host.told(`started ${attempt.id} `);
    const launcher = parseProcessLine(attempt.read("begun"));
    const claims = listClaims(folder).filter(({ gpu }) => keys.includes(gpu));
    expect(claims.map(({ gpu }) => gpu).sort()).toEqual([...keys].sort());
    for (const { holder, shared } of claims) {
      expect(holder).toMatchObject({ yardId: "yard", attempt: attempt.id, pid: launcher?.pid });
      expect(shared).toBe(false);
    }
    expect(await claimGpus(anothers(keys.slice(1)))).toMatchObject({ ok: false, code: "held" });
    let left: string[] | null = null;
    host.onNews((line) => {
      if (line.startsWith(`ended ${attempt.id}`)) left = holdersOf(keys);
    });
    writeFileSync(go, "");
    await eventually(() => left !== null, "its end is told");
    expect(left).toEqual([]);
    expect(await claimGpus(anothers(keys))).toEqual({ ok: true });
  });

  test("executes nothing whose GPU another yard holds, and all or none of its GPUs are claimed", async () => {
    const [free = "", taken = ""] = gpus(2);
    await claimGpus(anothers([taken]));
    const spool = await aHostSpool(shell);
    const attempt = spool.anAttempt("count");
    wants(attempt, [free, taken]);
    const host = await spool.aHost();
    host.say("begin", attempt.id);
    expect(await host.told(`refused ${attempt.id} `)).toBe(`GPU ${taken} is held by another yard`);
    expect((await host.look(attempt))[0]).toBe("state prepared");
    expect(readdirSync(`${folder}/${free}`)).toEqual([]);
    releaseGpus({ folder, gpus: [taken], attempt: "9.1.1-b" });
    host.say("begin", attempt.id);
    expect(await attempt.ended()).toMatch(/^0 /);
    expect(attempt.executions()).toBe(1);
  });

  test("passes over claims of processes that have ended, and removes them", async () => {
    const keys = gpus(1);
    const [key = ""] = keys;
    const dead = { ...self, startTicks: self.startTicks + 1 };
    const earlier = { ...self, bootId: bootId().replaceAll(/[0-9a-f]/g, "1") };
    for (const [index, process] of [dead, earlier].entries()) {
      for (const stage of ["held", "asking"] as const) {
        putClaimFile(
          folder,
          key,
          claimFileName(stage, { yardId: "theirs", attempt: `9.${index}.1-b`, ...process }, false),
        );
      }
    }
    writeFileSync(`${folder}/${key}/what is this, pray`, "");
    const spool = await aHostSpool(shell);
    const attempt = spool.anAttempt("count");
    wants(attempt, keys);
    (await spool.aHost()).say("begin", attempt.id);
    expect(await attempt.ended()).toMatch(/^0 /);
    expect(readdirSync(`${folder}/${key}`)).toEqual(["what is this, pray"]);
  });

  test("of many that ask for a GPU at once exactly one gets it, an agent among them", async () => {
    const keys = gpus(2);
    const spool = await aHostSpool(shell);
    const go = `${await aFolder()}/go`;
    for (let round = 0; round < 3; round += 1) {
      const attempts = Array.from({ length: 4 }, () =>
        spool.anAttempt(`count; until [ -e '${go}.${round}' ]; do sleep 0.01; done`),
      );
      for (const attempt of attempts) wants(attempt, keys);
      const hosts = await Promise.all(attempts.map(() => spool.aHost()));
      const theirs = claimGpus(anothers(keys));
      for (const [index, host] of hosts.entries()) host.say("begin", attempts[index]?.id ?? "");
      const decided = (index: number) =>
        hosts[index]?.news.find((line) => /^(started|refused) /.test(line)) !== undefined;
      await eventually(() => attempts.every((_, index) => decided(index)), "each has heard");
      const begun = attempts.filter((attempt) => attempt.executions() > 0 || attempt.has("begun"));
      expect(begun.length + ((await theirs).ok ? 1 : 0)).toBe(1);
      writeFileSync(`${go}.${round}`, "");
      for (const attempt of begun) await attempt.ended();
      releaseGpus({ folder, gpus: keys, attempt: "9.1.1-b" });
      for (const host of hosts) await host.endInput();
    }
  });

  test("runs of one yard share a GPU where both may, and another yard's do not", async () => {
    const keys = gpus(1);
    const spool = await aHostSpool(shell);
    const go = `${await aFolder()}/go`;
    const [one, two, alone] = ["a", "b", "c"].map(() => spool.anAttempt(`until [ -e '${go}' ]; do sleep 0.01; done`));
    if (!one || !two || !alone) throw new Error("three were made");
    wants(one, keys, true);
    wants(two, keys, true);
    wants(alone, keys);
    const host = await spool.aHost();
    host.say("begin", one.id, two.id);
    for (const { id } of [one, two]) await host.told(`started ${id} `);
    expect(holdersOf(keys).sort()).toEqual([one.id, two.id].sort());
    host.say("begin", alone.id);
    await host.told(`refused ${alone.id} `);
    expect(await claimGpus(anothers(keys, self, true))).toMatchObject({ ok: false, code: "held" });
    writeFileSync(go, "");
    for (const attempt of [one, two]) await attempt.ended();
  });

  test("a port that somebody listens at is refused, and asked for again it may be had", async () => {
    const listener = createServer().listen(0);
    await once(listener, "listening");
    const { port } = listener.address() as AddressInfo;
    const spool = await aHostSpool(shell);
    const attempt = spool.anAttempt("count");
    writeFileSync(`${attempt.folder}/port`, `${port}\n`);
    const host = await spool.aHost();
    host.say("begin", attempt.id);
    expect(await host.told(`refused ${attempt.id} `)).toBe(`port ${port} is in use`);
    expect(attempt.executions()).toBe(0);
    listener.close();
    await once(listener, "close");
    host.say("begin", attempt.id);
    expect(await attempt.ended()).toMatch(/^0 .* exit$/);
  });

  test("what has begun is not refused because it is asked again when its GPU is another's", async () => {
    const keys = gpus(1);
    const spool = await aHostSpool(shell);
    const attempt = spool.anAttempt("count");
    wants(attempt, keys);
    const host = await spool.aHost();
    host.say("begin", attempt.id);
    await host.told(`ended ${attempt.id} `);
    await claimGpus(anothers(keys));
    host.say("begin", attempt.id);
    await eventually(() => spool.leftovers().length === 0, "its launcher has left");
    expect(host.news.filter((line) => line.startsWith("refused"))).toEqual([]);
    expect(attempt.executions()).toBe(1);
  });

  test("a claim ends with the launcher, also where that is killed", async () => {
    const keys = gpus(1);
    const spool = await aHostSpool(shell);
    const attempt = spool.anAttempt("count; exec sleep 1000");
    wants(attempt, keys);
    const host = await spool.aHost();
    host.say("begin", attempt.id);
    await eventually(() => attempt.executions() === 1, "it runs");
    process.kill(parseProcessLine(attempt.read("begun"))?.pid ?? 0, "SIGKILL");
    await eventually(() => holdersOf(keys).length === 0, "nobody holds it");
    expect(await claimGpus(anothers(keys))).toEqual({ ok: true });
    host.say("sweep", "0", attempt.id);
    await host.told(`swept ${attempt.id}`);
    expect(existsSync(`${attempt.folder}/exit`)).toBe(false);
  });
});
