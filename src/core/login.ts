/** How a machine behind ssh is reached. */
export interface Login {
  /** A host's name or address, or an alias of the user's ssh_config. */
  host: string;
  /** Null: as ssh_config says, else this account's name. */
  user: string | null;
  port: number | null;
  /** Absolute path of a private key; null: those that ssh_config and the agent have. */
  key: string | null;
  /** The one host key that is accepted, `SHA256:…`; null: the one it had when it was added. */
  hostKey: string | null;
}

/** How a login is written: `user@host:port`. */
export function describeLogin({ host, user, port }: Login): string {
  return `${user === null ? "" : `${user}@`}${host}${port === null ? "" : `:${port}`}`;
}

/**
 * What may be given to `ssh` as a host and as a user: at most what OpenSSH itself accepts (`valid_hostname`, `valid_ruser` in ssh.c
 * since 9.6), so nothing that is read as an option, or that a shell in a ProxyCommand would read as more than a word. Of a
 * host also nothing that ssh takes apart, as in `user@host` and `ssh://host`.
 */
export function isLoginHost(text: string): boolean {
  return /^(?!-)[^\s\p{Cc}\p{Cf}'"`$\\;&<>|(){}@/]{1,255}$/u.test(text);
}

export function isLoginUser(text: string): boolean {
  return /^(?!-)[^\s\p{Cc}\p{Cf}'"`$;&<>|(){}]{1,255}(?<!\\)$/u.test(text);
}
