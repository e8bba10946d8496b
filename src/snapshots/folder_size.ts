import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

/**
 * What the files below `folder` hold, in bytes (their lengths, links not followed).
 * Null where counting would take longer than `budgetMs`; what cannot be read counts as nothing.
 */
export async function folderSizeBytes(folder: string, budgetMs: number): Promise<number | null> {
  const until = performance.now() + budgetMs;
  const waiting = [folder];
  let total = 0;
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const entries = await readdir(at, { withFileTypes: true }).catch(() => []);
    const files: string[] = [];
    for (const entry of entries) {
      if (entry.isDirectory()) waiting.push(join(at, entry.name));
      else if (entry.isFile()) files.push(join(at, entry.name));
    }
    for (let first = 0; first < files.length; first += 256) {
      if (performance.now() > until) return null;
      const sizes = await Promise.all(files.slice(first, first + 256).map(sizeBytes));
      total = sizes.reduce((sum, size) => sum + size, total);
    }
    if (performance.now() > until) return null;
  }
  return total;
}

function sizeBytes(path: string): Promise<number> {
  return lstat(path).then(
    (found) => found.size,
    () => 0,
  );
}
