import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { isLeftover, type Load } from "./load.ts";
import type { Stage } from "./stage.ts";

/** Another way to run many commands, eight at once. */
export interface Peer {
  name: string;
  /** Runs the whole load in an empty folder. */
  run(load: Load, folder: string): Promise<void>;
}

const scripts = {
  "GNU parallel": {
    program: "parallel",
    plain: `seq "$RUNS" | parallel -j8 --joblog joblog --results results true {} >/dev/null`,
    lines: `parallel -j8 --joblog joblog --results results <"$LINES" >/dev/null 2>&1`,
  },
  "xargs -P8": {
    program: "xargs",
    plain: `seq "$RUNS" | xargs -P8 -n1 true`,
    lines: `xargs -P8 -d '\\n' -n1 sh -c <"$LINES" >out 2>err`,
  },
  "task-spooler": {
    program: "tsp",
    // It is asked at the end, since its own wait is for one job only.
    plain: `tsp -S 8; n=0; while [ $n -lt "$RUNS" ]; do n=$((n+1)); tsp true $n; done >ids; WAIT`,
    lines: `tsp -S 8; while IFS= read -r line; do tsp -E sh -c "$line"; done <"$LINES" >ids; WAIT`,
  },
} as const;
const WAIT = `while tsp | grep -qE '^[0-9]+ +(running|queued|allocating)'; do sleep 0.05; done; tsp -K`;

/** Those that are installed here. */
export function installedPeers(stage: Stage): Peer[] {
  return Object.entries(scripts)
    .filter(([, { program }]) => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0)
    .map(([name, script]) => ({
      name,
      run: (load, folder) => {
        const text = (load.lines === null ? script.plain : script.lines).replace("WAIT", WAIT);
        return runScript(stage, text, folder, { RUNS: String(load.runs), LINES: load.lines ?? "" });
      },
    }));
}

async function runScript(stage: Stage, text: string, folder: string, variables: Record<string, string>): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const tsp = { TMPDIR: folder, TS_SOCKET: `${folder}/socket`, TS_MAXFINISHED: "1000000" };
  const child = spawn("sh", ["-c", text], {
    cwd: folder,
    env: { ...stage.environment, ...tsp, ...variables },
    stdio: ["ignore", "ignore", "inherit"],
  });
  await new Promise((resolve) => child.once("close", resolve));
}

/** What peers leave behind would slow down whoever comes next. */
export function clearAfterPeer(stage: Stage, folder: string): void {
  for (const { pid, command } of stage.processes()) if (isLeftover(command)) process.kill(pid, "SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}
