import { rmSync } from "node:fs";
import { killAll, slurmProcesses } from "./processes.ts";

// Ends the Slurm in a folder with all its jobs, and leaves nothing of it: node keeper.ts FOLDER
const [folder = ""] = process.argv.slice(2);
await killAll(() => slurmProcesses(folder));
rmSync(folder, { recursive: true, force: true });
