import type { IncomingMessage } from "node:http";
import { refuse } from "../../core/failure.ts";
import { insertAudit } from "../../store/audit.ts";
import { renewToken, revokeToken, selectToken } from "../../store/tokens.ts";
import { issueToken, type Principal } from "../auth.ts";
import { cookie } from "../cookie.ts";
import { openLogins } from "../logins.ts";
import { isoOf } from "../present.ts";
import type { Handlers, Yard } from "../yard.ts";

/** A browser that has not been here for so long has to be let in anew. */
const SESSION_MS = 24 * 3_600_000;
const RENEW_BEFORE_MS = SESSION_MS - 3_600_000;

const NO_SESSION =
  "This came with a token, not from a browser: there is no session to close. Take a token out of use with: runyard tokens revoke";

/** How a browser gets in: a link with a code, changed for a cookie, which is a token like any other and revoked like one. */
export function sessionHandlers(
  yard: Yard,
): Pick<Handlers, "createLogin" | "openSession" | "showSession" | "closeSession"> {
  const { store, clock } = yard;
  const logins = openLogins(clock);
  /** Whether the browser speaks to a proxy that takes TLS off. */
  const isSecure = ({ headers }: IncomingMessage) =>
    yard.publicUrl?.startsWith("https:") === true && headers.host === new URL(yard.publicUrl).host;

  function present({ user, role }: Principal, expiresAt: number | null) {
    const now = isoOf(clock.now());
    return { user, role, expiresAt: isoOf(expiresAt), yard: yard.id, version: yard.version, now };
  }

  return {
    async createLogin({ who }) {
      const { code, expiresAt } = logins.create(who);
      return { code, expiresAt: isoOf(expiresAt), url: yard.publicUrl };
    },

    async openSession({ body, incoming, outgoing }) {
      const who = logins.redeem(body.code);
      if (!who) return refuse({ code: "no_such_login" });
      const now = clock.now();
      const expiresAt = now + SESSION_MS;
      const order = { user: who.user, role: who.role, label: "a browser", expiresAt, madeBy: who.token };
      const { secret } = await issueToken(store, order, who.user, now);
      outgoing.setHeader("set-cookie", cookie(yard.id, secret, SESSION_MS, isSecure(incoming)));
      return present(who, expiresAt);
    },

    async showSession({ who, secret, isFromBrowser, incoming, outgoing }) {
      const now = clock.now();
      const token = await selectToken(store.read, who.token);
      const expiresAt = token?.expires_at ?? null;
      if (!isFromBrowser || expiresAt === null || expiresAt - now > RENEW_BEFORE_MS) return present(who, expiresAt);
      await store.write((db) => renewToken(db, who.token, now + SESSION_MS));
      outgoing.setHeader("set-cookie", cookie(yard.id, secret, SESSION_MS, isSecure(incoming)));
      return present(who, now + SESSION_MS);
    },

    async closeSession({ who, isFromBrowser, incoming, outgoing }) {
      if (!isFromBrowser) return refuse({ code: "bad_request", detail: NO_SESSION });
      const now = clock.now();
      await store.write(async (db) => {
        await revokeToken(db, who.token, now);
        await insertAudit(db, { at: now, user: who.user, action: "close", target: `session ${who.token}`, detail: {} });
      });
      yard.authority.forget();
      outgoing.setHeader("set-cookie", cookie(yard.id, "", 0, isSecure(incoming)));
      return {};
    },
  };
}
