import { type Db, wordsOf } from "./dialect.ts";

/**
 * Groups changes: what is asked for while a commit is under way goes together into the next one, so that a disk that
 * takes 5 ms to say "written" costs 5 ms a group, not 5 ms a change. Of several yards on one store one writes at a time.
 */
export interface Writer {
  /**
   * Runs `work` in a transaction and resolves when it is on disk. `work` may run twice (alone, after a group in which
   * another one failed), so it must have no effect but on the database. What it throws rejects the promise and undoes
   * it. A commit that fails rejects everyone in its group: what became of it is not known, so nothing is tried again.
   */
  write<T>(work: (db: Db) => Promise<T>): Promise<T>;
  /** Resolves when everything asked for so far is committed. */
  settled(): Promise<void>;
}

interface Task {
  work: (db: Db) => Promise<unknown>;
  resolve: (value: unknown) => void;
  reject: (reason: unknown) => void;
}

const LARGEST_GROUP = 256;

export function openWriter(db: Db): Writer {
  const waiting: Task[] = [];
  let draining: Promise<void> | null = null;

  async function commit(tasks: Task[]): Promise<void> {
    let isWorking = false;
    try {
      const results = await db.transaction().execute(async (transaction) => {
        await wordsOf(transaction).takeTurn(transaction);
        isWorking = true;
        const results: unknown[] = [];
        for (const task of tasks) results.push(await task.work(transaction));
        isWorking = false;
        return results;
      });
      for (const [index, task] of tasks.entries()) task.resolve(results[index]);
    } catch (reason) {
      if (isWorking && tasks.length > 1) for (const task of tasks) await commit([task]);
      else for (const task of tasks) task.reject(reason);
    }
  }

  async function drain(): Promise<void> {
    // One turn of the event loop lets requests that arrived together be written together.
    await new Promise((resolve) => setImmediate(resolve));
    while (waiting.length > 0) await commit(waiting.splice(0, LARGEST_GROUP));
    draining = null;
  }

  return {
    write: <T>(work: (db: Db) => Promise<T>) =>
      new Promise<T>((resolve, reject) => {
        waiting.push({ work, resolve: (value) => resolve(value as T), reject });
        draining ??= drain();
      }),
    settled: async () => {
      while (draining !== null) await draining;
    },
  };
}
