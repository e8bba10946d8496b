import { createHash, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { appendFile, readFile, rm } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import type { Login } from "../core/login.ts";
import { writeDurably } from "../platform/durable_file.ts";
import { bad, good, type Result } from "../platform/result.ts";
import { runCommand } from "../platform/subprocess.ts";
import { inFolder, prepareClient, runSsh, type SshClient, type SshPlace } from "./client.ts";
import { diagnose } from "./diagnosis.ts";
import { ALONE, asOptions, destination, KNOWN_HOSTS, pinFile, plain, trust } from "./options.ts";
import { type SshProblem, sshProblem, type Trouble } from "./problem.ts";
import { readSettings, type SshSettings } from "./settings.ts";
import { unattended } from "./unattended.ts";

export interface HostKey {
  /** As in known_hosts: `ssh-ed25519`. */
  type: string;
  /** `SHA256:…`. */
  fingerprint: string;
  /** Whether it was trusted before; else it is from now on. */
  wasKnown: boolean;
}

/**
 * When a machine is added: looks at its host key, and trusts a new one from now on. Refused where another one is known or
 * pinned, and where the user's ssh_config will have no unknown ones. Nobody is logged in.
 */
export async function acceptHostKey(
  machine: string,
  login: Login,
  place: SshPlace,
): Promise<Result<HostKey, SshProblem>> {
  const accepted = await inFolder(place, () => accept(login, place));
  return accepted.ok ? accepted : bad(sshProblem(machine, accepted.problem));
}

/** Looks at a machine's host key, and trusts nothing that was not trusted before. */
export async function seeHostKey(machine: string, login: Login, place: SshPlace): Promise<Result<HostKey, SshProblem>> {
  const seen = await inFolder(place, async () => {
    const visit = await prepareVisit(login, place);
    return visit.ok ? look(visit.value) : visit;
  });
  return seen.ok ? seen : bad(sshProblem(machine, seen.problem));
}

async function prepareVisit(login: Login, place: SshPlace): Promise<Result<Visit, Trouble>> {
  const prepared = await prepareClient(login, place);
  if (!prepared.ok) return prepared;
  const settings = await readSettings(prepared.value, login);
  if (!settings.ok) return settings;
  const quiet = await unattended(prepared.value, settings.value.systemConfig);
  return good({ ...quiet, login, settings: settings.value });
}

async function accept(login: Login, place: SshPlace): Promise<Result<HostKey, Trouble>> {
  const prepared = await prepareVisit(login, place);
  if (!prepared.ok) return prepared;
  const visit = prepared.value;
  const shown = await look(visit);
  if (!shown.ok) return shown;
  const { type, fingerprint, wasKnown } = shown.value;
  if (login.hostKey !== null) return acceptPinned(visit, shown.value, login.hostKey);
  if (wasKnown) return shown;
  if (/^(yes|true)$/.test(visit.settings.get("stricthostkeychecking") ?? "")) {
    return bad({ code: "host_key_unknown", host: login.host, isTheUsersWish: true });
  }
  const line = await fetch(visit, algorithmsOf(type));
  if (line === null) return bad({ code: "unreachable", reason: "it shows its host key only once" });
  const found = fingerprintOf(line);
  if (found !== fingerprint) return bad({ code: "host_key_not_pinned", pinned: fingerprint, found });
  const [name = ""] = line.split(" ");
  // ssh itself takes a key of another type for a new one.
  const file = await fileThatKnows(visit, name);
  if (file !== null) return bad({ code: "host_key_changed", host: name, known: file });
  await appendFile(join(place.folder, KNOWN_HOSTS), `${line}\n`, { mode: 0o600 });
  return shown;
}

/** The machine has several keys, and shows one: the others are asked for by their types. */
async function acceptPinned(visit: Visit, shown: HostKey, pinned: string): Promise<Result<HostKey, Trouble>> {
  const types = ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa"];
  for (const type of shown.fingerprint === pinned ? [shown.type] : types) {
    const line = await fetch(visit, algorithmsOf(type));
    if (line === null || fingerprintOf(line) !== pinned) continue;
    await writeDurably(join(visit.client.place.folder, pinFile(pinned)), `${line}\n`);
    return good({ type, fingerprint: pinned, wasKnown: shown.wasKnown && type === shown.type });
  }
  return bad({ code: "host_key_not_pinned", pinned, found: shown.fingerprint });
}

interface Visit {
  client: SshClient;
  /** How `client` is to be called so that it asks nobody. */
  args: string[];
  settings: SshSettings;
  login: Login;
}

const VISIT_MS = 30_000;

/** Comes as far as the host key and leaves no way to log in. What ssh says comes back, and what its proxies say. */
async function visitWith({ client, args, settings, login }: Visit, options: string[]) {
  const log = `visit-${randomBytes(6).toString("hex")}`;
  const noLogin = asOptions({ PubkeyAuthentication: "no", GSSAPIAuthentication: "no", HostbasedAuthentication: "no" });
  // -v alone tells the fingerprint; in a file of its own, since the proxies talk as much on stderr.
  const all = [
    "-v",
    "-E",
    log,
    ...ALONE,
    ...args,
    ...options,
    ...noLogin,
    ...plain(settings),
    ...destination(login),
    "exit 0",
  ];
  const answer = await runSsh(client, all, VISIT_MS);
  const path = join(client.place.folder, log);
  const text = await readFile(path, "utf8").catch(() => "");
  await rm(path, { force: true });
  const proxies = answer.kind === "exited" || answer.kind === "timed_out" ? answer.stderr : "";
  return { log: text, said: withoutDebug(`${proxies}\n${text}`), code: answer.kind === "exited" ? answer.code : null };
}

function withoutDebug(text: string): string {
  return text.replace(/^(debug\d: |OpenSSH_).*\n?/gm, "").replaceAll("\r", "");
}

/** The key that the machine shows, compared with all that are trusted; one that is not pinned is as good as any here. */
async function look(visit: Visit): Promise<Result<HostKey, Trouble>> {
  const login = { ...visit.login, hostKey: null };
  const options = [...asOptions({ FingerprintHash: "sha256" }), ...trust(login, visit.settings)];
  const { log, said, code } = await visitWith(visit, options);
  const shown = /^debug1: Server host (?:key|certificate): (\S+?)(?:-cert-v01@openssh\.com)? (SHA256:\S+)/m.exec(log);
  const trouble = code === 255 || code === null ? diagnose(said, login, visit.client.place.folder) : null;
  if (shown === null) return bad(trouble ?? { code: "unreachable", reason: "it shows no host key" });
  const [, type = "", fingerprint = ""] = shown;
  const isUnknown = trouble?.code === "host_key_unknown";
  // Whoever comes so far that a login is refused has passed the host key.
  const isKnown = trouble === null || trouble.code === "needs_login" || trouble.code === "refused";
  return isUnknown || isKnown ? good({ type, fingerprint, wasKnown: isKnown }) : bad(trouble);
}

/** The machine's line for a known_hosts, with the name under which ssh will look for it; null where it has no such key. */
async function fetch(visit: Visit, algorithms: string): Promise<string | null> {
  const seen = `seen-${randomBytes(6).toString("hex")}`;
  const path = join(visit.client.place.folder, seen);
  await visitWith(
    visit,
    asOptions({
      StrictHostKeyChecking: "accept-new",
      UserKnownHostsFile: seen,
      GlobalKnownHostsFile: "/dev/null",
      HashKnownHosts: "no",
      CheckHostIP: "no",
      HostKeyAlgorithms: algorithms,
    }),
  );
  const line = (await readFile(path, "utf8").catch(() => "")).split("\n")[0] ?? "";
  await rm(path, { force: true });
  return line.split(" ").length >= 3 ? line : null;
}

function algorithmsOf(type: string): string {
  return type === "ssh-rsa" ? "rsa-sha2-512,rsa-sha2-256,ssh-rsa" : type;
}

function fingerprintOf(line: string): string {
  const key = Buffer.from(line.split(" ")[2] ?? "", "base64");
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

/** A known_hosts that has any key for the name, hashed or not; null: none. */
async function fileThatKnows({ client, settings }: Visit, name: string): Promise<string | null> {
  const theirs = ["userknownhostsfile", "globalknownhostsfile"].flatMap((key) => pathsIn(settings.get(key) ?? ""));
  for (const path of [join(client.place.folder, KNOWN_HOSTS), ...theirs]) {
    const found = await runCommand("ssh-keygen", ["-F", name, "-f", path], { environment: client.environment });
    if (found.kind === "exited" && found.code === 0) return path;
  }
  return null;
}

/** The files that a setting of ssh names, which does not tell a blank between two from one in a name. */
function pathsIn(setting: string): string[] {
  const words = setting.split(" ").map((word) => word.replace(/^~(?=\/)/, userInfo().homedir));
  const runs = words.flatMap((_, from) =>
    words.slice(from).map((_, more) => words.slice(from, from + more + 1).join(" ")),
  );
  return runs.filter((path) => path.startsWith("/") && existsSync(path));
}
