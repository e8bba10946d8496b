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
