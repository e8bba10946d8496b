import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";

/** What stands at a path: a file's content, a program's, a link's target, or nothing but a folder. */
export type Content = string | Uint8Array | { program: string } | { link: string } | "folder/";

/** A new folder with these paths in it, gone when the test is over. `under`: where it is made, default the system's. */
export async function aFolder(contents: Record<string, Content> = {}, under = tmpdir()): Promise<string> {
  const folder = await mkdtemp(join(under, "runyard-test-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await fill(folder, contents);
  return folder;
}

/** Writes more paths into a folder. */
export async function fill(folder: string, contents: Record<string, Content>): Promise<void> {
  for (const [name, content] of Object.entries(contents)) {
    const path = join(folder, name);
    await mkdir(content === "folder/" ? path : dirname(path), { recursive: true });
    if (content === "folder/") continue;
    if (typeof content === "string" || content instanceof Uint8Array) await writeFile(path, content);
    else if ("link" in content) await symlink(content.link, path);
    else {
      await writeFile(path, content.program);
      await chmod(path, 0o755);
    }
  }
}
