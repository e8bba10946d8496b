import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const PACKAGES: Record<string, string> = {
  slurmctld: "slurmctld",
  slurmd: "slurmd",
  sbatch: "slurm-client",
  munged: "munge",
  slurmdbd: "slurmdbd",
  mariadbd: "mariadb-server",
};

/** The test's, and where daemons lie. */
export const programPath = [process.env["PATH"] ?? "", "/usr/sbin", "/sbin"].join(delimiter);

/** Why there can be no Slurm here, and what to do; null: there can. In CI, as root, there always is one. */
export function missingForSlurm(): string | null {
  if (process.getuid?.() !== 0) return "a Slurm of one's own needs root";
  const folders = programPath.split(delimiter);
  const absent = Object.keys(PACKAGES).filter(
    (program) => !folders.some((folder) => existsSync(join(folder, program))),
  );
  if (absent.length === 0) return null;
  const packages = absent.map((program) => PACKAGES[program]).join(" ");
  const missing = `${absent.join(", ")} missing; apt-get install ${packages} brings all`;
  if (process.env["CI"] === "true") throw new Error(missing);
  return missing;
}
