import type { UnixMs } from "../core/run.ts";
import type { Db } from "./dialect.ts";

export type Role = "admin" | "user" | "agent";

export interface TokenRow {
  id: string;
  user_name: string;
  role: Role;
  label: string;
  created_at: UnixMs;
  expires_at: UnixMs | null;
  revoked_at: UnixMs | null;
}

const shown = ["id", "user_name", "role", "label", "created_at", "expires_at", "revoked_at"] as const;

/** The token with this hash, if it may still be used at `now`. */
export async function selectValidToken(db: Db, hash: string, now: UnixMs): Promise<TokenRow | null> {
  const row = await db
    .selectFrom("token")
    .select(shown)
    .where("hash", "=", hash)
    .where("revoked_at", "is", null)
    .where((is) => is.or([is("expires_at", "is", null), is("expires_at", ">", now)]))
    .executeTakeFirst();
  return row ?? null;
}

export async function selectTokens(db: Db): Promise<TokenRow[]> {
  return db.selectFrom("token").select(shown).orderBy("created_at").orderBy("id").execute();
}

export async function insertToken(db: Db, token: TokenRow & { hash: string }): Promise<void> {
  await db.insertInto("token").values(token).execute();
}

/** The token as it is from now on; null where there is no such token, or it had been revoked before. */
export async function revokeToken(db: Db, id: string, now: UnixMs): Promise<TokenRow | null> {
  const row = await db
    .updateTable("token")
    .set({ revoked_at: now })
    .where("id", "=", id)
    .where("revoked_at", "is", null)
    .returning(shown)
    .executeTakeFirst();
  return row ?? null;
}
