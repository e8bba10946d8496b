import type { Login } from "../core/login.ts";
import type { SshSettings } from "./settings.ts";

/** Which machine, and as whom; the last thing before the command. `--` ends the options, whatever the host is called. */
export function destination({ host, user, port, key }: Login): string[] {
  return [
    ...(user === null ? [] : ["-l", user]),
    ...(port === null ? [] : ["-p", String(port)]),
    ...(key === null ? [] : [...asOptions({ IdentityFile: `"${key.replaceAll("%", "%%")}"`, IdentitiesOnly: "yes" })]),
    "--",
    host,
  ];
}

/** The yard's own known_hosts, in its folder. */
export const KNOWN_HOSTS = "known_hosts";

/**
 * Whose host keys are trusted: those in the yard's own file and, as they are, the user's; where one is pinned, that one alone.
 * The yard's file takes the place of one of the system's, so that what the user's ssh_config names stays as it is.
 */
export function trust(login: Login, settings: SshSettings): string[] {
  if (login.hostKey !== null) {
    return asOptions({
      StrictHostKeyChecking: "yes",
      UpdateHostKeys: "no",
      UserKnownHostsFile: pinFile(login.hostKey),
      GlobalKnownHostsFile: "/dev/null",
      VerifyHostKeyDNS: "no",
      ...knownOnly(settings, { KnownHostsCommand: "none" }),
    });
  }
  const systems = settings.get("globalknownhostsfile") ?? "none";
  return asOptions({
    StrictHostKeyChecking: "yes",
    UpdateHostKeys: "no",
    GlobalKnownHostsFile: systems === "none" ? KNOWN_HOSTS : `${KNOWN_HOSTS} ${systems}`,
  });
}

/** Where the key with this fingerprint lies, in the yard's folder, once it has been seen. */
export function pinFile(fingerprint: string): string {
  return `pinned-${fingerprint.replace("SHA256:", "").replaceAll("/", "_")}`;
}

/** A connection for commands and nothing else: what the user's ssh_config adds for a terminal is left out. */
export function plain(settings: SshSettings): string[] {
  return [
    "-T",
    ...asOptions({
      ForwardAgent: "no",
      ForwardX11: "no",
      ClearAllForwardings: "yes",
      Tunnel: "no",
      PermitLocalCommand: "no",
      RemoteCommand: "none",
      ...knownOnly(settings, { SessionType: "default", StdinNull: "no", ForkAfterAuthentication: "no" }),
    }),
  ];
}

/** No key that somebody has to touch; the others that the user's ssh_config accepts. */
export function untouched(settings: SshSettings): string[] {
  for (const name of ["PubkeyAcceptedAlgorithms", "PubkeyAcceptedKeyTypes"]) {
    const accepted = settings.get(name.toLowerCase())?.split(",") ?? [];
    const rest = accepted.filter((algorithm) => !/^(webauthn-)?sk-/.test(algorithm));
    if (rest.length > 0) return asOptions({ [name]: rest.join(",") });
  }
  return [];
}

/** A connection of its own, also where the user's ssh_config would share one. */
export const ALONE = ["-S", "none", "-o", "ControlMaster=no"];

export function asOptions(options: Record<string, string>): string[] {
  return Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}

/** Leaves out what an older ssh does not know: it would refuse the whole line. */
function knownOnly(settings: SshSettings, options: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(options).filter(([name]) => settings.get(name.toLowerCase()) !== null));
}
