/** How one logs in to a machine. What is null is as the user's ssh_config has it. */
export interface Login {
  /** Host name, address or an alias of ssh_config. */
  host: string;
  user: string | null;
  port: number | null;
  /** Absolute path of a private key; no other key is tried then. */
  key: string | null;
  /** The only host key to be trusted: `SHA256:…`. Null: what was accepted when the machine was added, and what ssh knows itself. */
  hostKey: string | null;
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
  if (!/^[\p{L}\p{N}:_.][\p{L}\p{N}:_.%+-]{0,253}$/u.test(host)) {
    return {
      at: "host",
      text: `${quoted(host)} is no host: a name, an address or an alias of ~/.ssh/config is needed.`,
    };
  }
  if (user !== null && !/^[\p{L}\p{N}_.](?:[\p{L}\p{N}_.@\\+~-]{0,252}[\p{L}\p{N}_.@+~$-])?$/u.test(user)) {
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
