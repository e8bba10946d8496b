import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

/** What is thrown away needs little room, and need not survive a power cut. */
const FOR_A_WHILE = ["--innodb-log-file-size=8M", "--innodb-flush-method=nosync", "--skip-innodb-doublewrite"];

/** A MariaDB that is reached through its socket alone, and asks nobody for a password. */
export function databaseArguments(folder: string, socket: string): string[] {
  return [
    "--no-defaults",
    "--user=root",
    `--datadir=${join(folder, "database")}`,
    `--socket=${socket}`,
    `--pid-file=${join(folder, "database.pid")}`,
    "--skip-networking",
    "--skip-grant-tables",
    "--innodb-buffer-pool-size=64M",
    "--innodb-flush-log-at-trx-commit=0",
    ...FOR_A_WHILE,
  ];
}

export async function installDatabase(folder: string): Promise<void> {
  const data = `--datadir=${join(folder, "database")}`;
  const options = ["--no-defaults", "--user=root", data, "--skip-test-db", ...FOR_A_WHILE];
  await promisify(execFile)("mariadb-install-db", options);
}
