import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";

/**
 * A browser sends the panel's cookie with whatever asks this yard for something: the panel's own pages, another site's, and a
 * name of somebody else's that was bent to this machine's address. Only the first may use it.
 *
 * @param known  names, besides this machine's own, under which the yard is reached
 * @returns why the cookie does not count here, worded for people; null: it does
 */
export function objectionToBrowser(
  method: string,
  headers: IncomingHttpHeaders,
  known: ReadonlySet<string>,
): string | null {
  const host = headers.host ?? "";
  const name = hostName(host);
  // A name can be made to mean this machine by whoever owns it; an address cannot.
  if (name === null || !(isIP(name) || isLocalName(name) || known.has(name)))
    return `The panel is not at home under the name ${name ?? host}. Open it with: runyard open; a name of its own is given with: runyard up --url`;
  const from = headers["sec-fetch-site"];
  const isReading = method === "GET" || method === "HEAD";
  if (from !== undefined && from !== "same-origin" && !(from === "none" && isReading)) return FOREIGN;
  const { origin } = headers;
  if (origin !== undefined) return hostOfOrigin(origin) === host.toLowerCase() ? null : FOREIGN;
  return isReading || from === "same-origin" ? null : FOREIGN;
}

const FOREIGN = "This request came from another site's page. Open the panel itself with: runyard open";

/** `[::1]:8080` → `::1`; null: it is none. */
export function hostName(host: string): string | null {
  const [, bracketed, plain] = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(host) ?? [];
  return (bracketed ?? plain)?.toLowerCase() ?? null;
}

function isLocalName(name: string): boolean {
  return name === "localhost" || name.endsWith(".localhost");
}

function hostOfOrigin(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host.toLowerCase() : null;
}
