/** What can go wrong on the way to a machine, in ways a user can cause or mend. */
export interface SshProblem {
  code: Trouble["code"];
  /** For people: what happened, then what to do. */
  text: string;
}

export type Trouble =
  | { code: "no_ssh"; reason: string }
  | { code: "bad_login"; reason: string }
  | { code: "bad_config"; reason: string }
  | { code: "bad_folder"; path: string; reason: string }
  | { code: "bad_key_file"; path: string; reason: string }
  | { code: "no_such_host"; host: string }
  | { code: "unreachable"; reason: string }
  /** ssh tried all it has without asking anybody, and asking would not help. */
  | { code: "refused"; reason: string }
  /** Somebody has to type, touch or confirm something. */
  | { code: "needs_login"; reason: string }
  /** `host` may be one on the way (ProxyJump). */
  | { code: "host_key_unknown"; host: string; isTheUsersWish: boolean }
  | { code: "host_key_changed"; host: string; known: string }
  | { code: "host_key_not_pinned"; pinned: string; found: string }
  | { code: "no_shell"; said: string }
  | { code: "no_session" }
  /** The connection was there, and is no more: what became of a command is not known. */
  | { code: "broken"; reason: string };

/** @param machine  the name under which the user knows it */
export function sshProblem(machine: string, trouble: Trouble): SshProblem {
  return { code: trouble.code, text: describe(machine, trouble) };
}

function describe(machine: string, trouble: Trouble): string {
  switch (trouble.code) {
    case "no_ssh":
      return `OpenSSH's ssh cannot be started here: ${trouble.reason}. Install it (Debian: apt-get install openssh-client), then try again.`;
    case "bad_login":
      return `The login of ${machine} cannot be used. ${trouble.reason}`;
    case "bad_config":
      return `ssh refuses its configuration: ${trouble.reason}. Mend it until ssh works by hand, then try again.`;
    case "bad_folder":
      return `The folder for connections, ${trouble.path}, cannot be used: ${trouble.reason}. Make it a folder that belongs to you alone.`;
    case "bad_key_file":
      return `The key file ${trouble.path} of ${machine} cannot be used: ${trouble.reason}.`;
    case "no_such_host":
      return `No host is known by the name ${trouble.host}. Look how it is written, and whether this machine is online.`;
    case "unreachable":
      return `${machine} cannot be reached: ${trouble.reason}. Look whether it is up and whether this machine is online.`;
    case "refused":
      return `${machine} does not let you in: ${trouble.reason}. Name the key that it knows (machines add -i FILE; identity: in a pool of Slurm's), or add yours to ~/.ssh/authorized_keys there.`;
    case "needs_login":
      return `${machine} needs a login that asks: ${trouble.reason}. Log in with: runyard machines login ${machine}`;
    case "host_key_unknown":
      return trouble.isTheUsersWish
        ? `The host key of ${trouble.host} is not known, and your ssh_config says StrictHostKeyChecking yes. Put it into ~/.ssh/known_hosts, or name its fingerprint (machines add --host-key; host-key: in a pool of Slurm's).`
        : `The host key of ${trouble.host} is not known. It is shown by: runyard machines check ${machine}, and accepted with --accept, or by logging in there by hand.`;
    case "host_key_changed":
      return `The host key of ${trouble.host} is not the one that is known (${trouble.known}). Somebody may be posing as it, or it was set up anew: ask whoever runs it. Once you are sure, delete the old key there, then: runyard machines check ${machine} --accept`;
    case "host_key_not_pinned":
      return `${machine} has another host key (${trouble.found}) than the one that it must have (${trouble.pinned}). Somebody may be posing as it, or it was set up anew: ask whoever runs it.`;
    case "no_shell":
      return `The login shell of ${machine} does not run a command: ${trouble.said}. Look what "ssh ${machine} /bin/sh -c true" does.`;
    case "no_session":
      return `${machine} allows no further session on its connection. Raise MaxSessions in its sshd_config, or wait until something there has ended.`;
    case "broken":
      return `The connection to ${machine} broke: ${trouble.reason}. It is opened anew at the next try.`;
  }
}

/** One line of what others wrote, short enough to stand in a sentence. */
export function oneLine(text: string): string {
  const line = text.replace(/[\x00-\x1f\x7f-\x9f]+/g, " ").trim();
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}
