import { resolve } from "node:path";
import type { Login } from "../core/login.ts";
import { oneLine, type Trouble } from "./problem.ts";

/**
 * What ssh's words (LC_ALL=C, LogLevel=ERROR) say of a login that has failed. ssh ends with 255 whatever it was.
 *
 * @param folder  where ssh was run: the files that it names may be relative to it
 */
export function diagnose(stderr: string, login: Login, folder: string): Trouble {
  const find = (pattern: RegExp) => pattern.exec(stderr);

  const changed = find(/^Host key for (\S+) has changed|REMOTE HOST IDENTIFICATION HAS CHANGED|REVOKED HOST KEY/m);
  const unknown = find(/^No \S+ host key is known for (\S+) and|^Host key verification failed/m);
  if ((changed || unknown) && login.hostKey !== null) {
    const found = find(/^(SHA256:[A-Za-z0-9+/]{43})\.$/m)?.[1] ?? "of another type";
    return { code: "host_key_not_pinned", pinned: login.hostKey, found };
  }
  if (changed) {
    const host = find(/^Host key for (\S+) has changed/m)?.[1] ?? login.host;
    const known = find(/^Offending .*key in (.+):(\d+)/m);
    return {
      code: "host_key_changed",
      host,
      known: known?.[1] ? `line ${known[2]} of ${resolve(folder, known[1])}` : "revoked",
    };
  }
  if (unknown) return { code: "host_key_unknown", host: unknown[1] ?? login.host, isTheUsersWish: false };

  const unresolved = find(/Could not resolve hostname (.*): (.*)$/m);
  if (unresolved) {
    const [, host = login.host, reason = ""] = unresolved;
    // "Temporary failure in name resolution" is what a machine without a network says.
    if (/^Temporary|^Try again|^System error/i.test(reason)) return { code: "unreachable", reason: oneLine(reason) };
    return { code: "no_such_host", host: oneLine(host) };
  }
  const misconfigured = find(
    /^.*(?:Bad configuration option|Bad owner or permissions|line \d+: |open user config file).*$/m,
  );
  if (misconfigured) return { code: "bad_config", reason: oneLine(misconfigured[0]) };

  const denied = [...stderr.matchAll(/^(?:(\S+): )?Permission denied \(([^)]*)\)/gm)].at(-1);
  if (denied) {
    const [, who = login.host, methods = ""] = denied;
    const unusable = login.key === null ? null : find(/^Load key "(.+)": (.+)$/m);
    if (unusable?.[1] === login.key && unusable[2] && !/passphrase/.test(unusable[2])) {
      return { code: "bad_key_file", path: login.key, reason: oneLine(unusable[2]) };
    }
    const asked = methods.split(",").filter((method) => method === "password" || method === "keyboard-interactive");
    if (asked.length > 0) return { code: "needs_login", reason: `${who} asks (${asked.join(", ")})` };
    return { code: "refused", reason: `${who} accepts none of your keys (${methods})` };
  }
  if (find(/Too many authentication failures/)) return { code: "refused", reason: "ssh offers too many keys" };

  const connect = find(/connect to host (\S+) port (\d+): (.*)$/m);
  if (connect) {
    const [, host, port, reason = ""] = connect;
    return { code: "unreachable", reason: `${oneLine(reason).toLowerCase()} (${host} port ${port})` };
  }
  const last = stderr.split("\n").findLast((line) => line.trim() !== "");
  return { code: "unreachable", reason: oneLine(last ?? "ssh ended without a word") };
}

/** Whether the machine offers what may ring somebody's phone as soon as it is tried, or even looked at. */
export function couldPush(stderr: string): boolean {
  return /^(?:\S+: )?Permission denied \([^)]*keyboard-interactive/m.test(stderr);
}
