import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { aMailServer } from "../helpers/a_mail_server.ts";
import { aTellingYard, triedNotice } from "../helpers/a_telling_yard.ts";
import { aYard, type TestYard } from "../helpers/a_yard.ts";
import { until } from "../helpers/until.ts";

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
  await until(() => [...text().matchAll(/Job \d+ succeeded: job-\d+-/g)].length >= 12, "all have been told of", 60_000);
  expect(server.mails.length).toBeLessThanOrEqual(3);
}, 90_000);

test("where no mail server is set up, mail is refused, saying who can set one up", async () => {
  const yard = await aYard();
  await expect(yard.submit("true", { notify: ["email:ada@example.org"] })).rejects.toThrow(
    "This yard sends no mail yet. Its administrator sets that up with: runyard notify setup --smtp HOST --from ADDRESS",
  );
});

async function useMailServer(yard: TestYard, port: number): Promise<void> {
  const smtp = { host: "127.0.0.1", port, tls: "none", from: "runyard@example.org" } as const;
  await yard.client.call("setNoticeSettings", { body: { smtp } });
}
