/** One word as POSIX sh reads it: bare where nothing in it is special, else in single quotes; every character kept. */
export function shellQuote(word: string): string {
  // A leading = or ~ is expanded by some shells, and ~ after : or = too.
  if (/^[A-Za-z0-9_@%+:,./-][A-Za-z0-9_@%+=:,./-]*$/.test(word)) return word;
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** What stands within double quotes and must arrive as it is. */
export function escapeInDoubleQuotes(text: string): string {
  return text.replace(/[\\"$`]/g, "\\$&");
}

/** What stands within single quotes and must arrive as it is. */
export function escapeInSingleQuotes(text: string): string {
  return text.replaceAll("'", "'\\''");
}
