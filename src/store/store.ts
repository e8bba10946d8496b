import type { Changes } from "./changes.ts";
import type { Connections, Db, Dialect } from "./dialect.ts";
import { openWriter, type Writer } from "./writer.ts";

/** The yard's memory: what is read, what is written in groups, and who hears of it. */
export interface Store extends Writer {
  dialect: Dialect;
  /** Sees what is committed. */
  read: Db;
  changes: Changes;
  close(): Promise<void>;
}

export function openStore(connections: Connections, changes: Changes): Store {
  const writer = openWriter(connections.writer);
  return {
    ...writer,
    dialect: connections.dialect,
    read: connections.reader,
    changes,
    close: async () => {
      await writer.settled();
      await connections.close();
    },
  };
}
