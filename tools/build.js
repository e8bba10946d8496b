// Builds dist/ from src/ with the TypeScript compiler. Where the compiler is not installed (a production install of the
// published package, which carries dist/ already) there is nothing to do.
import { spawnSync } from "node:child_process";
import { existsSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const tsc = `${root}node_modules/.bin/tsc`;
if (existsSync(tsc) && existsSync(`${root}src`)) {
  const startedAt = new Date();
  rmSync(`${root}dist`, { recursive: true, force: true });
  const { status } = spawnSync(tsc, ["-p", `${root}tsconfig.build.json`], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
  // bin/runyard.js runs dist/ only while no source is newer than this mark.
  writeFileSync(`${root}dist/.built`, "");
  utimesSync(`${root}dist/.built`, startedAt, startedAt);
}
