import { createHmac } from "node:crypto";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { fill } from "../helpers/a_folder.ts";
import { aMailServer } from "../helpers/a_mail_server.ts";
import { aReceiver, type Received } from "../helpers/a_receiver.ts";
import { aYard, type TestYard, type YardOptions } from "../helpers/a_yard.ts";
import { until } from "../helpers/until.ts";

/** A yard that may go to this machine's own receivers. */
async function aTellingYard(options: YardOptions = {}): Promise<TestYard> {
  const yard = await aYard(options);
  await yard.client.call("setNoticeSettings", { body: { allow: ["127.0.0.0/8"] } });
  return yard;
}

async function noticesOf(yard: TestYard, job: number) {
  return (await yard.client.call("listNotices", { query: { job, sort: "id" } })).notices;
}

/** What became of the only notice of a job, once it is no longer waiting to be tried for the first time. */
function triedNotice(yard: TestYard, job: number) {
  return until(async () => {
    const [notice] = await noticesOf(yard, job);
    return notice && notice.tries > 0 ? notice : null;
  }, `the notice of job ${job} has been tried`);
}

async function aUser(yard: TestYard, user: string) {
  await yard.client.call("setPool", { params: { pool: "local" }, body: { shared: true } });
  const { secret } = await yard.client.call("createToken", { body: { user, role: "user" } });
  return yard.clientWith(secret);
}

const work = (text: string) => ({ kind: "command", command: { kind: "shell", text } }) as const;

describe("webhooks", () => {
  test("a job's end is posted, signed so that its receiver knows who sends and when", async () => {
    const yard = await aTellingYard();
    const receiver = await aReceiver();
    await yard.submit("exit 3", { name: "train", notify: [`webhook:${receiver.url}/hook?x=1`] });
    await yard.ends(1);
    const [post] = await receiver.has(1);
    const { secret } = await yard.client.call("noticeSecret");
    expect(post?.path).toBe("/hook?x=1");
    expect(post?.headers["content-type"]).toBe("application/json");
    const [, seconds = "", digest] =
      /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(post?.headers["runyard-signature"])) ?? [];
    expect(createHmac("sha256", secret).update(`${seconds}.${post?.body}`).digest("hex")).toBe(digest);
    expect(Math.abs(Number(seconds) * 1000 - Date.now())).toBeLessThan(600_000);
    const body = JSON.parse(post?.body ?? "");
    expect(body).toMatchObject({
      event: "job_failed",
      subject: "Job 1 failed: train",
      job: { id: 1, name: "train", status: "failed", firstFailure: { run: "1.1", cause: { code: "exit_code" } } },
    });
    expect(body.id).toBe(post?.headers["runyard-notice"]);
    expect(await triedNotice(yard, 1)).toMatchObject({ state: "told", tries: 1, problem: null, event: "job_failed" });
  });

  test("Slack's form is one text, in which a job's name calls nobody", async () => {
    const yard = await aTellingYard();
    const receiver = await aReceiver();
    await yard.submit("true", { name: "<!channel> & co", notify: [`slack:${receiver.url}/services/x`] });
    const [post] = await receiver.has(1);
    const body = JSON.parse(post?.body ?? "");
    expect(Object.keys(body)).toEqual(["text"]);
    expect(body.text).toMatch(/^Job 1 succeeded: &lt;!channel&gt; &amp; co\nIt has ended .* Of 1 run: 1 succeeded\./);
  });

  test("of a wish for failures, a success is not told", async () => {
    const yard = await aTellingYard();
    const receiver = await aReceiver();
    const notify = [`failed=webhook:${receiver.url}/`];
    await yard.submit("true", { notify });
    await yard.ends(1);
    await yard.submit("exit 1", { notify });
    await receiver.has(1);
    expect(JSON.parse(receiver.received[0]?.body ?? "").job.id).toBe(2);
    expect(await noticesOf(yard, 1)).toEqual([]);
  });

  test("a redirect is not followed, and is not tried again", async () => {
    const yard = await aTellingYard();
    const target = await aReceiver();
    const receiver = await aReceiver((response) => response.writeHead(307, { location: `${target.url}/secret` }).end());
    await yard.submit("true", { notify: [`webhook:${receiver.url}/`] });
    expect(await triedNotice(yard, 1)).toMatchObject({
      state: "given_up",
      problem: expect.stringMatching(/^It answered 307, to go elsewhere, which is not followed/),
    });
    expect(target.received).toEqual([]);
  });

  test("a receiver that is away is tried again, and told once it is back", async () => {
    const yard = await aTellingYard();
    const receiver = await aReceiver();
    await receiver.away();
    await yard.submit("true", { notify: [`webhook:${receiver.url}/`] });
    const notice = await triedNotice(yard, 1);
    expect(notice).toMatchObject({ state: "waiting", tries: 1, problem: "connection refused." });
    expect(Date.parse(notice.nextTryAt ?? "") - Date.parse(notice.createdAt)).toBeGreaterThanOrEqual(10_000);
    expect((await yard.cli(["show", "1"])).stdout).toMatch(
      /notices +webhook:http:\/\/127.0.0.1:\d+\/ \(not yet: connection refused\.\)/,
    );
    await receiver.back();
    await receiver.has(1);
    await until(async () => (await noticesOf(yard, 1))[0]?.state === "told", "it has been told");
    expect(receiver.received).toHaveLength(1);
  }, 60_000);

  test("an answer without end is not read to its end", async () => {
    const yard = await aTellingYard();
    const chunk = Buffer.alloc(65_536, "x");
    let sent = 0;
    const receiver = await aReceiver((response) => {
      response.writeHead(200);
      const more = () => {
        sent += chunk.length;
        if (!response.destroyed) response.write(chunk, more);
      };
      more();
    });
    await yard.submit("true", { notify: [`webhook:${receiver.url}/`] });
    expect(await triedNotice(yard, 1)).toMatchObject({ state: "told" });
    const before = await until(async () => {
      const at = sent;
      await yard.run(1);
      return at === sent ? at : null;
    }, "nothing more is sent");
    expect(before).toBeLessThan(64 * 1024 * 1024);
  });

  test("a receiver that hangs delays no run, and no other notice", async () => {
    const yard = await aTellingYard();
    const hanging = await aReceiver(() => {});
    const receiver = await aReceiver();
    await yard.submit("true", { notify: [`webhook:${hanging.url}/`] });
    await hanging.has(1);
    await yard.submit("true", { notify: [`webhook:${receiver.url}/`] });
    await yard.reaches(2, "succeeded");
    await receiver.has(1);
    expect(await noticesOf(yard, 1)).toMatchObject([{ state: "waiting", tries: 0 }]);
    expect(await triedNotice(yard, 1)).toMatchObject({ state: "waiting", problem: "It has not answered in 10 s." });
  }, 60_000);

  test("a yard that is killed between a job's end and the telling tells it when it is back", async () => {
    const yard = await aTellingYard();
    // Never answered, so that the yard that is killed knows nothing of it.
    let isKilled = false;
    const receiver = await aReceiver((response) => {
      if (isKilled) response.writeHead(204).end();
    });
    await yard.submit("true", { notify: [`webhook:${receiver.url}/`] });
    await receiver.has(1);
    await yard.killYard();
    isKilled = true;
    await yard.start();
    const [first, second] = await receiver.has(2);
    expect(await triedNotice(yard, 1)).toMatchObject({ state: "told" });
    // By its id a receiver knows that it is the same.
    expect(second?.headers["runyard-notice"]).toBe(first?.headers["runyard-notice"]);
  });

  test("a yard that ends does not wait for a receiver that hangs", async () => {
    const yard = await aTellingYard();
    const hanging = await aReceiver(() => {});
    await yard.submit("true", { notify: [`webhook:${hanging.url}/`] });
    await hanging.has(1);
    const before = performance.now();
    await yard.stop();
    expect(performance.now() - before).toBeLessThan(8000);
    await yard.start();
    expect(await noticesOf(yard, 1)).toMatchObject([{ state: "waiting", tries: 0 }]);
  });
});

describe("where a yard does not go", () => {
  test.each([
    "http://127.0.0.1:9/",
    "http://localhost:9/",
    "http://a.localhost:9/",
    "http://[::1]:9/",
    "http://2130706433/",
    "http://[::ffff:169.254.169.254]/latest/meta-data",
    "http://169.254.169.254/latest/meta-data",
    "http://10.0.0.1/",
    "http://0.0.0.0/",
    "http://metadata.localhost/",
  ])("%s is refused at once, and nothing is queued", async (url) => {
    const yard = await aYard();
    await expect(yard.submit("true", { notify: [`webhook:${url}`] })).rejects.toThrow(/is not gone to: its address is/);
    await expect(yard.client.call("addNoticeTarget", { body: { target: `slack:${url}` } })).rejects.toThrow(
      /is not gone to/,
    );
    await expect(yard.client.call("testNotice", { body: { target: `webhook:${url}` } })).rejects.toThrow(
      /is not gone to/,
    );
    expect((await yard.client.call("listJobs")).jobs).toEqual([]);
  });

  test("what the administrator takes back is refused when it would be told", async () => {
    const yard = await aTellingYard();
    const receiver = await aReceiver();
    await yard.submit("while [ ! -e go ]; do sleep 0.02; done", { notify: [`webhook:${receiver.url}/`] });
    await yard.client.call("setNoticeSettings", { body: { disallow: ["127.0.0.0/8"] } });
    writeFileSync(`${yard.folder}/go`, "");
    expect(await triedNotice(yard, 1)).toMatchObject({ state: "given_up", problem: expect.stringMatching(/loopback/) });
    expect(receiver.received).toEqual([]);
  });
});

describe("mail", () => {
  test("a job's end comes by mail, and no name of a job makes a header of it", async () => {
    const yard = await aTellingYard();
    const server = await aMailServer();
    await useMailServer(yard, server.port);
    await yard.submit("exit 3", { name: "x\r\nBcc: eve@example.org\r\n\r\nbody", notify: ["email:ada@example.org"] });
    const [mail] = await server.has(1);
    expect(mail).toMatchObject({ from: "runyard@example.org", to: ["ada@example.org"], user: null });
    const [head = "", ...body] = mail?.text.split("\r\n\r\n") ?? [];
    expect(head).toMatch(/^Subject: Job 1 failed: x Bcc: eve@example\.org body$/m);
    expect(head).toMatch(/^To: ada@example\.org\r?$/m);
    expect(head).toMatch(/^Auto-Submitted: auto-generated\r?$/m);
    expect(head).not.toMatch(/^Bcc:/m);
    expect(body.join("\n")).toContain("The first that failed is 1.1: exit code 3.");
    expect(await triedNotice(yard, 1)).toMatchObject({ state: "told", target: "email:ada@example.org" });
  });

  test("a yard logs in at its mail server, over TLS, with a password that is nowhere else to be seen", async () => {
    const yard = await aTellingYard({ environment: { NODE_TLS_REJECT_UNAUTHORIZED: "0" } });
    const server = await aMailServer({
      authOptional: false,
      disabledCommands: [],
      onAuth: ({ username, password }, _session, done) =>
        password === "canary-password" ? done(null, { user: username ?? "" }) : done(new Error("no")),
    });
    writeFileSync(`${yard.folder}/password`, "canary-password\n", { mode: 0o600 });
    const setup = ["notify", "setup", "--smtp", `127.0.0.1:${server.port}`, "--from", "runyard@example.org"];
    const set = await yard.cli([...setup, "--user", "yard", "--password-file", "password"]);
    expect(set.stderr).toBe("");
    expect(set.stdout).toContain("from runyard@example.org, as yard with a password");
    await yard.submit("true", { notify: ["email:ada@example.org"] });
    expect(await server.has(1)).toMatchObject([{ user: "yard", isEncrypted: true }]);
    // Said again without it, it is kept; for another server it is not.
    expect((await yard.cli([...setup, "--user", "yard", "--json"])).stdout).toContain('"hasPassword":true');
    const shown = await yard.cli(["notify", "setup", "--json"]);
    const audit = await yard.client.call("audit");
    expect(set.stdout + shown.stdout + JSON.stringify(audit) + yard.log()).not.toContain("canary-password");
    const file = `${yard.home}/files/notices/settings.json`;
    expect(readFileSync(file, "utf8")).toContain("canary-password");
    expect(statSync(file).mode & 0o077).toBe(0);
    for (const name of ["yard.sqlite", "yard.sqlite-wal"]) {
      const path = `${yard.home}/${name}`;
      if (existsSync(path)) expect(readFileSync(path, "latin1")).not.toContain("canary-password");
    }
    const elsewhere = await yard.cli([
      "notify",
      "setup",
      "--smtp",
      "mail.example.org",
      "--from",
      "r@example.org",
      "--user",
      "yard",
      "--json",
    ]);
    expect(elsewhere.stdout).toContain('"hasPassword":false');
  });

  test("without TLS at the server, a yard that is to use it sends nothing in the clear", async () => {
    const yard = await aTellingYard();
    const server = await aMailServer();
    const smtp = { host: "127.0.0.1", port: server.port, tls: "start", from: "runyard@example.org" } as const;
    await yard.client.call("setNoticeSettings", { body: { smtp } });
    const { notice } = await yard.client.call("testNotice", { body: { target: "email:ada@example.org" } });
    expect(notice).toMatchObject({
      state: "given_up",
      problem: expect.stringMatching(/^The mail server: .*STARTTLS/i),
    });
    expect(server.mails).toEqual([]);
  });

  test("a recipient whom the server knows not for good is given up", async () => {
    const yard = await aTellingYard();
    const server = await aMailServer({
      onRcptTo: (_address, _session, done) => done(Object.assign(new Error("no such user"), { responseCode: 550 })),
    });
    await useMailServer(yard, server.port);
    await yard.submit("true", { notify: ["email:nobody@example.org"] });
    expect(await triedNotice(yard, 1)).toMatchObject({
      state: "given_up",
      problem: expect.stringMatching(/no such user/),
    });
  });

  test("many ends in a short time come in few mails, and none is missing", async () => {
    const yard = await aTellingYard({ slots: ["", "", "", ""] });
    const server = await aMailServer();
    await useMailServer(yard, server.port);
    await yard.client.call("addNoticeTarget", { body: { target: "email:ada@example.org" } });
    await yard.client.call("pause", { body: { select: "all" } });
    for (let job = 1; job <= 12; job += 1) await yard.submit("true", { name: `job-${job}-` });
    await yard.client.call("resume", { body: { select: "all" } });
    for (let job = 1; job <= 12; job += 1) await yard.ends(job);
    const text = () => server.mails.map((mail) => mail.text).join("");
    await until(
      () => [...text().matchAll(/Job \d+ succeeded: job-\d+-/g)].length >= 12,
      "all have been told of",
      60_000,
    );
    expect(server.mails.length).toBeLessThanOrEqual(3);
  }, 90_000);

  test("where no mail server is set up, mail is refused, saying who can set one up", async () => {
    const yard = await aYard();
    await expect(yard.submit("true", { notify: ["email:ada@example.org"] })).rejects.toThrow(
      "This yard sends no mail yet. Its administrator sets that up with: runyard notify setup --smtp HOST --from ADDRESS",
    );
  });
});

async function useMailServer(yard: TestYard, port: number): Promise<void> {
  const smtp = { host: "127.0.0.1", port, tls: "none", from: "runyard@example.org" } as const;
  await yard.client.call("setNoticeSettings", { body: { smtp } });
}

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
    expect(added.stdout).toMatch(/You are told at slack:http:\/\/127\.0\.0\.1:\d+\/… of jobs with --notify\./);
    const tested = await yard.cli(["notify", "test", "1"]);
    expect([tested.code, tested.stdout]).toEqual([0, expect.stringMatching(/^It has been told at slack:/)]);
    await receiver.has(1);
    const listed = await yard.cli(["notify"]);
    expect(listed.stdout).toMatch(/1 +slack:http:\/\/127\.0\.0\.1:\d+\/… +jobs with --notify/);
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
  const [post] = await receiver.has(1);
  expect(JSON.parse(post?.body ?? "")).toMatchObject({
    event: "needs_help",
    trouble: { kind: "machine_unavailable", machine: "lab9" },
    subject: expect.stringMatching(/^Runyard needs help: lab9 starts no runs: .*connection refused/),
  });
  await yard.stop();
  await yard.start();
  // Another one, so that there is something to wait for.
  await yard.client.call("addMachine", {
    body: { name: "lab8", pool: "lab8", login: { host: "127.0.0.1", port: 9, user: "nobody" } },
  });
  await receiver.has(2);
  expect(receiver.received.map(({ body }) => JSON.parse(body).trouble.machine)).toEqual(["lab9", "lab8"]);
  expect(bobs.received).toEqual([]);
}, 120_000);

function jobsIn(received: readonly Received[]): number[] {
  return received.map(({ body }) => JSON.parse(body).job.id);
}
