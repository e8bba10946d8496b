import type { Connection } from "../connect.ts";
import type { MachineFile } from "../machine_file.ts";
import { loginOf } from "../machine_login.ts";
import { printChecks } from "../machine_report.ts";
import { allMachines } from "../pages.ts";
import { wrongUsage } from "../stop.ts";
import { note } from "../terminal.ts";

export interface NamedMachineFile {
  /** As it was named on the command line. */
  named: string;
  file: MachineFile;
}

/** The pool of machines that come from machine files. */
const POOL = "ssh";

/** Makes the machines of these files known to the yard, and returns their pool. */
export async function registerMachines(connection: Connection, files: readonly NamedMachineFile[]): Promise<string> {
  if (files.length === 0) return "local";
  const machines = await allMachines(connection);
  for (const { named, file } of files) {
    const known = machines.find(({ name }) => name === file.name);
    if (known && (known.pool !== POOL || known.driver !== "ssh")) {
      throw wrongUsage(
        `${named}: the yard has a machine ${file.name} already, in pool ${known.pool}. Run there with --on ${known.pool}, or give the file another name.`,
      );
    }
  }
  await Promise.all(
    files.map(({ file }) =>
      register(
        connection,
        file,
        machines.some(({ name }) => name === file.name),
      ),
    ),
  );
  return POOL;
}

async function register({ client }: Connection, file: MachineFile, isKnown: boolean): Promise<void> {
  const { name } = file;
  const login = loginOf(file);
  if (isKnown) await client.call("setMachine", { params: { machine: name }, body: { login } });
  else await client.call("addMachine", { body: { name, pool: POOL, login } });
  const { checks } = await client.call("checkMachine", { params: { machine: name }, body: { accept: true } });
  if (checks.some(({ ok }) => !ok)) {
    note(`${name} does not answer as it should; what is queued for it waits:`);
    printChecks(name, checks);
  }
}
