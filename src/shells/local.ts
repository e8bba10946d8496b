import { spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { collect } from "../platform/collect.ts";
import { bad, good } from "../platform/result.ts";
import type { Host } from "./host.ts";

const RUN_MS = 30_000;
const OUTPUT_BYTES = 4 * 1024 * 1024;
const STDERR_BYTES = 64 * 1024;

/** This machine, with the account of this process. `environment` is what scripts find, and all of it. */
export function openLocalHost(environment: Record<string, string | undefined>): Host {
  const running = new Set<Script>();

  function start(script: string): Script {
    const started = startScript(script, environment);
    running.add(started);
    void started.ended.finally(() => running.delete(started));
    return started;
  }

  return {
    connect: async () => good(null),
    async run(script, { input = "", deadlineMs = RUN_MS, maxOutputBytes = OUTPUT_BYTES } = {}) {
      const { stdin, stdout, ended, kill } = start(script);
      const { bytes, truncated } = collect(stdout, maxOutputBytes);
      let isLate = false;
      const deadline = setTimeout(() => {
        isLate = true;
        kill();
      }, deadlineMs);
      stdin.end(input);
      const { code, stderr } = await ended;
      clearTimeout(deadline);
      const output = { stdout: bytes(), stderr, truncated: truncated() };
      return good(isLate ? { kind: "timed_out", deadlineMs, ...output } : { kind: "exited", code, ...output });
    },
    async open(script) {
      const { stdin, stdout, ended, kill, begun } = start(script);
      const reason = await begun;
      if (reason !== null) return bad({ code: "no_shell", text: `/bin/sh cannot be started here: ${reason}.` });
      return good({ stdin, stdout, ended: ended.then(good), kill: async () => kill() });
    },
    async close() {
      for (const { kill } of running) kill();
    },
  };
}

interface Script {
  stdin: Writable;
  stdout: Readable;
  /** Null: it has begun; else why it could not. */
  begun: Promise<string | null>;
  /** Resolves when it and its streams have ended. Never rejects. */
  ended: Promise<{ code: number; stderr: string }>;
  kill(): void;
}

function startScript(script: string, env: Record<string, string | undefined>): Script {
  // As an argument it could have no more than 128 KiB: it comes first on stdin, and what follows is its own.
  const source = Buffer.from(script);
  const read = `set -- "$(dd bs=${source.length} count=1 iflag=fullblock 2>/dev/null)"; eval "set --; $1"`;
  const child = spawn("/bin/sh", ["-c", read], { cwd: "/", env, detached: true, stdio: "pipe" });
  child.stdin.on("error", () => {});
  child.stdin.write(source);
  const said = text(child.stderr).catch(() => "");
  const begun = new Promise<string | null>((resolve) => {
    child.once("spawn", () => resolve(null));
    child.once("error", (error) => resolve(error.message));
  });
  const over = new Promise<number>((resolve) => {
    child.once("exit", (code) => resolve(code ?? 255));
    child.once("error", () => resolve(255));
  });
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    begun,
    ended: over.then(async (code) => ({ code, stderr: (await said).slice(-STDERR_BYTES) })),
    kill() {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // It is over.
      }
    },
  };
}
