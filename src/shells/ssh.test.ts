import { createHash, randomBytes } from "node:crypto";
import { createReadStream, statSync, writeFileSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { aFolder } from "../../test/helpers/a_folder.ts";
import { aPlace, logins, loginTo, must, output, reach } from "../../test/helpers/a_machine.ts";
import { until } from "../../test/helpers/until.ts";
import { type SshHosts, startSshHosts } from "../../test/testbed/ssh_hosts.ts";

const started = await startSshHosts(["lab1", "csh", "fish", "nologin"], {
  lab1: { files: { ".bashrc": "echo noise; echo noise >&2; printf 'no line end'\n" }, banner: "Beware!\n" },
  csh: { user: "ada", shell: "/bin/csh", homePath: "/home/ada lovelace", files: { ".cshrc": "echo noise\n" } },
  fish: { shell: "/usr/bin/fish", files: { ".config/fish/config.fish": "echo noise; echo noise >&2\n" } },
  nologin: { shell: "/usr/sbin/nologin" },
});
const hosts = started as SshHosts;
if ("missing" in started) test.skip(`real ssh hosts (${started.missing})`);
afterAll(async () => {
  if ("stop" in started) await started.stop();
});

describe.skipIf("missing" in started)("scripts on a machine behind ssh", () => {
  test("output, errors and exit code come back, and nothing that banner or .bashrc have said", async () => {
    const lab1 = reach(await aPlace(hosts), "lab1");
    expect(must(await lab1.run("hostname; cat; echo oops >&2; exit 7", { input: "given\n" }))).toEqual({
      kind: "exited",
      code: 7,
      stdout: Buffer.from("lab1\ngiven\n"),
      stderr: "oops\n",
      truncated: false,
    });
    expect(must(await lab1.run("exit 255"))).toMatchObject({ kind: "exited", code: 255 });
    expect(must(await lab1.run("kill -9 $$"))).toMatchObject({ kind: "exited", code: 255 });
    expect(must(await lab1.run("yes | head -c 100000; exit 3", { maxOutputBytes: 4 }))).toMatchObject({
      code: 3,
      truncated: true,
      stdout: Buffer.from("y\ny\n"),
    });
  });

  test.each(["csh", "fish"])("under %s a script is sh", async (name) => {
    const host = reach(await aPlace(hosts), name);
    const script = `cd; pwd; f() { printf '%s' "$1"; }; for i in 1 2; do f "it's \\"$i\\"!"; done\necho \\\n 'a\nb'`;
    const home = name === "csh" ? "/home/ada lovelace" : "/root";
    expect(await output(host, script)).toBe(`${home}\nit's "1"!it's "2"!a\nb\n`);
  });

  test("a login shell that runs no commands is told of with its own words", async () => {
    const host = reach(await aPlace(hosts), "nologin");
    expect(await host.run("true")).toMatchObject({
      ok: false,
      problem: { code: "no_shell", text: expect.stringContaining("This account is currently not available.") },
    });
  });

  test("forty at once make one login, and take eight of its sessions at a time", async () => {
    const lab1 = reach(await aPlace(hosts), "lab1");
    const before = logins(hosts, "lab1");
    const script = "mkdir -p live/$$; ls live | wc -l; sleep 0.1; rmdir live/$$";
    const counts = await Promise.all(Array.from({ length: 40 }, async () => Number(await output(lab1, script))));
    expect(Math.max(...counts)).toBeLessThanOrEqual(8);
    expect(Math.max(...counts)).toBeGreaterThan(1);
    expect(logins(hosts, "lab1")).toBe(before + 1);
  });

  test("a machine that allows fewer sessions gets fewer", async () => {
    await hosts.host("fish").restartSshd(["MaxSessions 3"]);
    onTestFinished(() => hosts.host("fish").restartSshd());
    const fish = reach(await aPlace(hosts), "fish");
    const before = logins(hosts, "fish");
    const scripts = Array.from({ length: 20 }, (_, i) => `echo ${i}; sleep 0.05`);
    expect(await Promise.all(scripts.map((script) => output(fish, script)))).toEqual(scripts.map((_, i) => `${i}\n`));
    expect(logins(hosts, "fish")).toBe(before + 1);
  });

  test("room that others had taken on the connection is used again when they are gone", async () => {
    await hosts.host("fish").restartSshd(["MaxSessions 5"]);
    onTestFinished(() => hosts.host("fish").restartSshd());
    const place = await aPlace(hosts);
    const [ours, others] = [reach(place, "fish"), reach(place, "fish")];
    const channel = must(await ours.open("cat"));
    const theirs = await Promise.all(Array.from({ length: 4 }, async () => must(await others.open("cat"))));
    const refusals = () => hosts.host("fish").log().split("no more sessions").length;
    const before = refusals();
    let isOver = false;
    const waiting = output(ours, "echo at last").finally(() => {
      isOver = true;
    });
    await until(() => refusals() > before, "it has been refused a session");
    expect(isOver).toBe(false);
    for (const one of theirs) one.stdin.end();
    expect(await waiting).toBe("at last\n");
    await channel.kill();
  });

  test("at its deadline a script is killed with what it has started, and what it had printed is kept", async () => {
    const lab1 = reach(await aPlace(hosts), "lab1");
    const ended = must(await lab1.run("echo before; sleep 7373.1 & sleep 7373.2", { deadlineMs: 700 }));
    expect(ended).toMatchObject({ kind: "timed_out", deadlineMs: 700, stdout: Buffer.from("before\n") });
    await until(
      () =>
        !hosts
          .host("lab1")
          .processes()
          .some((line) => line.includes("7373.")),
      "all of it is gone",
    );
    expect(await output(lab1, "echo after")).toBe("after\n");
  });

  test("100 MB go there and come back as they were, at the pace of whoever reads", async () => {
    const lab1 = reach(await aPlace(hosts), "lab1");
    const folder = await aFolder();
    const file = `${folder}/big`;
    writeFileSync(file, randomBytes(100 * 1024 * 1024));
    const channel = must(await lab1.open("cat"));
    const [sent, received] = [createHash("sha256"), createHash("sha256")];
    const source = createReadStream(file).on("data", (chunk) => sent.update(chunk));
    const back = pipeline(channel.stdout, received);
    await pipeline(source, channel.stdin);
    await back;
    expect(await channel.ended).toEqual({ ok: true, value: { code: 0, stderr: "" } });
    expect(received.digest("hex")).toBe(sent.digest("hex"));
    expect(statSync(file).size).toBe(100 * 1024 * 1024);
  });

  test("a channel stays open for questions and answers, until it is killed", async () => {
    const lab1 = reach(await aPlace(hosts), "lab1");
    const channel = must(await lab1.open('while read -r line; do echo "<$line>"; done; sleep 7474.5'));
    const answers: string[] = [];
    channel.stdout.setEncoding("utf8").on("data", (text: string) => answers.push(text));
    for (const word of ["one", "two"]) {
      channel.stdin.write(`${word}\n`);
      await until(() => answers.join("").endsWith(`<${word}>\n`), "it answers");
    }
    channel.stdin.end();
    await until(() => hosts.host("lab1").processes().includes("sleep 7474.5"), "it has read all");
    await channel.kill();
    // What is killed goes when its system comes to it.
    await until(() => !hosts.host("lab1").processes().includes("sleep 7474.5"), "it is gone");
    expect(await channel.ended).toMatchObject({ ok: true });
  });

  test("where a script has ended tells also when nobody has read what it printed", async () => {
    const lab1 = reach(await aPlace(hosts), "lab1");
    const channels = await Promise.all(Array.from({ length: 8 }, () => lab1.open("yes | head -c 50000")));
    expect(await output(lab1, "echo there is a session left")).toBe("there is a session left\n");
    for (const channel of channels) must(channel).stdout.resume();
    expect(await must(channels[0] ?? expect.fail()).ended).toMatchObject({ ok: true, value: { code: 0 } });
  });

  test("a folder with a long or odd path is no obstacle", async () => {
    const folder = `${"deep/".repeat(30)}it's 100% "odd" $HOME`;
    const lab1 = reach(await aPlace(hosts, { folder }), "lab1");
    expect(await output(lab1, "hostname")).toBe("lab1\n");
  });

  test("what the user's ssh_config adds for a terminal changes nothing", async () => {
    const config = `Host lab1
      RemoteCommand echo remote; sleep 1
      RequestTTY force
      ForwardAgent yes
      LocalForward 127.0.0.1:1 127.0.0.1:1
      ExitOnForwardFailure yes
      PermitLocalCommand yes
      LocalCommand touch %d/local-command-was-run
      ForkAfterAuthentication yes
      SessionType none
      ControlMaster yes
      ControlPath /nowhere/%C`;
    const lab1 = reach(await aPlace(hosts, { config }), loginTo("lab1"));
    expect(await output(lab1, 'hostname; echo "$SSH_AUTH_SOCK$SSH_TTY"')).toBe("lab1\n\n");
  });
});
