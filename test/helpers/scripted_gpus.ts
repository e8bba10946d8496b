import { symlinkSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { aFolder } from "./a_folder.ts";

const script = fileURLToPath(new URL("../testbed/nvidia-smi", import.meta.url));
/** GPUs of one test are not those of another: claims are kept per GPU of this machine. */
let lastGpu = 0;

/** As test/testbed/scripted_gpus.py takes it. */
export interface ScriptedGpu {
  uuid: string;
  name?: string;
  value?: string;
  percent?: number;
  memory_mib?: number;
  used_mib?: number;
  processes?: { pid: number; name: string; used_mib: number }[];
}

/** A machine whose nvidia-smi says what the test says. */
export async function scriptedGpus(count: number) {
  const folder = await aFolder();
  const file = `${folder}/gpus.json`;
  symlinkSync(script, `${folder}/nvidia-smi`);
  const gpus: ScriptedGpu[] = Array.from({ length: count }, () => {
    lastGpu += 1;
    return { uuid: `GPU-${process.pid.toString(16)}-${lastGpu}` };
  });
  const say = (state: object) => writeFileSync(file, JSON.stringify(state));
  say({ gpus });
  const environment = { RUNYARD_TESTBED_GPUS: file, PATH: `${folder}:${process.env["PATH"] ?? ""}` };
  return { gpus, say, environment };
}
