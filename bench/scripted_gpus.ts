import { mkdirSync, writeFileSync } from "node:fs";
import type { Stage } from "./stage.ts";

let machines = 0;

/**
 * Variables under which this machine has so many idle GPUs, by an nvidia-smi that answers at once: agents ask it before each
 * start. No other yard claims the same.
 */
export function scriptedGpus(stage: Stage, count: number): Record<string, string> {
  machines += 1;
  const folder = `${stage.folder}/gpus-${machines}`;
  mkdirSync(folder);
  const gpus = Array.from({ length: count }, (_, i) => {
    return `${i}, GPU-${process.pid.toString(16)}-${machines}-${i}, 16384, 0, 0, Disabled, Scripted GPU`;
  });
  const script = `#!/bin/sh\ncase "$1" in --query-gpu=*) echo '${gpus.join("\n")}' ;; esac\n`;
  writeFileSync(`${folder}/nvidia-smi`, script, { mode: 0o755 });
  return { PATH: `${folder}:${stage.environment["PATH"]}` };
}
