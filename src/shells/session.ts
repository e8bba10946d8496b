import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import type { Readable, Writable } from "node:stream";
import { finished } from "node:stream/promises";
import type { SshClient } from "./client.ts";
import { type Master, throughSocket } from "./master.ts";
import { afterMarker, posix } from "./posix.ts";

/** A script that runs on the machine, in a session of the master's connection. */
export interface Session {
  /** The script's. */
  stdin: Writable;
  stdout: Readable;
  /** Resolves when the script has begun, or never will. */
  begun: Promise<Begun>;
  /** Resolves when this side of it has ended. Never rejects. */
  over: Promise<void>;
  /** Resolves then, with all of stderr; stdout may still hold what nobody has read. Never rejects. */
  ended: Promise<SessionEnd>;
  /** Ends this side of it; what runs there may not notice. */
  drop(): void;
}

export type Begun =
  /** `pid`: the script's sh, which leads its session there. */
  | { kind: "begun"; pid: number }
  /** The login shell ran something else, or took something of the script away. */
  | { kind: "no_shell"; said: string }
  /** The master let nobody in: for sure nothing was run. */
  | { kind: "no_session" }
  | { kind: "no_master" }
  /** ssh ended in the way that may mean anything, or was dropped. */
  | { kind: "cut"; said: string };

export interface SessionEnd {
  /** ssh's own end: the script's exit code, or 255, which is that or anything else. */
  code: number;
  /** The script's; its last 64 KiB. */
  stderr: string;
}

const STDERR_BYTES = 64 * 1024;

/** @param onHeard  called whenever something has come from the machine */
export function openSession(client: SshClient, master: Master, script: string, onHeard: () => void): Session {
  const nonce = `runyard${randomBytes(8).toString("hex")}`;
  const { command, prelude } = posix(script, nonce);
  // If the master is gone, ssh would log in by itself: with a proxy that fails at once it cannot.
  const options = ["-T", "-o", "LogLevel=ERROR", "-o", "BatchMode=yes", "-o", "ProxyCommand=false"];
  const child = spawn(client.program, [...throughSocket(master.socket), ...options, "--", "machine", command], {
    cwd: client.place.folder,
    env: client.environment,
    // What is sent to the yard's terminal or group does not reach it.
    detached: true,
    stdio: "pipe",
  });

  let tellBegun: (begun: Begun) => void = () => {};
  const begun = new Promise<Begun>((resolve) => {
    tellBegun = resolve;
  });
  const fail = () => {
    tellBegun({ kind: "no_shell", said: out.noise() });
    drop();
  };
  const out = afterMarker(nonce, (pid) => (pid === null ? fail() : tellBegun({ kind: "begun", pid })), fail);
  const err = afterMarker(
    nonce,
    () => {},
    () => {},
  );
  let stderr = Buffer.alloc(0);
  err.output.on("data", (chunk: Buffer) => {
    stderr = Buffer.concat([stderr, chunk]).subarray(-STDERR_BYTES);
  });
  for (const stream of [child.stdout, child.stderr]) stream.on("data", onHeard);
  child.stdout.pipe(out.output);
  child.stderr.pipe(err.output);
  // EPIPE where the script does not read what it is given.
  child.stdin.on("error", () => {});
  child.stdin.write(prelude);

  function drop(): void {
    child.kill("SIGKILL");
    // The master has these too, and may let go of them late.
    for (const stream of [child.stdin, child.stdout, child.stderr, out.output, err.output]) stream.destroy();
  }

  const code = new Promise<number>((resolve) => {
    child.once("exit", (ended) => resolve(ended ?? 255));
    child.once("error", (error) => {
      tellBegun({ kind: "cut", said: error.message });
      resolve(255);
    });
  });
  // Until the marker is there nobody but us reads: then all has been read.
  child.once("close", (ended) => tellBegun(whyNotBegun(ended, err.noise(), out.noise())));
  const allSaid = finished(err.output, { writable: false }).catch(() => {});
  const ended = allSaid.then(async () => ({ code: await code, stderr: stderr.toString("utf8") }));
  return { stdin: child.stdin, stdout: out.output, begun, over: code.then(() => {}), ended, drop };
}

/** What ssh says (LC_ALL=C) where a session ends before its script has begun. */
function whyNotBegun(code: number | null, stderr: string, stdout: string): Begun {
  if (code === 255) {
    if (/session request failed: Session open refused by peer/.test(stderr)) return { kind: "no_session" };
    // It has gone the other way, where the proxy failed; nothing of a session speaks of an exchange of keys.
    if (/^(kex_exchange_identification|ssh_exchange_identification|banner exchange):|by UNKNOWN port/m.test(stderr)) {
      return { kind: "no_master" };
    }
  }
  const said = `${stdout}${stderr}`.trim();
  if (code === null || code === 255) return { kind: "cut", said };
  return { kind: "no_shell", said: said || `it ends with code ${code}` };
}
