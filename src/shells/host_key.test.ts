import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { aFolder } from "../../test/helpers/a_folder.ts";
import { aPlace, logins, loginTo, must, output, reach } from "../../test/helpers/a_machine.ts";
import { type SshHosts, startSshHosts } from "../../test/testbed/ssh_hosts.ts";
import { acceptHostKey, seeHostKey } from "./host_key.ts";

const started = await startSshHosts(["lab1", "lab2", "gate"], { lab1: { sshd: ["Port 2222", "Port 22"] } });
const hosts = started as SshHosts;
if ("missing" in started) test.skip(`real ssh hosts (${started.missing})`);
afterAll(async () => {
  if ("stop" in started) await started.stop();
});

/** The user's ssh knows nobody. */
const STRANGER = "Host *\n  UserKnownHostsFile /dev/null";

const aPlaceOfAStranger = (more = "") => aPlace(hosts, { config: `${more}\n${STRANGER}` });

const code = (expected: string, text: RegExp = /./) => ({
  ok: false,
  problem: { code: expected, text: expect.stringMatching(text) },
});

describe.skipIf("missing" in started)("host keys", () => {
  test("an unknown one is refused until it is accepted, which logs nobody in", async () => {
    const place = await aPlaceOfAStranger();
    const [before, key] = [logins(hosts, "lab1"), hosts.host("lab1").hostKey];
    expect(await reach(place, "lab1").connect()).toMatchObject(code("host_key_unknown", /runyard machines check lab1/));
    const accepted = { type: "ssh-ed25519", fingerprint: key };
    // To look at it changes nothing.
    for (const _look of [1, 2])
      expect(await seeHostKey("lab1", loginTo("lab1"), place)).toMatchObject({
        value: { ...accepted, wasKnown: false },
      });
    expect(await acceptHostKey("lab1", loginTo("lab1"), place)).toEqual({
      ok: true,
      value: { ...accepted, wasKnown: false },
    });
    expect(await acceptHostKey("lab1", loginTo("lab1"), place)).toEqual({
      ok: true,
      value: { ...accepted, wasKnown: true },
    });
    expect(logins(hosts, "lab1")).toBe(before);
    expect(await output(reach(place, "lab1"), "hostname")).toBe("lab1\n");
    expect(readFileSync(`${place.folder}/known_hosts`, "utf8").match(/\n/g)?.length).toBe(1);
  });

  test("one port of a machine is not another, and another user is the same machine", async () => {
    const place = await aPlaceOfAStranger();
    must(await acceptHostKey("lab1", loginTo("lab1", { port: 2222 }), place));
    expect(await output(reach(place, loginTo("lab1", { port: 2222, user: "root" })), "hostname")).toBe("lab1\n");
    expect(await reach(place, "lab1").connect()).toMatchObject(code("host_key_unknown"));
  });

  test("what the user's own known_hosts has counts, hashed too", async () => {
    const place = await aPlace(hosts);
    expect(await acceptHostKey("lab2", loginTo("lab2"), place)).toMatchObject({ ok: true, value: { wasKnown: true } });
    expect(existsSync(`${place.folder}/known_hosts`)).toBe(false);
    const hashed = `${place.folder}/../hashed`;
    writeFileSync(hashed, readFileSync(hosts.knownHosts));
    execFileSync("ssh-keygen", ["-H", "-f", hashed], { stdio: "ignore" });
    expect(readFileSync(hashed, "utf8")).toMatch(/^\|1\|/);
    const other = await aPlace(hosts, { config: `Host *\n  UserKnownHostsFile ${hashed}\n  HashKnownHosts yes` });
    expect(await acceptHostKey("lab2", loginTo("lab2"), other)).toMatchObject({ ok: true, value: { wasKnown: true } });
    expect(await output(reach(other, "lab2"), "hostname")).toBe("lab2\n");
  });

  test("a changed one is refused, by the yard's own known_hosts and by the user's", async () => {
    const own = await aPlaceOfAStranger();
    const users = await aPlace(hosts);
    must(await acceptHostKey("lab2", loginTo("lab2"), own));
    await hosts.host("lab2").newHostKey();
    for (const [place, file] of [
      [own, `${own.folder}/known_hosts`],
      [users, hosts.knownHosts],
    ] as const) {
      const where = new RegExp(`line \\d of ${file}`);
      expect(await reach(place, "lab2").connect()).toMatchObject(code("host_key_changed", where));
      expect(await acceptHostKey("lab2", loginTo("lab2"), place)).toMatchObject(code("host_key_changed", where));
      const pinned = loginTo("lab2", { hostKey: hosts.host("lab2").hostKey });
      expect(await acceptHostKey("lab2", pinned, place)).toMatchObject(code("host_key_changed"));
    }
    // As the text says: the old key deleted, the machine added again.
    rmSync(`${own.folder}/known_hosts`);
    must(await acceptHostKey("lab2", loginTo("lab2"), own));
    expect(await output(reach(own, "lab2"), "hostname")).toBe("lab2\n");
  });

  test("a key of another type than the known one is a changed one too", async () => {
    const folder = await aFolder();
    execFileSync("ssh-keygen", ["-q", "-t", "ecdsa", "-N", "", "-C", "", "-f", `${folder}/ecdsa`]);
    const known = `${folder}/known hosts`;
    writeFileSync(known, `${hosts.host("gate").address} ${readFileSync(`${folder}/ecdsa.pub`, "utf8")}`);
    const other = await aPlace(hosts, { config: `Host *\n  UserKnownHostsFile ${folder}/none "${known}"` });
    expect(await acceptHostKey("gate", loginTo("gate"), other)).toMatchObject(code("host_key_changed"));
    expect(await reach(other, "gate").connect()).toMatchObject({ ok: false });
  });

  test("a pinned one is the only one that is trusted, whatever else is known", async () => {
    const place = await aPlace(hosts);
    const right = loginTo("gate", { hostKey: hosts.host("gate").hostKey });
    const wrong = loginTo("gate", { hostKey: hosts.host("lab1").hostKey });
    expect(await acceptHostKey("gate", wrong, place)).toMatchObject(code("host_key_not_pinned"));
    expect(await reach(place, wrong).connect()).toMatchObject(code("host_key_not_pinned"));
    must(await acceptHostKey("gate", right, place));
    expect(await output(reach(place, right), "hostname")).toBe("gate\n");
    expect(await reach(place, wrong).connect()).toMatchObject(code("host_key_not_pinned"));
  });

  test("a pin may name any of a machine's keys", async () => {
    const place = await aPlaceOfAStranger();
    const folder = hosts.host("gate").home.replace(/home$/, "");
    execFileSync("ssh-keygen", ["-q", "-t", "rsa", "-b", "2048", "-N", "", "-C", "", "-f", `${folder}rsa`]);
    await hosts.host("gate").restartSshd([`HostKey ${folder}rsa`]);
    const listed = execFileSync("ssh-keygen", ["-l", "-f", `${folder}rsa.pub`], { encoding: "utf8" });
    const login = loginTo("gate", { hostKey: listed.split(" ")[1] ?? "" });
    expect(await acceptHostKey("gate", login, place)).toMatchObject({ ok: true, value: { type: "ssh-rsa" } });
    expect(await output(reach(place, login), "hostname")).toBe("gate\n");
    await hosts.host("gate").restartSshd();
    expect(await reach(await aPlaceOfAStranger(), login).connect()).toMatchObject(code("host_key_not_pinned"));
  });

  test("an ssh_config that will have no unknown ones has its way, but for a pinned one", async () => {
    const place = await aPlaceOfAStranger("StrictHostKeyChecking yes");
    expect(await acceptHostKey("lab1", loginTo("lab1"), place)).toMatchObject(code("host_key_unknown", /ssh_config/));
    must(await acceptHostKey("lab1", loginTo("lab1", { hostKey: hosts.host("lab1").hostKey }), place));
  });

  test("an ssh_config that would take any key at all does not", async () => {
    const place = await aPlaceOfAStranger("StrictHostKeyChecking no");
    expect(await reach(place, "lab1").connect()).toMatchObject(code("host_key_unknown"));
  });

  test("a host on the way has to be known too, to the yard or to the user's ssh", async () => {
    const [lab, gate] = [hosts.host("lab1").address, hosts.host("gate").address];
    const jump = `Host behind\n  HostName ${lab}\n  User root\n  ProxyJump gate`;
    const place = await aPlaceOfAStranger(`Host *\n  GlobalKnownHostsFile /dev/null\n${jump}`);
    const strange = await aPlace(hosts, { config: `${jump}\nHost *\n  UserKnownHostsFile /dev/null` });
    expect(await acceptHostKey("behind", loginTo("behind"), strange)).toMatchObject(
      code("host_key_unknown", new RegExp(`key of ${gate} is not known`)),
    );
    must(await acceptHostKey("gate", loginTo("gate"), strange));
    must(await acceptHostKey("behind", loginTo("behind"), strange));
    const from = new RegExp(`^lab1\n${gate} `);
    expect(await output(reach(strange, "behind"), "hostname; echo $SSH_CLIENT")).toMatch(from);
    const users = await aPlace(hosts, { config: `${jump}\n  UserKnownHostsFile /dev/null` });
    must(await acceptHostKey("behind", loginTo("behind"), users));
    expect(await output(reach(users, "behind"), "hostname; echo $SSH_CLIENT")).toMatch(from);
    expect(await reach(place, "behind").connect()).toMatchObject(code("host_key_unknown"));
  });

  test("a connection that the user shares for himself is not looked at instead", async () => {
    const folder = await aFolder();
    const place = await aPlace(hosts, { config: `Host *\n  ControlPath ${folder}/%n\n  ControlMaster auto` });
    const share = ["-F", place.config ?? "", "-o", "ControlPersist=60", "lab1", "true"];
    execFileSync("ssh", share, { stdio: "ignore" });
    onTestFinished(
      () => void execFileSync("ssh", ["-F", place.config ?? "", "-O", "exit", "lab1"], { stdio: "ignore" }),
    );
    expect(await acceptHostKey("lab1", loginTo("lab1"), place)).toMatchObject({
      ok: true,
      value: { fingerprint: hosts.host("lab1").hostKey, wasKnown: true },
    });
    const before = logins(hosts, "lab1");
    expect(await output(reach(place, "lab1"), "hostname")).toBe("lab1\n");
    expect(logins(hosts, "lab1")).toBe(before + 1);
  });

  test("where nobody answers nothing is accepted", async () => {
    const place = await aPlaceOfAStranger();
    const nobody = loginTo(hosts.host("lab1").address.replace(/\d+$/, "200"));
    expect(await acceptHostKey("nobody", nobody, place)).toMatchObject(code("unreachable", /timed out|no route/));
    const closed = loginTo("lab1", { port: 23 });
    expect(await acceptHostKey("lab1", closed, place)).toMatchObject(
      code("unreachable", /connection refused .*port 23/),
    );
    expect(await acceptHostKey("x", loginTo("no-such-host.invalid"), place)).toMatchObject(code("no_such_host"));
  });
});
