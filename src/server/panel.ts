import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import statics from "@fastify/static";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

/** As `npm run build` leaves it: index.html, and assets whose names change with their contents. */
const folder = fileURLToPath(new URL("../../dist/web/", import.meta.url));

/** Nothing from elsewhere, no script but the panel's own files, and nobody may frame it. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self' blob:",
  "connect-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types runyard",
].join("; ");

const headers = {
  "content-security-policy": policy,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

const YEAR_S = 31_536_000;

/** Serves the panel's files: to anybody, since they are the same for everybody and hold nothing of the yard's. */
export function servePanel(app: FastifyInstance): void {
  if (!existsSync(`${folder}index.html`)) return;
  void app.register(statics, {
    root: folder,
    index: false,
    wildcard: false,
    preCompressed: true,
    cacheControl: false,
    setHeaders(reply, path) {
      const isLasting = path.includes("/assets/");
      const lifetime = isLasting ? `public, max-age=${YEAR_S}, immutable` : "no-cache";
      for (const [name, value] of Object.entries({ ...headers, "cache-control": lifetime })) reply.header(name, value);
    },
  });
}

/** Whether somebody looks with a browser for a page, of which the panel then says what it is. */
export function wantsPage({ method, url, headers: { accept = "" } }: FastifyRequest): boolean {
  return method === "GET" && !url.startsWith("/api/") && /\btext\/html\b/.test(accept);
}

/** The panel, whose own code finds the page from the address. */
export function sendPage(reply: FastifyReply): FastifyReply {
  if (existsSync(`${folder}index.html`)) return reply.sendFile("index.html");
  return reply.code(404).type("text/plain").send("The panel has not been built. Build it with: npm run build\n");
}
