import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** A munged of its own: neither this machine's nor another test's is asked, or disturbed. */
export function mungedArguments(folder: string, socket: string): string[] {
  const file = (option: string, name: string) => `--${option}=${join(folder, name)}`;
  return [
    "--foreground",
    `--socket=${socket}`,
    file("key-file", "munge.key"),
    file("seed-file", "munge.seed"),
    file("pid-file", "munge.pid"),
    file("log-file", "munge.log"),
  ];
}

export function makeMungeKey(folder: string): void {
  writeFileSync(join(folder, "munge.key"), randomBytes(128), { mode: 0o400 });
}
