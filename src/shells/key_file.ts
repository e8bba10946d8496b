import { accessSync, constants, statSync } from "node:fs";
import { runCommand } from "../platform/subprocess.ts";
import { systemErrorCode, systemErrorText } from "../platform/system_error.ts";

/** Why ssh would pass over a private key that was named; null: it would not, as far as can be seen. */
export function objectionToKeyFile(path: string): string | null {
  try {
    const found = statSync(path);
    if (!found.isFile()) return "it is not a file";
    accessSync(path, constants.R_OK);
    if (found.uid === process.geteuid?.() && (found.mode & 0o077) !== 0) {
      return `others may read it, and ssh takes no such key; mend that with: chmod 600 ${path}`;
    }
    return found.size === 0 ? "it is empty" : null;
  } catch (error) {
    if (systemErrorCode(error) === null) throw error;
    return systemErrorText(error);
  }
}

/**
 * Whether one of these private keys, or one that the agent holds, is of use only to somebody who is there: it has a
 * passphrase, or lies on a device that wants to be touched.
 */
export async function hasLockedKey(keyFiles: readonly string[], environment: NodeJS.ProcessEnv): Promise<boolean> {
  const listed = await runCommand("ssh-add", ["-L"], { environment });
  if (listed.kind === "exited" && /^sk-/m.test(listed.stdout)) return true;
  for (const file of keyFiles) {
    const read = await runCommand("ssh-keygen", ["-y", "-P", "", "-f", file], { environment });
    if (read.kind !== "exited") continue;
    if (read.code === 0 ? read.stdout.startsWith("sk-") : /passphrase/.test(read.stderr)) return true;
  }
  return false;
}
