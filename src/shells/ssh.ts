import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { bad, good, type Result } from "../platform/result.ts";
export type SshProblem = { code: string; text: string };
export interface SshChannel {
  stdin: Writable;
  stdout: Readable;
  ended: Promise<SshProblem | null>;
}
export interface SshHost {
  connect(): Promise<Result<null, SshProblem>>;
  run(
    script: string,
    options: { deadlineMs: number; input?: Readable; receive?: (stream: Readable) => Promise<void> },
  ): Promise<Result<{ code: number; stdout: string; stderr: string }, SshProblem>>;
  open(script: string): Promise<Result<SshChannel, SshProblem>>;
  close(all?: boolean): Promise<void>;
}
export function openSsh(
  login: { host: string; user: string | null; port: number | null; key: string | null },
  place: { folder: string; config: string | null },
): SshHost {
  mkdirSync(place.folder, { recursive: true, mode: 0o700 });
  const sock = `/tmp/ry-${createHash("sha256")
    .update(place.folder + JSON.stringify(login))
    .digest("hex")
    .slice(0, 16)}`;
  const base = [
    ...(place.config ? ["-F", place.config] : []),
    "-o",
    "BatchMode=yes",
    "-o",
    `ControlPath=${sock}`,
    "-o",
    "ConnectTimeout=5",
    "-o",
    "ServerAliveInterval=3",
    "-o",
    "ServerAliveCountMax=2",
    "-o",
    "StrictHostKeyChecking=accept-new",
    "-o",
    `UserKnownHostsFile=${place.folder}/known_hosts`,
    ...(login.port ? ["-p", String(login.port)] : []),
    ...(login.key ? ["-i", login.key] : []),
    ...(login.user ? ["-l", login.user] : []),
  ];
  const wrap = `exec /bin/sh -c 'read -r n && s=$(dd bs=1 count=$n 2>/dev/null) && eval "$s"'`;
  function start(script: string) {
    const child = spawn("ssh", [...base, "-o", "ControlMaster=no", "--", login.host, wrap], {
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    });
    child.stdin.on("error", () => {});
    child.stdin.write(`${Buffer.byteLength(script)}\n${script}`);
    let err = "";
    child.stderr.setEncoding("utf8").on("data", (t: string) => {
      err += t;
    });
    const ended = new Promise<number>((resolve) => child.once("close", (c) => resolve(c ?? 255)));
    return { child, ended, err: () => err };
  }
  return {
    async connect() {
      const check = spawn("ssh", [...base, "-O", "check", "--", login.host], { stdio: "ignore" });
      if ((await new Promise((r) => check.once("close", r))) === 0) return good(null);
      const master = spawn(
        "ssh",
        [...base, "-o", "ControlMaster=yes", "-o", "ControlPersist=yes", "-N", "-f", "--", login.host],
        { stdio: ["ignore", "ignore", "pipe"], detached: true },
      );
      let err = "";
      master.stderr.setEncoding("utf8").on("data", (t: string) => {
        err += t;
      });
      const code = await new Promise((r) => master.once("exit", r));
      return code === 0 ? good(null) : bad({ code: "unreachable", text: err.trim() });
    },
    async run(script, { input, receive }) {
      const { child, ended, err } = start(script);
      if (input) input.pipe(child.stdin);
      else child.stdin.end();
      let out = "";
      const received = receive
        ? receive(child.stdout)
        : (child.stdout.setEncoding("utf8").on("data", (t: string) => {
            out += t;
          }),
          null);
      const code = await ended;
      await received;
      return code === 255 ? bad({ code: "broken", text: err() }) : good({ code, stdout: out, stderr: err() });
    },
    async open(script) {
      const { child, ended, err } = start(script);
      return good({
        stdin: child.stdin,
        stdout: child.stdout,
        ended: ended.then((c) => ({ code: "broken", text: err().trim() || `ended with ${c}` })),
      });
    },
    async close() {
      const exit = spawn("ssh", [...base, "-O", "exit", "--", login.host], { stdio: "ignore" });
      await new Promise((r) => exit.once("close", r));
    },
  };
}
