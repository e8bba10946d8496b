/** How a host differs from one on which root logs in with a key, bash is the shell, and sshd has its own defaults. */
export interface SshHostWishes {
  /** Lines of sshd_config. They stand before the testbed's own: of several, sshd takes the first. */
  sshd?: string[];
  /** Who logs in; exists on this host alone. Default: root. */
  user?: string;
  /** Login shell of that user. Default: /bin/bash. */
  shell?: string;
  /** Where that user's home is, as seen from inside; below /home. Default: /root, or /home/USER. */
  homePath?: string;
  /** Whether the user has the password `sesame` too; what sshd asks for is set with `sshd`. */
  password?: boolean;
  /** Files of that home, by their path in it, e.g. `.bashrc`. */
  files?: Record<string, string>;
  /** What sshd shows before a login. */
  banner?: string;
  /** How many GPUs the scripted nvidia-smi shows; `bin/gpus.json` tells it more. Default: there is no nvidia-smi. */
  gpus?: number;
  /** Programs that are not on the PATH, e.g. `tar`. */
  without?: string[];
  /** The lines of /etc/pam.d/sshd; makes sshd use PAM. */
  pam?: string[];
}

/** Of a user who has one: `sesame`, as /etc/shadow keeps it. */
const SESAME = "$6$runyard$wHiE/0CuQ5HuH2rWeAs3sEv5KhoYFtmSqTVeIOWhbem2bAqHZ2dhX9HDxROe4856FJO80vYISALzI9PKOFBvJ0";

/** Above the accounts that a system makes for people. */
const USER_ID = 4242;

export interface Account {
  name: string;
  id: number;
  home: string;
}

export function accountOf(wishes: SshHostWishes): Account {
  const name = wishes.user ?? "root";
  const home = wishes.homePath ?? (name === "root" ? "/root" : `/home/${name}`);
  return { name, id: name === "root" ? 0 : USER_ID, home };
}

/** The host's own files, by their path from the root; the rest of the system is the machine's. */
export function ownFiles(wishes: SshHostWishes, system: { passwd: string; group: string; hosts: string }) {
  const { name, id, home } = accountOf(wishes);
  const others = (text: string) => text.split("\n").filter((line) => line !== "" && !line.startsWith(`${name}:`));
  const accounts = others(system.passwd);
  const user = `${name}:x:${id}:${id}::${home}:${wishes.shell ?? "/bin/bash"}`;
  // `*` is no password, and not the lock that `!` is.
  const shadow = [user, ...accounts].map((line) => {
    const account = line.split(":")[0];
    return `${account}:${account === name && wishes.password ? SESAME : "*"}:19000:0:99999:7:::`;
  });
  return {
    "etc/passwd": [user, ...accounts, ""].join("\n"),
    "etc/group": [`${name}:x:${id}:`, ...others(system.group), ""].join("\n"),
    "etc/shadow": [...shadow, ""].join("\n"),
    "etc/hosts": system.hosts,
    ...(wishes.pam && { "etc/pam.d/sshd": [...wishes.pam, ""].join("\n") }),
  };
}

/** The settings with which a sshd comes, but for its place and for who may log in how. */
export function sshdConfig(wishes: SshHostWishes, folder: string, address: string, path: string): string {
  return [
    ...(wishes.sshd ?? []),
    ...(wishes.banner === undefined ? [] : [`Banner ${folder}/banner`]),
    `ListenAddress ${address}`,
    "Port 22",
    `HostKey ${folder}/host_key`,
    `PidFile ${folder}/sshd.pid`,
    "LogLevel VERBOSE",
    `UsePAM ${wishes.pam ? "yes" : "no"}`,
    "UseDNS no",
    "PermitRootLogin yes",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "StrictModes yes",
    "MaxSessions 10",
    "MaxStartups 10:30:100",
    "Subsystem sftp internal-sftp",
    `SetEnv PATH=${path}`,
    "",
  ].join("\n");
}
