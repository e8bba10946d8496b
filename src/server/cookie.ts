/** The panel's cookie. Its name has the yard's id in it: cookies of one machine's yards are not told apart by their ports. */
function cookieName(yard: string): string {
  return `runyard-${yard}`;
}

/** @param maxAgeMs  0 takes it away */
export function cookie(yard: string, secret: string, maxAgeMs: number, isSecure: boolean): string {
  const rules = ["Path=/", "HttpOnly", "SameSite=Strict", `Max-Age=${Math.floor(maxAgeMs / 1000)}`];
  return [`${cookieName(yard)}=${secret}`, ...rules, ...(isSecure ? ["Secure"] : [])].join("; ");
}

export function readCookie(header: string | undefined, yard: string): string | null {
  const start = `${cookieName(yard)}=`;
  const found = (header ?? "").split(/; */).find((pair) => pair.startsWith(start));
  return found === undefined ? null : found.slice(start.length);
}
