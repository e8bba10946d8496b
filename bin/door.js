// The door of the program: kept in plain JavaScript that any Node of the last years can read, so that one that is too old
// gets a sentence instead of a syntax error. It finds a current Node where a checkout brought one, and runs the built
// program, or the sources as they stand where nothing was built or something changed since.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import nodeModule from "node:module";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (hasLostBytes()) {
  console.error("runyard: An argument is not UTF-8, so it would arrive changed. Put it into a file and pass its name.");
  process.exitCode = 2;
} else if (major > 22 || (major === 22 && minor >= 19)) {
  nodeModule.enableCompileCache?.();
  await import(`${root}${builtIsCurrent() ? "dist/main.js" : "src/main.ts"}`);
} else {
  const newer = `${root}node_modules/.bin/node`;
  if (existsSync(newer)) {
    const { status, signal } = spawnSync(newer, ["--", ...process.argv.slice(1)], { stdio: "inherit" });
    if (signal) process.kill(process.pid, signal);
    process.exitCode = status === null ? 1 : status;
  } else {
    console.error(
      `runyard needs Node 22.19 or newer; this is Node ${process.versions.node}. Install a current Node and try again.`,
    );
    process.exitCode = 2;
  }
}

/** Whether Node has replaced bytes of the arguments that are not UTF-8. Where there is no /proc it cannot be told. */
function hasLostBytes() {
  if (!process.argv.some((word) => word.includes("\uFFFD")) || !existsSync("/proc/self/cmdline")) return false;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(readFileSync("/proc/self/cmdline"));
    return false;
  } catch {
    return true;
  }
}

/** Whether dist/ may be run: always where no sources lie beside it (an installed package), else while none is newer. */
function builtIsCurrent() {
  if (!existsSync(`${root}dist/main.js`)) return false;
  if (!existsSync(`${root}src/main.ts`)) return true;
  if (!existsSync(`${root}dist/.built`)) return false;
  const builtAt = statSync(`${root}dist/.built`).mtimeMs;
  const newest = (folder) =>
    readdirSync(folder, { withFileTypes: true }).reduce((latest, entry) => {
      const path = `${folder}/${entry.name}`;
      return Math.max(latest, entry.isDirectory() ? newest(path) : statSync(path).mtimeMs);
    }, 0);
  return newest(`${root}src`) <= builtAt;
}
