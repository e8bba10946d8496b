import type { FileHandle } from "node:fs/promises";

/** Files that stay open between uses, the most recently used ones, so that a busy file is not opened each time. */
export interface OpenHandles {
  /** Lends the file under `key`, opened with `open` if it is not open. It is not closed while it is lent. */
  use<Value>(
    key: string,
    open: () => Promise<FileHandle>,
    work: (handle: FileHandle) => Promise<Value>,
  ): Promise<Value>;
  /** Closes what nobody uses; what is lent is closed when it comes back. Nothing stays open between uses from then on. */
  close(): Promise<void>;
}

interface Lent {
  handle: Promise<FileHandle>;
  users: number;
}

/** @param limit  how many files stay open; more are, only while more are lent at once */
export function openHandles(limit: number): OpenHandles {
  /** In order of use, the longest unused first. */
  const files = new Map<string, Lent>();
  let kept = limit;

  async function use<Value>(
    key: string,
    open: () => Promise<FileHandle>,
    work: (handle: FileHandle) => Promise<Value>,
  ): Promise<Value> {
    const file = files.get(key) ?? { handle: open(), users: 0 };
    files.delete(key);
    files.set(key, file);
    file.users += 1;
    try {
      const handle = await file.handle.catch((error: unknown) => {
        // The next use tries again.
        if (files.get(key) === file) files.delete(key);
        throw error;
      });
      return await work(handle);
    } finally {
      file.users -= 1;
      await closeSurplus();
    }
  }

  async function closeSurplus(): Promise<void> {
    for (const [key, file] of files) {
      if (files.size <= kept) return;
      if (file.users > 0) continue;
      files.delete(key);
      await (await file.handle).close();
    }
  }

  return {
    use,
    close: async () => {
      kept = 0;
      await closeSurplus();
    },
  };
}
