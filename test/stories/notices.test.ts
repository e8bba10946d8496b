import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { fill } from "../helpers/a_folder.ts";
import { aReceiver, type Received } from "../helpers/a_receiver.ts";
import { aTellingYard, aUser, noticesOf, triedNotice } from "../helpers/a_telling_yard.ts";
import { aYard } from "../helpers/a_yard.ts";
import { until } from "../helpers/until.ts";

const work = (text: string) => ({ kind: "command", command: { kind: "shell", text } }) as const;

describe("a user's own targets", () => {
  test("are told of each of his jobs, and of nobody else's", async () => {
    const yard = await aTellingYard();
    const bob = await aUser(yard, "bob");
    const [bobs, admins] = [await aReceiver(), await aReceiver()];
    await bob.call("addNoticeTarget", { body: { target: `webhook:${bobs.url}/` } });
    await yard.client.call("addNoticeTarget", { body: { target: `webhook:${admins.url}/` } });
    const submission = { body: { work: work("true"), cwd: yard.folder, environment: {} } };
    const { job } = await bob.call("submit", submission);
    await yard.submit("true");
    await bobs.has(1);
    await admins.has(1);
    expect(jobsIn(bobs.received)).toEqual([job.id]);
    expect(jobsIn(admins.received)).toEqual([job.id + 1]);
    // Where others are told is not to be seen; an administrator sees it of a job.
    await bob.call("submit", { body: { ...submission.body, notify: ["me"] } });
    const carol = await aUser(yard, "carol");
    await bobs.has(2);
    expect((await carol.call("listNotices", { query: { job: job.id } })).notices).toEqual([]);
    expect((await carol.call("showJob", { params: { job: 3 } })).definition["notify"]).toEqual([]);
    expect((await yard.client.call("showJob", { params: { job: 3 } })).definition["notify"]).toEqual(["me"]);
    expect(await noticesOf(yard, job.id)).toMatchObject([{ user: "bob", state: "told" }]);
    await expect(carol.call("testNotice", { body: { target: 1 } })).rejects.toMatchObject({ problem: { status: 404 } });
    await expect(carol.call("removeNoticeTarget", { params: { target: 1 } })).rejects.toMatchObject({
      problem: { status: 404 },
    });
  });

  test("on the command line: added, tried, listed, asked for, taken away", async () => {
    const yard = await aTellingYard();
    const receiver = await aReceiver();
    const target = `slack:${receiver.url}/services/canary`;
    expect((await yard.cli(["run", "--notify", "--", "true"])).stderr).toMatch(/You have no targets of your own/);
    const added = await yard.cli(["notify", "add", "-", "--on", "asked"], { input: `${target}\n` });
    expect(added.stderr).toBe("");
    expect(added.stdout).toMatch(/You are told at slack:http:\/\/127\.0\.0\.1:\d+\/… of jobs that ask for it\./);
    const tested = await yard.cli(["notify", "test", "1"]);
    expect([tested.code, tested.stdout]).toEqual([0, expect.stringMatching(/^It has been told at slack:/)]);
    await receiver.has(1);
    const listed = await yard.cli(["notify"]);
    expect(listed.stdout).toMatch(/1 +slack:http:\/\/127\.0\.0\.1:\d+\/… +jobs that ask for it/);
    expect((await yard.cli(["run", "--wait", "true"])).code).toBe(0);
    expect((await yard.cli(["run", "--wait", "--notify", "--", "true"])).code).toBe(0);
    await receiver.has(2);
    expect(receiver.received[1]?.body).toContain("Job 2 succeeded");
    await until(
      async () => /notices +slack:\S+ \(told\)/.test((await yard.cli(["show", "2"])).stdout),
      "it is shown as told",
    );
    expect((await yard.cli(["notify", "rm", target])).code).toBe(0);
    expect((await yard.cli(["notify", "rm", target])).code).toBe(4);
    expect((await yard.cli(["run", "--notify", "--", "true"])).code).toBe(2);
    const everything = [added, tested, listed].map(({ stdout, stderr }) => stdout + stderr).join("");
    expect(everything + yard.log()).not.toContain("canary");
  });

  test("a job that runs already can be asked to tell, and to tell no more", async () => {
    const yard = await aTellingYard();
    const receiver = await aReceiver();
    const wait = "until [ -e go ]; do sleep 0.02; done";
    await yard.submit(wait, { notify: [`webhook:${receiver.url}/submitted`] });
    await yard.submit(wait, { notify: [`webhook:${receiver.url}/dropped`] });
    const said = ["set", "1", "--notify", `webhook:${receiver.url}/canary`, "--notify", `webhook:${receiver.url}/two`];
    expect((await yard.cli(said)).stderr).toBe("");
    expect((await yard.cli(["set", "2", "--notify", "none"])).stderr).toBe("");
    expect((await yard.cli(["set", "2", "--notify", "me"])).stderr).toMatch(/You have no targets of your own/);
    expect((await yard.cli(["set", "2", "--notify", "canary"])).stderr).not.toContain("canary");
    expect(JSON.stringify(await yard.client.call("audit"))).not.toContain("canary");
    writeFileSync(`${yard.folder}/go`, "");
    await yard.ends(2);
    await receiver.has(3);
    expect(receiver.received.map(({ path }) => path).sort()).toEqual(["/canary", "/submitted", "/two"]);
    const late = await yard.cli(["set", "1", "--notify", `webhook:${receiver.url}/late`]);
    expect(late.stdout).toBe("Job 1 has ended already: its next end is told, after a retry.\n");
  });

  test("a test that fails says why, and is not tried again", async () => {
    const yard = await aTellingYard();
    const receiver = await aReceiver((response) => response.writeHead(500).end());
    const tested = await yard.cli(["notify", "test", `webhook:${receiver.url}/`]);
    expect(tested.code).toBe(1);
    expect(tested.stderr).toMatch(/It could not be told at .*: It answered 500\./);
    const { notices } = await yard.client.call("listNotices");
    expect(notices).toMatchObject([{ event: "test", state: "given_up", nextTryAt: null }]);
  });

  test("a job file names targets, a project's defaults cannot", async () => {
    const yard = await aTellingYard();
    const receiver = await aReceiver();
    await fill(yard.folder, {
      "job.yaml": `command: exit 1\nnotify:\n  - failed=webhook:${receiver.url}/file\n`,
      "runyard.yaml": `notify: webhook:${receiver.url}/stranger\n`,
    });
    expect((await yard.cli(["run", "true"])).stderr).toMatch(/runyard\.yaml:1:1: unknown key "notify"/);
    await fill(yard.folder, { "runyard.yaml": "" });
    await yard.cli(["submit", "job.yaml", "--wait"]);
    await receiver.has(1);
    expect(receiver.received.map(({ path }) => path)).toEqual(["/file"]);
  });
});

describe("commands", () => {
  test("an administrator's command gets the notice on its stdin, and little of the yard's environment", async () => {
    const yard = await aYard({ environment: { CANARY: "canary" } });
    await fill(yard.folder, { page: { program: `#!/bin/sh\n{ echo "$@"; env; cat; } > "$1"\n` } });
    const argv = [`${yard.folder}/page`, `${yard.folder}/paged`, "a b; touch x"];
    const set = await yard.cli(["notify", "setup", "--command", "pager", "--", ...argv]);
    expect(set.stderr).toBe("");
    await yard.submit("exit 1", { notify: ["command:pager"] });
    expect(await triedNotice(yard, 1)).toMatchObject({ state: "told", target: "command:pager" });
    const paged = yard.read("paged");
    expect(paged).toContain("a b; touch x\n");
    expect(paged).toContain('"event":"job_failed"');
    expect(paged).not.toMatch(/canary|RUNYARD_/);
    expect(existsSync(`${yard.folder}/x`)).toBe(false);
  });

  test("one that fails is tried again, and what it says is in the yard's log alone", async () => {
    const yard = await aYard();
    await yard.client.call("setNoticeSettings", {
      body: { commands: { pager: ["/bin/sh", "-c", "echo canary >&2; exit 4"] } },
    });
    await yard.submit("true", { notify: ["command:pager"] });
    expect(await triedNotice(yard, 1)).toMatchObject({
      state: "waiting",
      problem: "The command ended with exit code 4.",
    });
    expect(yard.log()).toContain("canary");
  });

  test("nobody but an administrator names a command, and nobody can ask for another one", async () => {
    const yard = await aYard();
    const bob = await aUser(yard, "bob");
    const commands = { own: ["/bin/touch", `${yard.folder}/x`] };
    await expect(bob.call("setNoticeSettings", { body: { commands } })).rejects.toMatchObject({
      problem: { status: 403 },
    });
    await expect(bob.call("showNoticeSettings")).rejects.toMatchObject({ problem: { status: 403 } });
    await expect(yard.submit("true", { notify: ["command:own"] })).rejects.toThrow(/has no command own/);
    await expect(yard.submit("true", { notify: ["command:toString"] })).rejects.toThrow(/has no command toString/);
    const relative = { body: { commands: { own: ["touch"] } } };
    await expect(yard.client.call("setNoticeSettings", relative)).rejects.toThrow(/must be a whole path/);
  });
});

test("the address of a Slack channel, which is a secret, is in one file of its owner's alone", async () => {
  const yard = await aTellingYard();
  const receiver = await aReceiver((response) => response.writeHead(500).end());
  await yard.client.call("addNoticeTarget", { body: { target: `slack:${receiver.url}/services/canary-address` } });
  await yard.submit("true", { notify: [`failed=slack:${receiver.url}/services/canary-address`] });
  await triedNotice(yard, 1);
  await yard.stop();
  for (const name of ["yard.sqlite", "yard.sqlite-wal"]) {
    const path = `${yard.home}/${name}`;
    if (existsSync(path)) expect(readFileSync(path, "latin1"), name).not.toContain("canary-address");
  }
  expect(yard.log()).not.toContain("canary-address");
  await yard.start();
});

test("a machine that needs help is told to its pool's owner once, also by a yard that is started anew", async () => {
  const yard = await aTellingYard();
  const receiver = await aReceiver();
  await yard.client.call("setNoticeSettings", { body: { helpAfterMs: 1000 } });
  await yard.client.call("addNoticeTarget", { body: { target: `webhook:${receiver.url}/`, on: ["help"] } });
  const bob = await aUser(yard, "bob");
  const bobs = await aReceiver();
  await bob.call("addNoticeTarget", { body: { target: `webhook:${bobs.url}/` } });
  await yard.client.call("addMachine", {
    body: { name: "lab9", pool: "lab9", login: { host: "127.0.0.1", port: 9, user: "nobody" } },
  });
  const post = await until(() => receiver.received.find(({ body }) => body.includes("lab9")), "lab9 has been told of");
  expect(JSON.parse(post.body)).toMatchObject({
    event: "needs_help",
    trouble: { kind: "machine_unavailable", machine: "lab9" },
    subject: expect.stringMatching(/^Runyard needs help: lab9 cannot be reached: connection refused/),
  });
  await yard.stop();
  await yard.start();
  // Another one, so that there is something to wait for.
  await yard.client.call("addMachine", {
    body: { name: "lab8", pool: "lab8", login: { host: "127.0.0.1", port: 9, user: "nobody" } },
  });
  const machines = () => receiver.received.map(({ body }) => JSON.parse(body).trouble.machine);
  await until(() => machines().includes("lab8"), "the other one has been told of");
  expect(machines().filter((machine) => machine !== "local")).toEqual(["lab9", "lab8"]);
  expect(bobs.received).toEqual([]);
}, 120_000);

function jobsIn(received: readonly Received[]): number[] {
  return received.map(({ body }) => JSON.parse(body).job.id);
}
