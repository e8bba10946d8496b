import { spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** What opens a page on this desktop; null: there is none to be seen from here. */
export function opener(environment: NodeJS.ProcessEnv, platform: NodeJS.Platform): string | null {
  if (environment["SSH_CONNECTION"]) return null;
  if (platform === "darwin") return "open";
  return environment["DISPLAY"] || environment["WAYLAND_DISPLAY"] ? "xdg-open" : null;
}

/**
 * Opens a link in the user's browser; false where that could not be started. The link itself stands on no command line, where
 * everybody on this machine could read it: the browser gets a file of the user's that leads to it.
 */
export async function openLink(program: string, link: string): Promise<boolean> {
  const file = join(mkdtempSync(join(tmpdir(), "runyard-open-")), "runyard.html");
  writeFileSync(file, `<!doctype html><meta http-equiv="refresh" content="0;url=${link}"><title>Runyard</title>`, {
    mode: 0o600,
  });
  const child = spawn(program, [pathToFileURL(file).href], { stdio: "ignore", detached: true });
  child.unref();
  return new Promise((resolve) => {
    child.once("error", () => resolve(false));
    child.once("spawn", () => resolve(true));
  });
}
