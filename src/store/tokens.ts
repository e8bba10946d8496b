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

export async function selectToken(db: Db, id: string): Promise<TokenRow | null> {
  return (await db.selectFrom("token").select(shown).where("id", "=", id).executeTakeFirst()) ?? null;
}

export async function selectTokens(db: Db): Promise<TokenRow[]> {
  return db.selectFrom("token").select(shown).orderBy("created_at").orderBy("id").execute();
}

/** @param token  `made_by`: the token that it ends with; null: none */
export async function insertToken(db: Db, token: TokenRow & { hash: string; made_by: string | null }): Promise<void> {
  await db.insertInto("token").values(token).execute();
}

/** One that was revoked meanwhile stays so. */
export async function renewToken(db: Db, id: string, expiresAt: UnixMs): Promise<void> {
  await db.updateTable("token").set({ expires_at: expiresAt }).where("id", "=", id).execute();
}

/**
 * The token as it is from now on, and with it whatever it has made; null where there is no such token, or it had been
 * revoked before.
 */
export async function revokeToken(db: Db, id: string, now: UnixMs): Promise<TokenRow | null> {
  await db
    .updateTable("token")
    .set({ revoked_at: now })
    .where("made_by", "=", id)
    .where("revoked_at", "is", null)
    .execute();
  const row = await db
    .updateTable("token")
    .set({ revoked_at: now })
    .where("id", "=", id)
    .where("revoked_at", "is", null)
    .returning(shown)
    .executeTakeFirst();
  return row ?? null;
}
