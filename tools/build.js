// Builds dist/ from src/ with the TypeScript compiler, and dist/web/ from web/ with Vite. Where they are not installed (a
// production install of the published package, which carries dist/ already) there is nothing to do.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { constants, gzipSync } from "node:zlib";

const root = fileURLToPath(new URL("..", import.meta.url));
const tsc = `${root}node_modules/.bin/tsc`;
if (existsSync(tsc) && existsSync(`${root}src`)) {
  const startedAt = new Date();
  rmSync(`${root}dist`, { recursive: true, force: true });
  const { status } = spawnSync(tsc, ["-p", `${root}tsconfig.build.json`], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
  buildPanel();
  // bin/runyard.js runs dist/ only while no source is newer than this mark.
  writeFileSync(`${root}dist/.built`, "");
  utimesSync(`${root}dist/.built`, startedAt, startedAt);
}

function buildPanel() {
  const vite = `${root}node_modules/vite/bin/vite.js`;
  const { status } = spawnSync(process.execPath, [vite, "build", `${root}web`, "--logLevel", "warn"], {
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status ?? 1);
  // Packed here, once, and not by the yard for each browser.
  for (const entry of readdirSync(`${root}dist/web`, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (/\.(html|js|css|svg)$/.test(path))
      writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: constants.Z_BEST_COMPRESSION }));
  }
}
