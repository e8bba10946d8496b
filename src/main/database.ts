import { randomBytes } from "node:crypto";
import { userInfo } from "node:os";
import type { ServeOptions } from "../cli/program.ts";
import { type Home, readToken, writeSecretFile } from "../platform/home.ts";
import { systemErrorText } from "../platform/system_error.ts";
import { openChanges } from "../store/changes.ts";
import { connectPostgres, connectSqlite } from "../store/dialect.ts";
import { readFact, settleFact } from "../store/facts.ts";
import { takeLease } from "../store/lease.ts";
import { ensureMachine } from "../store/machines.ts";
import { migrate } from "../store/migrate.ts";
import { ensurePool } from "../store/pools.ts";
import { openStore, type Store } from "../store/store.ts";
import { isRefusal, type Refusal } from "./refusal.ts";

/** The store of a yard that leads on it. */
export interface OpenedStore {
  store: Store;
  yardId: string;
  epoch: number;
  /** The name under which this yard holds the lead. */
  holder: string;
}

/** Opens the database that was asked for, now or at an earlier start, in this program's form, and takes the lead. */
export async function openDatabase(home: Home, options: ServeOptions): Promise<OpenedStore | Refusal> {
  const asked = options.database;
  const url = asked ?? readToken(home.databaseUrl);
  const misread = url === null ? null : refuseUrl(url);
  if (misread) return misread;
  const store = await open(home, url);
  if (isRefusal(store)) return store;
  const holder = holderOf(home);
  const lead = await takeLead(store, holder, url === null);
  if (!lead) {
    await store.close();
    return { refusal: "Another yard leads on this database. Stop it first; a lead that died is over after 15 s." };
  }
  // Kept only now that it is known to be good: the next start without --database uses it again.
  if (asked !== null) writeSecretFile(home.databaseUrl, `${asked}\n`);
  return { store, holder, ...lead };
}

/** The same for every yard of this home, of which one lives at a time: the next one need not wait for the last one's lead to run out. */
function holderOf(home: Home): string {
  const known = readToken(home.holder);
  if (known !== null) return known;
  const holder = randomBytes(8).toString("hex");
  writeSecretFile(home.holder, `${holder}\n`);
  return holder;
}

async function open(home: Home, url: string | null): Promise<Store | Refusal> {
  const connections = url === null ? connectSqlite(home.database) : await connectPostgres(url);
  try {
    const migrated = await migrate(connections, (name) => `${home.database}.before-${name}`);
    if (migrated.kind !== "newer") return openStore(connections, openChanges());
    const refusal = `This yard's database was written by a newer Runyard (${migrated.name}). Install that version or a later one.`;
    await connections.close();
    return { refusal };
  } catch (error) {
    if (url === null) throw error;
    await connections.close();
    return {
      refusal: `The database ${nameOf(url)} cannot be used: ${systemErrorText(error)}. Mend it, or name another one with --database.`,
    };
  }
}

function refuseUrl(url: string): Refusal | null {
  if (URL.canParse(url) && /^postgres(ql)?:$/.test(new URL(url).protocol)) return null;
  // Not shown: a password may be in it.
  const refusal =
    "The database is named like postgres://user:password@host:5432/name; special characters of a password are written as %XX.";
  return { refusal };
}

/** Without the password. */
function nameOf(url: string): string {
  const { protocol, username, host, pathname } = new URL(url);
  return `${protocol}//${username === "" ? "" : `${username}@`}${host}${pathname}`;
}

/** The yard's id, made once, and a new epoch; null where another yard has the lead. */
async function takeLead(store: Store, holder: string, alone: boolean) {
  return store.write(async (db) => {
    const yardId = (await readFact(db, "yard")) ?? (await settleFact(db, "yard", randomBytes(5).toString("hex")));
    const epoch = await takeLease(db, store.dialect, holder, alone);
    if (epoch === null) return null;
    await ensurePool(db, "local", "agent", userInfo().username);
    await ensureMachine(db, "local", "local");
    return { yardId, epoch };
  });
}
