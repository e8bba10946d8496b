import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { environmentMark, isDead, listProcesses } from "../src/platform/processes.ts";

/** Where a benchmark plays: a folder in memory, and all processes that were started with the stage's environment. */
export interface Stage {
  folder: string;
  /** For whatever is started: its PATH, and the mark by which it is found again. */
  environment: Record<string, string>;
  /** The processes of this stage that live now. */
  processes(): { pid: number; command: string }[];
  /** Kills what is left and removes the folder. Also done at the end of the program, and on Ctrl-C. */
  clear(): void;
}

const MARK = "BENCH_STAGE";
const MOST_LOOKS = 200;
const LOOK_PAUSE_MS = 25;
const open = new Set<Stage>();

export function openStage(): Stage {
  clearAtTheEnd();
  const folder = mkdtempSync(`${existsSync("/dev/shm") ? "/dev/shm" : tmpdir()}/runyard-bench-`);
  mkdirSync(`${folder}/work`);
  const stage: Stage = {
    folder,
    environment: { PATH: process.env["PATH"] ?? "", HOME: folder, LANG: "C.UTF-8", [MARK]: folder },
    processes: () => processesOf(folder),
    clear() {
      if (!open.delete(stage)) return;
      for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
        const left = processesOf(folder);
        if (left.length === 0) break;
        for (const { pid } of left) kill(pid);
        pause(LOOK_PAUSE_MS);
      }
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    },
  };
  open.add(stage);
  return stage;
}

function processesOf(folder: string): { pid: number; command: string }[] {
  return listProcesses().flatMap((entry) => {
    const { pid } = entry;
    if (isDead(entry) || pid === process.pid || environmentMark(pid, MARK) !== folder) return [];
    return [{ pid, command: commandOf(pid) }];
  });
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    return "";
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended meanwhile.
  }
}

/** Waits without giving up the thread: a program that is about to end has no other way. */
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

let isPrepared = false;

function clearAtTheEnd(): void {
  if (isPrepared) return;
  isPrepared = true;
  process.on("exit", () => {
    for (const stage of [...open]) stage.clear();
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(130));
}
