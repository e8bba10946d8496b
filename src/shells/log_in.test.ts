import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { aFolder } from "../../test/helpers/a_folder.ts";
import { aPlace, logins, loginTo, must, output, reach, visits } from "../../test/helpers/a_machine.ts";
import { aSmallDisk, noSmallDisk } from "../../test/helpers/a_small_disk.ts";
import { runOnATerminal } from "../../test/helpers/on_a_terminal.ts";
import { type SshHosts, startSshHosts } from "../../test/testbed/ssh_hosts.ts";
import { loginCommand } from "./attended.ts";
import type { SshPlace } from "./client.ts";

/** Rings a phone (a line in a file), then wants a password. */
const PUSHING = [
  "auth optional pam_exec.so quiet /bin/sh /root/push",
  "auth required pam_unix.so",
  "account required pam_permit.so",
  "session required pam_permit.so",
];
const PUSH = { push: "echo push >> /root/pushes\n" };

const started = await startSshHosts(["open", "password", "push", "both"], {
  open: {},
  password: { sshd: ["PubkeyAuthentication no", "PasswordAuthentication yes"], password: true },
  push: {
    sshd: ["PubkeyAuthentication no", "KbdInteractiveAuthentication yes"],
    pam: PUSHING,
    password: true,
    files: PUSH,
  },
  both: {
    sshd: ["AuthenticationMethods publickey,keyboard-interactive", "KbdInteractiveAuthentication yes"],
    pam: PUSHING,
    password: true,
    files: PUSH,
  },
});
const hosts = started as SshHosts;
if ("missing" in started) test.skip(`real ssh hosts (${started.missing})`);
afterAll(async () => {
  if ("stop" in started) await started.stop();
});

function pushes(name: string): number {
  const file = `${hosts.host(name).home}/pushes`;
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").length - 1 : 0;
}

const problem = (code: string, text: RegExp = /./) => ({
  ok: false,
  problem: { code, text: expect.stringMatching(text) },
});

/** A place whose ssh_config has this key alone, instead of the testbed's. */
async function aPlaceWithKey(key: string): Promise<SshPlace> {
  const text = `Host bare
    HostName ${hosts.host("open").address}
    User root
    IdentityFile ${key}
    IdentitiesOnly yes
    IdentityAgent none
    UserKnownHostsFile ${hosts.knownHosts}`;
  const folder = await aFolder({ config: text });
  return { folder: `${folder}/ssh`, config: `${folder}/config` };
}

describe.skipIf("missing" in started)("a machine whose login asks", () => {
  test.each(["password", "push", "both"])("is told of at once, and rings nobody (%s)", async (name) => {
    const host = reach(await aPlace(hosts), name);
    const before = performance.now();
    expect(await host.connect()).toMatchObject(problem("needs_login", new RegExp(`runyard machines login ${name}`)));
    expect(await host.run("true")).toMatchObject(problem("needs_login"));
    expect(await host.open("true")).toMatchObject(problem("needs_login"));
    expect(performance.now() - before).toBeLessThan(10_000);
    expect(pushes(name)).toBe(0);
    expect(hosts.host(name).log()).not.toMatch(/^Failed|keyboard-interactive\/pam/m);
  });

  test("is not even visited again where it might ring, by this yard or the next, until somebody wants to know", async () => {
    const place = await aPlace(hosts);
    expect(await reach(place, "push").connect()).toMatchObject(problem("needs_login"));
    const before = visits(hosts, "push");
    for (const host of [reach(place, "push"), reach(place, "push")]) {
      expect(await host.connect()).toMatchObject(problem("needs_login"));
      expect(await host.connect()).toMatchObject(problem("needs_login"));
    }
    expect(visits(hosts, "push")).toBe(before);
    expect(await reach(place, "push").connect({ anew: true })).toMatchObject(problem("needs_login"));
    expect(visits(hosts, "push")).toBe(before + 1);
    await hosts.host("push").restartSshd(["PubkeyAuthentication yes"]);
    onTestFinished(() => hosts.host("push").restartSshd());
    expect(await reach(place, "push").connect()).toMatchObject(problem("needs_login"));
    must(await reach(place, "push").connect({ anew: true }));
    await reach(place, "push").close(true);
    must(await reach(place, "push").connect());
  });

  test("is not rung on the way to another one", async () => {
    const behind = (name: string, proxy: string) =>
      `Host ${name}\n  HostName ${hosts.host("open").address}\n  User root\n  ${proxy}\n`;
    const place = await aPlace(hosts, {
      config: behind("jump", "ProxyJump push") + behind("far", "ProxyJump push,open"),
    });
    const config = `${behind("command", `ProxyCommand ssh -F "${hosts.config}" -W %h:%p push`)}`;
    const other = await aPlace(hosts, { config });
    const before = pushes("push");
    for (const host of [reach(place, "jump"), reach(place, "far"), reach(other, "command")]) {
      expect(await host.connect()).toMatchObject(problem("needs_login", /keyboard-interactive/));
    }
    expect(pushes("push")).toBe(before);
  });

  test("is logged in to on the user's terminal, and the yard goes on with that for as long as it lasts", async () => {
    const place = await aPlace(hosts);
    const both = reach(place, "both");
    expect(await both.connect()).toMatchObject(problem("needs_login"));
    const { argv, cwd } = must(await loginCommand("both", loginTo("both"), place));
    const typing = [{ after: "Password:", type: "sesame\r" }];
    const { code, screen } = await runOnATerminal(argv, cwd, {}, { typing });
    expect({ code, screen }).toMatchObject({ code: 0, screen: expect.stringContaining("Password:") });
    expect(pushes("both")).toBe(1);
    expect(await output(both, "hostname")).toBe("both\n");
    // Another yard, and the same command again, find it open.
    expect(await output(reach(place, "both"), "hostname")).toBe("both\n");
    expect((await runOnATerminal(argv, cwd, {})).code).toBe(0);
    await both.close();
    expect(await output(both, "hostname")).toBe("both\n");
    expect([pushes("both"), logins(hosts, "both")]).toEqual([1, 1]);
    await both.close(true);
    expect(await both.connect()).toMatchObject(problem("needs_login"));
    expect(pushes("both")).toBe(1);
  });

  test("a login that fails opens nothing", async () => {
    const place = await aPlace(hosts);
    const { argv, cwd } = must(await loginCommand("password", loginTo("password"), place));
    const typing = Array.from({ length: 3 }, () => ({ after: "password:", type: "wrong\r" }));
    expect(await runOnATerminal(argv, cwd, {}, { typing })).toMatchObject({
      code: 255,
      screen: expect.stringContaining("Permission denied (password)"),
    });
    expect(await reach(place, "password").connect()).toMatchObject(problem("needs_login"));
  });
});

describe.skipIf("missing" in started)("keys", () => {
  async function keys() {
    const folder = await aFolder({ garbage: "not a key\n", empty: "", folder: "folder/" });
    const make = (name: string, passphrase = "") => {
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", passphrase, "-C", "", "-f", `${folder}/${name}`]);
      return `${folder}/${name}`;
    };
    chmodSync(`${folder}/garbage`, 0o600);
    const public_ = make("public");
    chmodSync(public_, 0o644);
    return { folder, stranger: make("stranger"), locked: make("locked", "sesame"), public: public_ };
  }

  test("one that cannot be used is named, with the reason, before anything is tried", async () => {
    const { folder, public: readable } = await keys();
    const place = await aPlace(hosts);
    const before = visits(hosts, "open");
    const withKey = (key: string) => reach(place, loginTo("open", { key })).connect();
    expect(await withKey(`${folder}/missing`)).toMatchObject(problem("bad_key_file", /no such file/));
    expect(await withKey(`${folder}/folder`)).toMatchObject(problem("bad_key_file", /not a file/));
    expect(await withKey(`${folder}/empty`)).toMatchObject(problem("bad_key_file", /others may read|empty/));
    expect(await withKey(readable)).toMatchObject(problem("bad_key_file", /others may read it.*chmod 600/));
    expect(visits(hosts, "open")).toBe(before);
  });

  test("garbage, a stranger's key and one with a passphrase are told apart", async () => {
    const { folder, stranger, locked } = await keys();
    const place = await aPlaceWithKey(stranger);
    const withKey = (key: string) => reach(place, loginTo("bare", { key })).connect();
    expect(await withKey(`${folder}/garbage`)).toMatchObject(problem("bad_key_file", /garbage/));
    expect(await withKey(stranger)).toMatchObject(problem("refused", /accepts none of your keys/));
    expect(await withKey(locked)).toMatchObject(problem("needs_login", /passphrase/));
    // Nobody is rung by these, so they are tried at every time.
    expect(await withKey(locked)).toMatchObject(problem("needs_login", /passphrase/));
  });

  test("a key with a passphrase opens the door on the user's terminal", async () => {
    const { stranger, locked } = await keys();
    const place = await aPlaceWithKey(stranger);
    const authorized = `${hosts.host("open").home}/.ssh/authorized_keys`;
    const were = readFileSync(authorized, "utf8");
    onTestFinished(() => writeFileSync(authorized, were));
    writeFileSync(authorized, were + readFileSync(`${locked}.pub`, "utf8"));
    const login = loginTo("bare", { key: locked });
    const { argv, cwd } = must(await loginCommand("bare", login, place));
    const typing = [{ after: "Enter passphrase", type: "sesame\r" }];
    expect((await runOnATerminal(argv, cwd, {}, { typing })).code).toBe(0);
    expect(await output(reach(place, login), "hostname")).toBe("open\n");
  });

  test("a path with blanks and percent signs is one", async () => {
    const folder = await aFolder({ "it's 100%h here": "folder/" });
    const key = `${folder}/it's 100%h here/key 1`;
    writeFileSync(key, readFileSync(hosts.key), { mode: 0o600 });
    const { stranger } = await keys();
    const place = await aPlaceWithKey(stranger);
    expect(await output(reach(place, loginTo("bare", { key })), "hostname")).toBe("open\n");
  });
});

describe.skipIf("missing" in started)("hostile and broken words", () => {
  test("nothing of a login becomes an option, or is acted on by a shell", async () => {
    const folder = await aFolder();
    const mark = `${folder}/x`;
    const place = await aPlace(hosts, { config: "Host *\n  ProxyCommand sh -c 'touch %h %r; false'" });
    const logins_ = [
      loginTo(`-oProxyCommand=touch ${mark}`),
      loginTo(`-oProxyCommand=touch${"$"}{IFS}${mark}`),
      loginTo("open", { user: `-oProxyCommand=touch ${mark}` }),
      loginTo(`open;touch ${mark}`),
      loginTo(`$(touch ${mark})`),
      loginTo(`\`touch ${mark}\``),
      loginTo("open\nProxyCommand touch x"),
      loginTo("root@open"),
      loginTo(""),
      loginTo("open", { user: `$(touch ${mark})` }),
      loginTo("open", { user: `a'; touch ${mark}; '` }),
      loginTo("open", { port: 22.5 }),
      loginTo("open", { port: 0 }),
      loginTo("open", { key: "relative" }),
      loginTo("open", { key: `/x" -oProxyCommand="touch ${mark}` }),
      loginTo("open", { hostKey: "SHA256:short" }),
    ];
    for (const login of logins_) {
      expect(await reach(place, login).connect()).toMatchObject(problem("bad_login"));
      expect(await loginCommand("x", login, place)).toMatchObject(problem("bad_login"));
    }
    expect(existsSync(mark)).toBe(false);
  });

  test("an ssh_config that ssh refuses is told of with its place", async () => {
    const place = await aPlace(hosts, { config: "NoSuchKeyword yes" });
    expect(await reach(place, "open").connect()).toMatchObject(
      problem("bad_config", /config: line 1: Bad config.*nosuchkeyword/),
    );
  });

  test("a machine without ssh says so", async () => {
    const path = process.env["PATH"];
    onTestFinished(() => {
      process.env["PATH"] = path;
    });
    const host = reach(await aPlace(hosts), "open");
    process.env["PATH"] = await aFolder();
    expect(await host.connect()).toMatchObject(problem("no_ssh", /Install it/));
  });

  test.skipIf(noSmallDisk !== null)("a full disk is told of, and in nobody's way afterwards", async () => {
    const disk = await aSmallDisk(1);
    const place = { folder: `${disk.path}/ssh`, config: hosts.config };
    disk.fill();
    expect(await reach(place, "open").connect()).toMatchObject(problem("bad_folder", /no space left/));
    disk.free();
    must(await reach(place, "open").connect());
    disk.fill();
    expect(await output(reach(place, "open"), "hostname")).toBe("open\n");
    await reach(place, "open").close(true);
    expect(await output(reach(place, "open"), "hostname")).toBe("open\n");
  });

  test("a folder that others govern is not used", async () => {
    const place = await aPlace(hosts);
    const { folder } = place;
    const elsewhere = await aFolder();
    execFileSync("ln", ["-s", elsewhere, folder]);
    expect(await reach(place, "open").connect()).toMatchObject(problem("bad_folder", /it is a link/));
    rmSync(folder);
    execFileSync("mkdir", [folder]);
    execFileSync("chown", ["12345", folder]);
    expect(await reach(place, "open").connect()).toMatchObject(problem("bad_folder", /another user's/));
  });
});
