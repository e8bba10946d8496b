import { resolve } from "node:path";
import type { SlurmInput } from "../../api/job.ts";
import { isPoolName, poolsIn } from "../../core/pool.ts";
import { objectionToKeyFile } from "../../shells/key_file.ts";
import { didYouMean } from "../nearest.ts";
import { wrongUsage } from "../stop.ts";
import type { Device } from "./config_json.ts";
import { CONFIG_JSON, configJson, PROJECT_FILE, projectPools, userFile, userPools } from "./pool_sources.ts";
import type { SlurmPool } from "./slurm_pool.ts";

/** Where a name given to `--on` leads. */
export interface ChosenPools {
  /** One, or several with commas between, as the yard knows them. Undefined: none was named. */
  pool: string | undefined;
  /** How runs go through the pool of Slurm's among them; null: there is none. */
  slurm: SlurmInput | null;
  /** Shell text before the command where it runs on this machine; empty: none. */
  env: string;
  /** Names that `config.json` defines and the yard may know as well. */
  unclear: string[];
}

type Chosen = { pool: string; slurm: SlurmInput | null; env: string; isUnclear: boolean };

/**
 * Looks a pool up where pools are defined, the first that does counts: the user's own `runyard.yaml`, the one of the current
 * folder once it is trusted, neuromanager's `config.json` there. What none defines is for the yard to know; `slurm` is this
 * machine's Slurm. Throws a refusal for what leads nowhere.
 */
export async function resolvePools(on: string | undefined): Promise<ChosenPools> {
  if (on === undefined) return { pool: undefined, slurm: null, env: "", unclear: [] };
  const names = poolsIn(on).map((name) => name.trim());
  if (names.includes(""))
    throw wrongUsage(`--on ${on}: a name is missing. Write pools with commas between: local,slurm`);
  const chosen: Chosen[] = [];
  for (const name of names) chosen.push(await choose(name));
  const pools = chosen.map(({ pool }) => pool);
  const twice = pools.find((pool, i) => pools.indexOf(pool) !== i);
  if (twice !== undefined) throw wrongUsage(`--on ${on}: ${twice} stands there twice. Name it once.`);
  const [slurm, another] = chosen.filter((one) => one.slurm);
  if (another)
    throw wrongUsage(`--on ${on}: of Slurm's pools it takes one, and ${slurm?.pool} and ${another.pool} are two.`);
  const env = chosen.find((one) => one.env !== "")?.env ?? "";
  if (env !== "" && chosen.length > 1) {
    throw wrongUsage(
      `--on ${on}: what ${CONFIG_JSON} puts before the command here would stand before it elsewhere too. Name that pool alone.`,
    );
  }
  const unclear = names.filter((_, i) => chosen[i]?.isUnclear);
  return { pool: pools.join(","), slurm: slurm?.slurm ?? null, env, unclear };
}

async function choose(name: string): Promise<Chosen> {
  const asNamed = { pool: name, slurm: null, env: "", isUnclear: false };
  if (name === "local") return asNamed;
  if (name === "slurm" || name.startsWith("slurm:")) return { ...asNamed, slurm: await slurmOf(name) };
  const isPair = name.includes(":");
  const device = (await configJson(name, isPair))?.deviceOf(name);
  if (!device && name.startsWith("local:"))
    throw wrongUsage(`No ${CONFIG_JSON} here defines ${name}. For this machine write --on local`);
  if (!device) return asNamed;
  if (device.support === "local") return { pool: "local", slurm: null, env: device.env, isUnclear: !isPair };
  const pool = nameInYard(`slurm:${name}`);
  return { pool, slurm: inputOf(poolOf(pool, device)), env: "", isUnclear: true };
}

async function slurmOf(name: string): Promise<SlurmInput> {
  const { slurm: own } = await userPools();
  const project = await projectPools();
  const isNamed = (pool: SlurmPool) => pool.name === name;
  const found = own.find(isNamed) ?? project.pools.find(isNamed);
  if (found && !own.includes(found) && !project.trusted) throw notTrusted(name);
  if (found) return inputOf(found);
  const config = await configJson(name, name !== "slurm");
  const device = config?.deviceOf(name);
  if (device) return inputOf(poolOf(nameInYard(name), device));
  if (name === "slurm") return inputOf(poolOf(name, { env: "", resources: [] }));
  throw nobodyDefines(name, [
    { names: own.map((pool) => pool.name), place: userFile() },
    { names: project.pools.map((pool) => pool.name), place: PROJECT_FILE },
    { names: config?.slurmNames() ?? [], place: CONFIG_JSON },
  ]);
}

function poolOf(name: string, { env, resources }: Pick<Device, "env" | "resources">): SlurmPool {
  return { name, login: null, conf: null, spool: null, env, resources };
}

function nameInYard(name: string): string {
  if (isPoolName(name)) return name;
  throw wrongUsage(
    `${JSON.stringify(name)} cannot be a pool's name: without blanks and commas it could. Rename it in ${CONFIG_JSON}.`,
  );
}

/** As it is submitted. Without a login, SLURM_CONF is what it is in this terminal. */
function inputOf({ name, login, conf, spool, env, resources }: SlurmPool): SlurmInput {
  const objection = login?.key ? objectionToKeyFile(login.key) : null;
  if (objection !== null) throw wrongUsage(`The identity of ${name}, ${login?.key}: ${objection}`);
  const here = login ? undefined : process.env["SLURM_CONF"];
  return { login, conf: conf ?? (here ? resolve(here) : null), spool, env, resources };
}

function notTrusted(name: string): Error {
  return wrongUsage(
    `${name} is defined by ${resolve(PROJECT_FILE)}, which is not trusted as it stands: it says where commands go, and what runs before them. Look at it, then trust it with: runyard trust`,
  );
}

function nobodyDefines(name: string, places: { names: string[]; place: string }[]): Error {
  const meant =
    didYouMean(
      name,
      places.flatMap(({ names }) => names),
    ) || ".";
  const defined = places
    .filter(({ names }) => names.length > 0)
    .map(({ names, place }) => `${names.join(", ")} (${place})`);
  const list = defined.length > 0 ? ` Defined: ${defined.join("; ")}.` : "";
  const example = `pools: {${name}: {resources: {partition: gpu, time: 2-00:00:00}}}`;
  return wrongUsage(
    `No file defines ${name}${meant}${list} Define it in ${userFile()}, e.g. ${example}, or write --on slurm for the site's defaults.`,
  );
}
