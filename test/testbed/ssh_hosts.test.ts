import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, expect, test } from "vitest";
import { bootId } from "../../src/platform/processes.ts";
import { killNow } from "../helpers/processes_of.ts";
import { until } from "../helpers/until.ts";
import { startSshHosts } from "./ssh_hosts.ts";

const hosts = await startSshHosts(["lab1", "lab2"], {
  lab1: { gpus: 2, without: ["tar", "python3"] },
  lab2: { user: "ada", homePath: "/home/ada lovelace", files: { ".config/note": "hello\n" } },
});
if ("missing" in hosts) test.skip(`real ssh hosts (${hosts.missing})`);
afterAll(async () => {
  if ("stop" in hosts) await hosts.stop();
});
const noHosts = "missing" in hosts;

function world() {
  if ("missing" in hosts) throw new Error(hosts.missing);
  const ssh = (name: string, command: string) => {
    const args = ["-F", hosts.config, "-o", "BatchMode=yes", "-o", "ConnectTimeout=3", name, command];
    return execFileSync("ssh", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  };
  return { ssh, host: hosts.host, config: hosts.config };
}

test.skipIf(noHosts)("hosts have names, homes, tools and folders of their own", () => {
  const { ssh, host } = world();
  expect(
    ssh("lab1", "hostname; pwd; nvidia-smi -L | wc -l; command -v tar || command -v python3 || echo neither"),
  ).toBe("lab1\n/root\n2\nneither\n");
  expect(ssh("lab2", 'hostname; whoami; cd; pwd; cat .config/note; command -v nvidia-smi; stat -c "%U %a" .')).toBe(
    "lab2\nada\n/home/ada lovelace\nhello\nada 700\n",
  );
  ssh("lab2", "touch /tmp/there ~/here");
  expect([existsSync(`${host("lab2").home}/here`), host("lab1").run("ls /tmp")]).toEqual([true, ""]);
  expect(host("lab1").run("hostname; id -un")).toBe("lab1\nroot\n");
});

test.skipIf(noHosts)("hosts reach each other by name", () => {
  const { host } = world();
  const greeting = host("lab1").run("bash -c 'exec 3<>/dev/tcp/lab2/22 && head -c 7 <&3'");
  expect(greeting).toBe("SSH-2.0");
});

test.skipIf(noHosts)(
  "a host that was killed comes back with nothing running, an empty /tmp and another boot id",
  async () => {
    const { ssh, host } = world();
    const before = ssh("lab2", "touch /tmp/file ~/kept; cat /proc/sys/kernel/random/boot_id");
    host("lab2").run("setsid sleep 7171.5 >/dev/null 2>&1 &");
    await until(() => host("lab2").processes().includes("sleep 7171.5"), "something runs there");
    host("lab2").kill();
    expect(() => ssh("lab2", "true")).toThrow(/timed out|No route/);
    await host("lab2").boot();
    expect(host("lab2").processes()).toEqual([expect.stringContaining("sshd")]);
    const after = ssh("lab2", "ls -d /tmp/* ~/kept; cat /proc/sys/kernel/random/boot_id");
    expect(after).not.toContain("/tmp/file");
    expect(after).toContain("kept");
    expect(new Set([before.trim(), after.split("\n").at(-2), bootId()]).size).toBe(3);
  },
);

test.skipIf(noHosts)(
  "a wire can be cut and mended, and sshd restarted with other settings and another key",
  async () => {
    const { ssh, host } = world();
    host("lab1").cut();
    expect(() => ssh("lab1", "true")).toThrow(/timed out/);
    host("lab1").mend();
    await until(() => {
      try {
        return ssh("lab1", "true") === "";
      } catch {
        return false;
      }
    }, "the host is reached again");
    await host("lab1").restartSshd(["AllowUsers nobody"]);
    expect(() => ssh("lab1", "true")).toThrow(/Permission denied/);
    const old = host("lab1").hostKey;
    expect(await host("lab1").newHostKey()).not.toBe(old);
    expect(() => ssh("lab1", "true")).toThrow(/IDENTIFICATION HAS CHANGED/);
  },
);

test.skipIf(noHosts)("nothing is left of hosts whose test was killed", async () => {
  const module = new URL("ssh_hosts.ts", import.meta.url).href;
  const program = `const { startSshHosts } = await import(${JSON.stringify(module)});
    const hosts = await startSshHosts(["lost1", "lost2"]);
    console.log(hosts.config);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [config] = (await once(createInterface(child.stdout), "line")) as [string];
  const address = /HostName (\S+)\.\d+/.exec(readFileSync(config, "utf8"))?.[1];
  const bridges = () => Object.values(networkInterfaces()).flatMap((of) => (of ?? []).map((one) => one.address));
  expect(bridges()).toContain(`${address}.1`);
  killNow(child.pid ?? 0);
  await until(() => !existsSync(dirname(config)), "the folder is gone");
  expect(bridges()).not.toContain(`${address}.1`);
});
