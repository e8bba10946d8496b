import { existsSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { aYard, type TestYard } from "../helpers/a_yard.ts";
import { isRunning } from "../helpers/processes_of.ts";
import { until } from "../helpers/until.ts";

/** A job that holds its slot until `letGo` is called with the same name. */
function held(name: string): string {
  return `while [ ! -e go.${name} ]; do sleep 0.02; done`;
}

function letGo(yard: TestYard, name: string): void {
  writeFileSync(`${yard.folder}/go.${name}`, "");
}

/** A job that leaves its name in the order of starts. */
function named(name: string): string {
  return `echo ${name} >> order`;
}

function orderOf(yard: TestYard): string {
  return yard.read("order").trim().replaceAll("\n", " ");
}

async function reasonOf(yard: TestYard, id: string | number): Promise<string> {
  const { runs } = await yard.client.call("explain", { query: { select: String(id) } });
  return runs[0] ? `${runs[0].because.code}: ${runs[0].because.text}` : "nothing";
}

const ONE_SLOT = { slots: [""] };

describe("order", () => {
  test("higher priority starts first, equal priority first come first served", async () => {
    const yard = await aYard(ONE_SLOT);
    const blocker = await yard.submit(held("blocker"));
    await yard.reaches(blocker.id, "running");
    for (const name of ["a", "b"]) await yard.submit(named(name));
    await yard.submit(named("low"), { priority: 5 });
    await yard.submit(named("high"), { priority: 50 });
    const last = await yard.submit(named("c"));
    letGo(yard, "blocker");
    await yard.ends(last.id);
    await yard.ends(4);
    expect(orderOf(yard)).toBe("high a b c low");
  });

  test("a priority set while a job waits counts at once", async () => {
    const yard = await aYard(ONE_SLOT);
    await yard.submit(held("blocker"));
    await yard.reaches(1, "running");
    for (const name of ["a", "b", "c"]) await yard.submit(named(name));
    const { job } = await yard.client.call("setJob", { params: { job: 4 }, body: { priority: 50 } });
    expect(job.priority).toBe(50);
    await yard.client.call("setJob", { params: { job: 2 }, body: { priority: 1 } });
    letGo(yard, "blocker");
    for (const id of [2, 3, 4]) await yard.ends(id);
    expect(orderOf(yard)).toBe("c b a");
  });

  test("five jobs on three slots: three run, two wait in order, and a freed slot takes the next", async () => {
    const yard = await aYard({ slots: ["71", "72,73", ""] });
    for (const name of ["a", "b", "c", "d", "e"]) {
      await yard.submit(`${named(name)}; echo "[$CUDA_VISIBLE_DEVICES]"; ${held(name)}`, { name });
    }
    for (const id of [1, 2, 3]) await yard.reaches(id, "running");
    expect((await yard.run(4)).status).toBe("queued");
    expect((await yard.run(5)).status).toBe("queued");
    expect(await reasonOf(yard, 4)).toMatch(
      /^slots_busy: no slot that suits is free: 3 on local, all held by 1\.1, 2\.1, 3\.1 of /,
    );
    letGo(yard, "b");
    await yard.reaches(4, "running");
    expect((await yard.run(5)).status).toBe("queued");
    expect((await yard.run(4)).gpus).toEqual(["72", "73"]);
    for (const name of ["a", "c", "d", "e"]) letGo(yard, name);
    for (const id of [1, 2, 3, 4, 5]) await yard.reaches(id, "succeeded");
    expect(orderOf(yard).split(" ").slice(3)).toEqual(["d", "e"]);
    const devices = await Promise.all([1, 2, 3, 4].map((id) => yard.output(id)));
    expect(devices).toEqual(["[71]\n", "[72,73]\n", "[]\n", "[72,73]\n"]);
  });

  test("however short the runs before were, what waits behind a long one can be overtaken and paused", async () => {
    const yard = await aYard(ONE_SLOT);
    await yard.submit("", {
      work: { kind: "command", command: { kind: "shell", text: "true" }, space: { repeat: 40 } },
    });
    await yard.ends(1);
    await yard.submit(held("long"));
    await yard.reaches(2, "running");
    for (const name of ["b", "c"]) await yard.submit(named(name));
    await yard.submit(named("urgent"), { priority: 90 });
    await yard.client.call("setJob", { params: { job: 4 }, body: { priority: 50 } });
    await until(async () => (await yard.client.call("status")).queued === 3, "all three are said to wait");
    expect(await reasonOf(yard, 3)).toMatch(/^slots_busy/);
    letGo(yard, "long");
    for (const id of [3, 4, 5]) await yard.ends(id);
    expect(orderOf(yard)).toBe("urgent c b");

    await yard.submit(held("longer"));
    await yard.reaches(6, "running");
    await yard.submit(named("late"));
    await yard.client.call("pause", { body: { select: "all" } });
    letGo(yard, "longer");
    await yard.ends(6);
    await until(async () => (await reasonOf(yard, 7)).startsWith("queue_paused"), "it waits for the pause to end");
    expect(orderOf(yard)).toBe("urgent c b");
    await yard.client.call("resume", { body: { select: "all" } });
    await yard.ends(7);
    expect(orderOf(yard)).toBe("urgent c b late");
  });

  test("a job that does not fit does not block smaller ones behind it", async () => {
    const yard = await aYard({ slots: ["74", "75,76"] });
    await yard.submit(held("pair"), { demand: { gpus: 2 } });
    await yard.reaches(1, "running");
    await yard.submit("true", { demand: { gpus: 2 } });
    await yard.submit("true", { demand: { gpus: 1 } });
    await yard.reaches(3, "succeeded");
    expect((await yard.run(2)).status).toBe("queued");
    letGo(yard, "pair");
    await yard.reaches(2, "succeeded");
  });
});

describe("dependencies", () => {
  test("a job waits for the success of those it stands behind", async () => {
    const yard = await aYard();
    await yard.submit(`${held("first")}; ${named("first")}`);
    await yard.submit(named("second"), { after: [{ job: 1 }] });
    await yard.submit(named("third"), { after: [{ job: 1 }, { job: 2 }] });
    await yard.reaches(1, "running");
    expect(await reasonOf(yard, 2)).toBe("after: it waits for job 1 to succeed");
    expect(await reasonOf(yard, 3)).toBe("after: it waits for jobs 1, 2 to succeed");
    letGo(yard, "first");
    await yard.reaches(3, "succeeded");
    expect(orderOf(yard)).toBe("first second third");
  });

  test("a failure ends those behind it, and its retry brings exactly those back", async () => {
    const yard = await aYard();
    await yard.submit("[ -e mended ]");
    await yard.submit(named("second"), { after: [{ job: 1 }] });
    await yard.submit(named("third"), { after: [{ job: 2 }] });
    await yard.submit("exit 4");
    await yard.submit(named("never"), { after: [{ job: 4 }] });
    await yard.submit(named("anyway"), { after: [{ job: 1, any: true }] });
    for (const id of [2, 3, 5]) await yard.reaches(id, "failed");
    expect((await yard.run(2)).cause).toEqual({
      code: "dependency_failed",
      text: "dependency failed: job 1 did not succeed",
    });
    await yard.reaches(6, "succeeded");
    expect(orderOf(yard)).toBe("anyway");

    writeFileSync(`${yard.folder}/mended`, "");
    await yard.client.call("retry", { body: { select: "1" } });
    await yard.reaches(3, "succeeded");
    expect(orderOf(yard)).toBe("anyway second third");
    expect((await yard.run(5)).status).toBe("failed");
    expect((await yard.run(2)).attempts).toBe(1);
  });

  test("a job behind one that has failed already fails at once, behind one that has succeeded it starts", async () => {
    const yard = await aYard();
    await yard.submit("exit 1");
    await yard.submit("true");
    await yard.ends(1);
    await yard.ends(2);
    await yard.submit("true", { after: [{ job: 1 }] });
    await yard.submit("true", { after: [{ job: 2 }] });
    await yard.submit("true", { after: [{ job: 1, any: true }] });
    expect((await yard.reaches(3, "failed")).cause?.code).toBe("dependency_failed");
    await yard.reaches(4, "succeeded");
    await yard.reaches(5, "succeeded");
  });

  test("a job that stands behind a missing one is refused, and nothing is queued", async () => {
    const yard = await aYard();
    await expect(yard.submit("true", { after: [{ job: 7 }] })).rejects.toThrow(
      "--after names job 7, which does not exist",
    );
    expect((await yard.client.call("listJobs")).jobs).toEqual([]);
  });
});

test("no more runs of a job than it allows run at once", async () => {
  const yard = await aYard({ slots: ["", "", ""] });
  const text = "mkdir busy || echo overlap >> overlaps; sleep 0.05; rmdir busy";
  const job = await yard.submit(text, {
    atMost: 1,
    work: { kind: "command", command: { kind: "shell", text }, space: { repeat: 6 } },
  });
  await until(async () => (await yard.job(job.id)).runs.running === 1, "one runs");
  expect(await reasonOf(yard, "1.6")).toBe("at_most: 1 run of this job may run at once, and does");
  expect((await yard.ends(job.id)).runs.succeeded).toBe(6);
  expect(yard.read("overlaps")).toBe("");
});

describe("pausing", () => {
  test("a paused job starts nothing further; what runs goes on", async () => {
    const yard = await aYard(ONE_SLOT);
    const text = `${held("$RUNYARD_RUN")}`;
    await yard.submit(text, { work: { kind: "command", command: { kind: "shell", text }, space: { repeat: 2 } } });
    await yard.reaches("1.1", "running");
    await yard.client.call("pause", { body: { select: "1" } });
    letGo(yard, "1.1");
    await yard.reaches("1.1", "succeeded");
    await yard.submit("true");
    await yard.reaches(2, "succeeded");
    expect(await yard.run("1.2")).toMatchObject({ status: "queued" });
    expect(await reasonOf(yard, "1.2")).toBe("job_paused: the job is paused; go on with: runyard resume 1");
    await yard.client.call("resume", { body: { select: "1" } });
    letGo(yard, "1.2");
    await yard.reaches("1.2", "succeeded");
  });

  test("a paused queue starts nothing, not even what is submitted later, also after a restart", async () => {
    const yard = await aYard();
    await yard.client.call("pause", { body: { select: "all" } });
    await yard.submit("true");
    expect((await yard.client.call("status")).paused).toEqual(["local"]);
    await yard.killYard();
    await yard.start();
    await yard.submit("true");
    await until(async () => (await reasonOf(yard, 2)).startsWith("queue_paused"), "the pause is told");
    expect((await yard.client.call("status")).queued).toBe(2);
    await yard.client.call("resume", { body: { select: "all" } });
    await yard.reaches(1, "succeeded");
    await yard.reaches(2, "succeeded");
  });
});

describe("cancelling", () => {
  test("what waits is cancelled at once and never starts", async () => {
    const yard = await aYard(ONE_SLOT);
    await yard.submit(held("blocker"));
    await yard.reaches(1, "running");
    await yard.submit(named("two"));
    await yard.submit(named("three"));
    const cancelled = await yard.client.call("cancel", { body: { select: "2" } });
    expect(cancelled).toEqual({ jobs: [2], runs: 1, stopping: 0 });
    expect((await yard.job(2)).status).toBe("cancelled");
    letGo(yard, "blocker");
    await yard.reaches(3, "succeeded");
    expect(orderOf(yard)).toBe("three");
  });

  test("what runs gets SIGTERM and the time to end well", async () => {
    const yard = await aYard();
    await yard.submit(`trap 'echo saved; exit 0' TERM; echo ready; while :; do sleep 0.02; done`);
    await until(async () => (await yard.output(1)) === "ready\n", "it is ready");
    const cancelled = await yard.client.call("cancel", { body: { select: "1" } });
    expect(cancelled).toEqual({ jobs: [1], runs: 0, stopping: 1 });
    await yard.ends(1);
    expect(await yard.output(1)).toBe("ready\nsaved\n");
  });

  test("what does not heed SIGTERM is killed when its grace is over, with all that it started", async () => {
    const yard = await aYard();
    await yard.submit(
      `trap '' TERM; setsid sh -c 'trap "" TERM; echo $$ > child; while :; do sleep 0.05; done' & echo $$ > parent
       (setsid setsid sleep 3600 >/dev/null 2>&1 & echo $! > orphan) ; while :; do sleep 0.05; done`,
    );
    const pids = await until(() => {
      const found = ["parent", "child", "orphan"].map((name) => Number(yard.read(name)));
      return found.every((pid) => pid > 0) && found;
    }, "all of it runs");
    const askedAt = Date.now();
    await yard.client.call("cancel", { body: { select: "1", graceMs: 400 } });
    const run = await yard.reaches(1, "cancelled");
    expect(Date.parse(run.endedAt ?? "") - askedAt).toBeGreaterThanOrEqual(350);
    expect(pids.filter(isRunning)).toEqual([]);
  });

  test("a second cancel that gives less grace hurries the first, and no retry brings the run back", async () => {
    const yard = await aYard();
    await yard.submit("trap '' TERM; echo ready; while :; do sleep 0.05; done", { retries: 5 });
    await until(async () => (await yard.output(1)) === "ready\n", "it is ready");
    const cancel = (graceMs: number) => yard.client.call("cancel", { body: { select: "1", graceMs } });
    expect(await cancel(600_000)).toMatchObject({ stopping: 1 });
    await until(async () => (await reasonOf(yard, 1)).startsWith("stopping"), "it says that it is being stopped");
    expect(await cancel(600_000)).toMatchObject({ stopping: 0 });
    expect(await cancel(0)).toMatchObject({ stopping: 1 });
    expect(await yard.reaches(1, "cancelled")).toMatchObject({ attempts: 1, exitCode: 137 });
  });

  test("what a run leaves behind is ended with it", async () => {
    const yard = await aYard();
    await yard.submit("setsid sleep 3600 & echo $! > child; exit 3");
    expect((await yard.reaches(1, "failed")).exitCode).toBe(3);
    expect(isRunning(Number(yard.read("child")))).toBe(false);
  });

  test("cancelling everything answers within two seconds and ends all of it", { timeout: 120_000 }, async () => {
    const yard = await aYard({ slots: ["", "", "", ""] });
    const text = "sleep 3600";
    const work = { kind: "command", command: { kind: "shell", text }, space: { repeat: 5000 } } as const;
    await yard.submit(text, { work });
    await yard.submit(text, { work });
    await until(async () => (await yard.client.call("status")).running === 4, "four run");
    const askedAt = performance.now();
    const cancelled = await yard.client.call("cancel", { body: { select: "all" } });
    expect(performance.now() - askedAt).toBeLessThan(2000);
    expect(cancelled).toEqual({ jobs: [1, 2], runs: 9996, stopping: 4 });
    for (const id of [1, 2]) expect((await yard.ends(id)).runs).toMatchObject({ cancelled: 5000, queued: 0 });
  });

  test("a cancelled run can be queued again", async () => {
    const yard = await aYard();
    await yard.client.call("pause", { body: { select: "all" } });
    await yard.submit(named("again"));
    await yard.client.call("cancel", { body: { select: "1" } });
    await yard.client.call("retry", { body: { select: "1" } });
    await yard.client.call("resume", { body: { select: "all" } });
    await yard.reaches(1, "succeeded");
    expect(orderOf(yard)).toBe("again");
  });
});

test("a run that takes longer than its limit is ended and says so", async () => {
  const yard = await aYard();
  await yard.submit("sleep 3600", { timeLimitMs: 300 });
  expect((await yard.reaches(1, "failed")).cause).toEqual({
    code: "time_limit",
    text: "stopped at its time limit of 0.3 s",
  });
});

test("a command that does not exist fails when it starts, and its slot is free at once", async () => {
  const yard = await aYard(ONE_SLOT);
  const argv = ["no-such-program", "--lr=0.1"];
  await yard.submit("", { work: { kind: "command", command: { kind: "argv", argv } } });
  await yard.submit("true");
  const run = await yard.reaches(1, "failed");
  expect(run.cause?.code).toBe("could_not_start");
  expect(run.cause?.text).toContain("no-such-program");
  await yard.reaches(2, "succeeded");
});

test("what only a shell can do is no program, and fails as such unless there is one of that name", async () => {
  const yard = await aYard(ONE_SLOT);
  for (const word of ["cd", "source", ":"]) {
    const { id } = await yard.submit("", { work: { kind: "command", command: { kind: "argv", argv: [word, "x"] } } });
    const { cause } = await yard.reaches(id, "failed");
    expect(cause).toMatchObject({
      code: "could_not_start",
      text: expect.stringContaining(`${word}: the shell does this`),
    });
  }
  writeFileSync(`${yard.bin}/source`, "#!/bin/sh\necho mine $1\n", { mode: 0o755 });
  const argv = ["source", "x"];
  const { id } = await yard.submit("", { work: { kind: "command", command: { kind: "argv", argv } } });
  await yard.reaches(id, "succeeded");
  expect(await yard.output(id)).toBe("mine x\n");
});

test("an output file that exists already is refused with its name, and never touched", async () => {
  const yard = await aYard();
  const out = `${yard.folder}/train.log`;
  writeFileSync(out, "results of last week\n");
  await expect(yard.submit("echo new", { out })).rejects.toThrow(out);
  expect(yard.read("train.log")).toBe("results of last week\n");
  await yard.submit("echo one; echo two >&2", { out: `${yard.folder}/new.log` });
  await yard.reaches(1, "succeeded");
  expect(yard.read("new.log")).toBe("one\ntwo\n");
});

test("slots come and go while runs run, and none is killed", async () => {
  const yard = await aYard({ slots: ["77", "78"] });
  await yard.submit(held("a"));
  await yard.submit(held("b"));
  await yard.submit(held("c"));
  for (const id of [1, 2]) await yard.reaches(id, "running");
  await setSlots(yard, ["77", "79"]);
  await yard.reaches(3, "running");
  expect((await yard.run(3)).gpus).toEqual(["79"]);
  expect((await yard.run(2)).status).toBe("running");
  await yard.submit("true");
  letGo(yard, "b");
  await yard.reaches(2, "succeeded");
  expect((await yard.run(4)).status).toBe("queued");
  letGo(yard, "a");
  await yard.reaches(4, "succeeded");
  letGo(yard, "c");
  await yard.reaches(3, "succeeded");
});

test("two slots on one GPU are two runs at once", async () => {
  const yard = await aYard({ slots: ["80", "80"] });
  for (const name of ["a", "b", "c"]) await yard.submit(`touch up.${name}; ${held(name)}`);
  await until(() => ["a", "b"].every((name) => existsSync(`${yard.folder}/up.${name}`)), "both run");
  expect((await yard.run(3)).status).toBe("queued");
  for (const name of ["a", "b", "c"]) letGo(yard, name);
  for (const id of [1, 2, 3]) await yard.reaches(id, "succeeded");
});

async function setSlots(yard: TestYard, slots: string[]): Promise<void> {
  await yard.client.call("setMachine", { params: { machine: "local" }, body: { slots } });
}
