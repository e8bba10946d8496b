/**
 * How a file of a user's goes to a browser: as a download of unknown type, which nothing on the yard's origin may show or
 * execute, whatever is in it.
 *
 * @param name  as it is proposed to whoever saves it; chosen by a run, so anything may stand in it
 */
export function downloadHeaders(name: string): Record<string, string> {
  const plain = name.replace(/[^A-Za-z0-9._-]/g, "_");
  // RFC 8187: what encodeURIComponent leaves, and attr-char does not have. A lone half of a pair cannot be encoded.
  const encoded = encodeURIComponent(name.toWellFormed()).replace(
    /['()*!]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return {
    "content-type": "application/octet-stream",
    "content-disposition": `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`,
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
  };
}
