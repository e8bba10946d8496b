import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { finished } from "node:stream/promises";
import { collect } from "../platform/collect.ts";
import { bad, good, type Result } from "../platform/result.ts";
import { systemErrorText } from "../platform/system_error.ts";
import type { Host } from "./host.ts";
import type { SshProblem } from "./problem.ts";

const RUN_MS = 30_000;
const OUTPUT_BYTES = 4 * 1024 * 1024;
const STDERR_BYTES = 64 * 1024;

/** This machine, with the account of this process. `environment` is what scripts find, and all of it. */
export function openLocalHost(environment: Record<string, string | undefined>): Host {
  const running = new Set<Script>();

  async function start(script: string): Promise<Result<Script, SshProblem>> {
    const started = await startScript(script, environment);
    if (!started.ok) return bad({ code: "no_shell", text: `/bin/sh cannot be started here: ${started.problem}.` });
    running.add(started.value);
    void started.value.ended.finally(() => running.delete(started.value));
    return started;
  }

  return {
    connect: async () => good(null),
    async run(script, { input = "", deadlineMs = RUN_MS, maxOutputBytes = OUTPUT_BYTES } = {}) {
      const started = await start(script);
      if (!started.ok) return started;
      const { stdin, stdout, ended, kill } = started.value;
      const { bytes, truncated } = collect(stdout, maxOutputBytes);
      const allRead = finished(stdout, { writable: false }).catch(() => {});
      let isLate = false;
      const deadline = setTimeout(() => {
        isLate = true;
        kill();
      }, deadlineMs);
      stdin.end(input);
      const [{ code, stderr }] = await Promise.all([ended, allRead]);
      clearTimeout(deadline);
      const output = { stdout: bytes(), stderr, truncated: truncated() };
      return good(isLate ? { kind: "timed_out", deadlineMs, ...output } : { kind: "exited", code, ...output });
    },
    async open(script) {
      const started = await start(script);
      if (!started.ok) return started;
      const { stdin, stdout, ended, kill } = started.value;
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
  /** Resolves when it has ended, and all of its stderr has been read. Never rejects. */
  ended: Promise<{ code: number; stderr: string }>;
  /** With what it has started in its group. Nothing more of it is heard, whoever else has its streams. */
  kill(): void;
}

async function startScript(script: string, env: Record<string, string | undefined>): Promise<Result<Script, string>> {
  // As an argument it could have no more than 128 KiB: it comes first on stdin, and what follows is its own.
  const source = Buffer.from(script);
  const read = `set -- "$(dd bs=${source.length} count=1 iflag=fullblock 2>/dev/null)"; eval "set --; $1"`;
  let child: ChildProcessWithoutNullStreams;
  try {
    child = spawn("/bin/sh", ["-c", read], { cwd: "/", env, detached: true, stdio: "pipe" });
    const over = new Promise<number>((resolve) => {
      child.once("exit", (code) => resolve(code ?? 255));
      child.once("error", () => resolve(255));
    });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    // EPIPE where the script does not read what it is given.
    child.stdin.on("error", () => {});
    child.stdin.write(source);
    const said = text(child.stderr).catch(() => "");
    return good({
      stdin: child.stdin,
      stdout: child.stdout,
      ended: over.then(async (code) => ({ code, stderr: (await said).slice(-STDERR_BYTES) })),
      kill: () => kill(child),
    });
  } catch (error) {
    return bad(systemErrorText(error));
  }
}

function kill({ pid, stdin, stdout, stderr }: ChildProcessWithoutNullStreams): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // It is over.
  }
  for (const stream of [stdin, stdout, stderr]) stream.destroy();
}
