import { createHash, randomBytes } from "node:crypto";
import type { Clock } from "../platform/clock.ts";
import { insertAudit } from "../store/audit.ts";
import type { Store } from "../store/store.ts";
import { insertToken, type Role, selectValidToken, type TokenRow } from "../store/tokens.ts";

/** Who asks. */
export interface Principal {
  token: string;
  user: string;
  role: Role;
}

/** What a role may do, beyond what the one before it may. An agent may do nothing but an agent's part. */
const reach: Record<Role, readonly ("user" | "admin" | "agent")[]> = {
  user: ["user"],
  admin: ["user", "admin"],
  agent: ["agent"],
};

export function mayEnter(role: Role, door: "user" | "admin" | "agent"): boolean {
  return reach[role].includes(door);
}

export interface Authority {
  /** Whose token this is; null: nobody's, or no longer. */
  recognise(secret: string): Promise<Principal | null>;
  /** Forgets what it remembers, so that a revoked token is refused at once. */
  forget(): void;
  /** How often it has forgotten: as long as that stays the same, nothing was revoked. */
  forgotten(): number;
  /** Whether what a principal holds is still good: asked again and again while a stream is open. */
  isStillGood(principal: Principal, secret: string): Promise<boolean>;
}

/** A hash is looked up in the store at most this often. */
const REMEMBERED_MS = 1000;

export function openAuthority(store: Store, clock: Clock): Authority {
  const remembered = new Map<string, { principal: Principal | null; at: number }>();
  let forgotten = 0;

  async function recognise(secret: string): Promise<Principal | null> {
    const hash = hashToken(secret);
    const known = remembered.get(hash);
    if (known && clock.steady() - known.at < REMEMBERED_MS) return known.principal;
    const row = await selectValidToken(store.read, hash, clock.now());
    const principal = row ? { token: row.id, user: row.user_name, role: row.role } : null;
    if (remembered.size > 1000) remembered.clear();
    remembered.set(hash, { principal, at: clock.steady() });
    return principal;
  }

  return {
    recognise,
    forget: () => {
      remembered.clear();
      forgotten += 1;
    },
    forgotten: () => forgotten,
    isStillGood: async (principal, secret) => (await recognise(secret))?.token === principal.token,
  };
}

export function hashToken(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

export interface TokenOrder {
  user: string;
  role: Role;
  label: string;
  expiresAt: number | null;
  /** The token that it ends with. Default: it stands by itself. */
  madeBy?: string;
}

/**
 * Makes a token of 256 random bits, and keeps its hash together with a word of who made it. The secret is returned, and
 * nowhere else.
 */
export async function issueToken(
  store: Store,
  order: TokenOrder,
  by: string,
  now: number,
): Promise<{ token: TokenRow; secret: string }> {
  const { user, role, label, expiresAt, madeBy = null } = order;
  const secret = `ry_${randomBytes(32).toString("base64url")}`;
  const token = {
    id: randomBytes(6).toString("hex"),
    user_name: user,
    role,
    label,
    created_at: now,
    expires_at: expiresAt,
    revoked_at: null,
  };
  await store.write(async (db) => {
    await insertToken(db, { ...token, hash: hashToken(secret), made_by: madeBy });
    const detail = { user, role };
    await insertAudit(db, { at: now, user: by, action: "create", target: `token ${token.id}`, detail });
  });
  return { token, secret };
}
