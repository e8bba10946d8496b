import { type CommandResult, runCommand } from "../platform/subprocess.ts";

/** No submission waits longer for git than this. */
const COMMIT_WITHIN_MS = 1000;

/** Which code a folder holds, as git tells it. */
export interface CodeVersion {
  /** The full hash of the commit; null without git, outside of a repository and before the first commit. */
  commit: string | null;
  /** Whether the folder differs from that commit, new files included; null where git did not say in time. */
  dirty: boolean | null;
}

/** Asks git for the version of the code in `folder`. Takes `deadlineMs` (default 2,000) at most. */
export async function codeVersion(folder: string, deadlineMs = 2000): Promise<CodeVersion> {
  const [head, status] = await Promise.all([
    git(folder, ["rev-parse", "--verify", "--quiet", "HEAD^{commit}"], deadlineMs),
    git(folder, ["status", "--porcelain", "-z", "--untracked-files=normal", "--", "."], deadlineMs),
  ]);
  const commit = answered(head)?.trim() ?? null;
  const changes = answered(status);
  return { commit, dirty: changes === null ? null : changes !== "" };
}

/** The commit of the code in `folder`, with `-dirty` where the folder differs from it; null where git knows none. */
export async function commitOf(folder: string): Promise<string | null> {
  const { commit, dirty } = await codeVersion(folder, COMMIT_WITHIN_MS);
  return commit !== null && dirty ? `${commit}-dirty` : commit;
}

/** Paths that git keeps although an ignore file names them: they belong to the code. Empty without git. */
export async function trackedThoughIgnored(folder: string, deadlineMs = 2000): Promise<string[]> {
  const listed = await git(folder, ["ls-files", "--cached", "--ignored", "--exclude-standard", "-z"], deadlineMs);
  return (answered(listed) ?? "").split("\0").filter((path) => path !== "");
}

function git(folder: string, args: string[], deadlineMs: number): Promise<CommandResult> {
  // A variable like GIT_DIR of the caller would point to another repository.
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_")));
  // Reading only: the index is not refreshed, and no file system monitor of the repository's choice is started.
  return runCommand("git", ["-c", "core.fsmonitor=false", "-C", folder, ...args], {
    deadlineMs,
    maxOutputBytes: 64 * 1024 * 1024,
    environment: { ...environment, GIT_OPTIONAL_LOCKS: "0" },
  });
}

function answered(result: CommandResult): string | null {
  return result.kind === "exited" && result.code === 0 && !result.truncated ? result.stdout : null;
}
