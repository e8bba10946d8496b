import { randomBytes } from "node:crypto";
import type { Clock } from "../platform/clock.ts";
import { hashToken, type Principal } from "./auth.ts";

/** A link to the panel may be opened for this long. */
const LOGIN_MS = 60_000;

/**
 * Codes that let a browser in once, as whoever asked for them. They live in this process alone, by their hashes: a yard that
 * is started anew knows none.
 */
export interface Logins {
  /** 128 random bits, good until `expiresAt` (epoch ms). */
  create(principal: Principal): { code: string; expiresAt: number };
  /** Whose code this is, and takes it out of use; null: nobody's, used before, or too old. */
  redeem(code: string): Principal | null;
}

export function openLogins(clock: Clock): Logins {
  const waiting = new Map<string, { principal: Principal; until: number }>();

  function dropOld(): void {
    for (const [hash, { until }] of waiting) if (until <= clock.steady()) waiting.delete(hash);
  }

  return {
    create(principal) {
      dropOld();
      const code = randomBytes(16).toString("base64url");
      waiting.set(hashToken(code), { principal, until: clock.steady() + LOGIN_MS });
      return { code, expiresAt: clock.now() + LOGIN_MS };
    },
    redeem(code) {
      dropOld();
      const hash = hashToken(code);
      const found = waiting.get(hash);
      waiting.delete(hash);
      return found?.principal ?? null;
    },
  };
}
