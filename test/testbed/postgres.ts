import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import pg from "pg";

/** A real PostgreSQL of the test's own, on loopback, in a folder that goes away with it. */
export interface Postgres {
  /** Makes an empty database and returns its URL. */
  database(): Promise<string>;
  /** Breaks every connection, as a crash does, and starts the server again once `meanwhile` has been done. */
  crash(meanwhile: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

interface Account {
  uid: number;
  gid: number;
}

/** Starts a server; where there is no PostgreSQL, the answer is a line that says why and what to do. */
export async function startPostgres(): Promise<Postgres | { missing: string }> {
  const account = accountToUse();
  if ("missing" in account) return account;
  const programs = findPrograms() ?? (isRootInCi() ? installPrograms() : null);
  if (programs === null) return { missing: "PostgreSQL is not installed; apt-get install postgresql brings it" };
  const folder = mkdtempSync(join(tmpdir(), "runyard-postgres-"));
  const password = join(folder, "password");
  writeFileSync(password, "yard\n");
  for (const path of [folder, password]) chownSync(path, account.uid, account.gid);
  const cluster = join(folder, "cluster");
  const options = ["--auth=scram-sha-256", `--pwfile=${password}`, "--username=yard", "--encoding=UTF8", "--no-sync"];
  execFileSync(join(programs, "initdb"), ["-D", cluster, "--locale=C.UTF-8", ...options], {
    ...account,
    stdio: "ignore",
  });
  const port = await freePort();
  const start = () => spawnServer(join(programs, "postgres"), cluster, port, account);
  let server = start();
  const urlOf = (database: string) => `postgres://yard:yard@127.0.0.1:${port}/${database}`;
  await server.answers(urlOf("postgres"));
  let made = 0;
  return {
    async database() {
      made += 1;
      await ask(urlOf("postgres"), `create database yard${made}`);
      return urlOf(`yard${made}`);
    },
    async crash(meanwhile) {
      await server.end("QUIT");
      await meanwhile();
      server = start();
      await server.answers(urlOf("postgres"));
    },
    async stop() {
      await server.end("INT");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL does not run as root: there its own account is used. */
function accountToUse(): Account | { missing: string } {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  if (uid !== 0) return { uid, gid };
  if (isRootInCi() && findPrograms() === null) installPrograms();
  try {
    const id = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8", stdio: "pipe" }));
    return { uid: id("-u"), gid: id("-g") };
  } catch {
    return { missing: "PostgreSQL does not run as root, and there is no account postgres" };
  }
}

function isRootInCi(): boolean {
  return process.env["CI"] === "true" && process.getuid?.() === 0;
}

function installPrograms(): string | null {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  execFileSync("apt-get", ["update", "-q"], { env, stdio: "ignore" });
  execFileSync("apt-get", ["install", "-qy", "--no-install-recommends", "postgresql"], { env, stdio: "ignore" });
  return findPrograms();
}

/** The folder with `initdb` and `postgres`: Debian's, of the latest version, or one in PATH. */
function findPrograms(): string | null {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...versions.map((version) => join(debian, version, "bin")),
    ...(process.env["PATH"] ?? "").split(delimiter),
  ];
  return folders.find((folder) => existsSync(join(folder, "initdb")) && existsSync(join(folder, "postgres"))) ?? null;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  return address !== null && typeof address === "object" ? address.port : 0;
}

function spawnServer(program: string, cluster: string, port: number, account: Account) {
  // What is thrown away need not survive a power cut.
  const settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "max_connections=200"];
  const args = ["-D", cluster, "-p", `${port}`, ...settings.flatMap((setting) => ["-c", setting])];
  // The shell ends the server when its stdin closes: also when the test's process has been killed.
  const watch = '"$@" & server=$!; read -r signal; kill -${signal:-INT} $server; wait $server';
  const child = spawn("sh", ["-c", watch, "sh", program, ...args], { ...account, stdio: ["pipe", "ignore", "pipe"] });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    log += text;
  });
  const gone = once(child, "close");
  return {
    /** Resolves once it answers. */
    async answers(url: string): Promise<void> {
      for (const deadline = Date.now() + 60_000; ; ) {
        try {
          return await ask(url, "select 1");
        } catch (error) {
          if (child.exitCode !== null || Date.now() > deadline)
            throw new Error(`PostgreSQL does not start: ${log}`, { cause: error });
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      }
    },
    async end(signal: "INT" | "QUIT"): Promise<void> {
      child.stdin.end(`${signal}\n`);
      await gone;
    },
  };
}

async function ask(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
