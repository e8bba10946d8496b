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
  return /^[\p{L}\p{N}_.](?:[\p{L}\p{N}_.@\\+~-]{0,252}[\p{L}\p{N}_.@+~$-])?$/u.test(text);
}

export interface LoginObjection {
  at: keyof Login;
  /** For people: what was found, then what is allowed. */
  text: string;
}

/**
 * What makes a login unfit to be handed to ssh; null: nothing. No value of a login can be taken for an option, and none has
 * what a shell would act on: a ProxyCommand of the user's may hand host and user to one (CVE-2023-51385).
 */
export function objectionToLogin(login: Login): LoginObjection | null {
  const { host, user, port, key, hostKey } = login;
  if (!isLoginHost(host)) {
    return {
      at: "host",
      text: `${quoted(host)} is no host: a name, an address or an alias of ~/.ssh/config is needed.`,
    };
  }
  if (user !== null && !isLoginUser(user)) {
    return { at: "user", text: `${quoted(user)} is no user name.` };
  }
  if (port !== null && !(Number.isInteger(port) && port >= 1 && port <= 65_535)) {
    return { at: "port", text: `${port} is no port: a whole number from 1 to 65535 is needed.` };
  }
  if (key !== null && !isPathForSsh(key)) {
    const rule = 'an absolute path without ", \\, ${ and control characters is needed';
    return { at: "key", text: `${quoted(key)} cannot be given to ssh as a key file: ${rule}.` };
  }
  if (hostKey !== null && !/^SHA256:[A-Za-z0-9+/]{43}$/.test(hostKey)) {
    const how = "SHA256: and 43 characters, as ssh-keygen -l shows it, is needed";
    return { at: "hostKey", text: `${quoted(hostKey)} is no fingerprint of a host key: ${how}.` };
  }
  return null;
}

/** `host` or `user@host`, as ssh takes it on its command line; `[::1]` too. Not checked yet. */
export function parseDestination(text: string): { host: string; user: string | null } {
  const at = text.lastIndexOf("@");
  const host = text.slice(at + 1).replace(/^\[(.*)\]$/, "$1");
  return { host, user: at < 0 ? null : text.slice(0, at) };
}

/** Whether ssh reads the path as it is written, given in double quotes with `%` doubled. */
function isPathForSsh(path: string): boolean {
  return path.startsWith("/") && !/["\\\x00-\x1f\x7f]|\$\{/.test(path);
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
