/**
 * What never goes along unless it is named: secrets, version control, and what Runyard itself collected.
 * Matched against a single name, not a path.
 */
const neverTaken: readonly RegExp[] = [
  /^\.git$/,
  /^job_results$/,
  // Environment files; their templates hold no secrets.
  /^\.env(?!\.(example|sample|template|dist)$)(\..*)?$/,
  /^\.envrc$/,
  // Private keys and key stores.
  /^id_(rsa|dsa|ecdsa|ed25519)/,
  /\.(pem|key|p12|pfx|ppk|jks|keystore|kdbx)$/i,
  /^\.(ssh|gnupg|aws|kube)$/,
  // Password files of common tools.
  /^\.(netrc|pgpass|git-credentials|pypirc)$/,
  /^(kaggle|credentials|service[-_]account.*)\.json$/,
];

export function isNeverTaken(name: string): boolean {
  return neverTaken.some((pattern) => pattern.test(name));
}

/** What Python makes anew from the code: neither code nor result, and different on every machine. */
export function isRegenerated(name: string): boolean {
  return name === "__pycache__";
}
