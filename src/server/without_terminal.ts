import { stat } from "node:fs/promises";
import { posix } from "node:path";
import type { Submission } from "../api/job.ts";
import { isSetAlways } from "../core/environment.ts";
import { type Refused, refuse } from "../core/failure.ts";
import { poolsIn } from "../core/pool.ts";
import { emptySnapshot } from "../snapshots/empty_snapshot.ts";
import { describeSnapshotProblem } from "../snapshots/problem.ts";
import { selectMachines } from "../store/machines.ts";
import type { Yard } from "./yard.ts";

/** A submission with all that a terminal would have said. */
export type Complete = Omit<Submission, "cwd" | "environment" | "variables"> & {
  cwd: string;
  environment: Record<string, string>;
};

/**
 * Fills in what a submission leaves open that comes from no terminal, as from the panel. Without a folder and without code its
 * runs work in an empty folder of their own, and what they make there are their results. Without an environment they have
 * that of a login on the yard's machine. `~` stands for the home folder of the account that the yard runs under.
 */
export async function completed(yard: Yard, sent: Submission): Promise<Complete | Refused> {
  const { variables, ...rest } = sent;
  const environment = { ...(rest.environment ?? yard.environment), ...variables };
  const reserved = Object.keys(variables).find(isSetAlways);
  if (reserved !== undefined)
    return refuse({ code: "bad_request", detail: `Runyard sets ${reserved} itself, for each run. Leave it out.` });
  const cwd = rest.cwd === undefined ? null : whole(yard, rest.cwd);
  if (cwd !== null && rest.environment === undefined && !(await isFolder(cwd))) {
    const detail = `There is no folder ${cwd} on the yard's machine. Name one that is there, upload the project as a zip, or leave it out: then each run works in an empty folder of its own.`;
    return refuse({ code: "bad_request", detail });
  }
  const far =
    cwd === null || rest.snapshot !== null || rest.environment !== undefined ? null : await farPool(yard, rest.pool);
  if (far !== null) {
    const detail = `Pool ${far} does not share the folders of the yard's machine, where ${cwd} is. Upload the project as a zip, or submit it from the command line there, which sends the folder along.`;
    return refuse({ code: "bad_request", detail });
  }
  const out = rest.out === null ? null : outPath(yard, cwd, rest.out);
  if (out !== null && typeof out !== "string") return out;
  const named = [...new Set([...rest.named, ...Object.keys(variables)])];
  const complete = { ...rest, cwd: cwd ?? "", environment, named, out };
  if (cwd !== null || rest.snapshot !== null) return complete;
  const empty = await emptySnapshot(yard.files.snapshots);
  if (!empty.ok) return refuse({ code: "bad_request", detail: describeSnapshotProblem(empty.problem) });
  return { ...complete, snapshot: empty.value };
}

function whole(yard: Yard, path: string): string {
  return path.startsWith("~") ? posix.join(yard.environment["HOME"] ?? "/", path.slice(1)) : path;
}

/** One of the pools that has machines elsewhere; null: none has. */
async function farPool({ store }: Yard, pools: string): Promise<string | null> {
  const named = poolsIn(pools);
  const far = (await selectMachines(store.read)).find(({ pool, login }) => login !== null && named.includes(pool));
  return far?.pool ?? null;
}

function outPath(yard: Yard, cwd: string | null, out: string): string | Refused {
  const path = whole(yard, out);
  if (path.startsWith("/")) return path;
  if (cwd !== null) return posix.join(cwd, path);
  const detail = `The output file ${JSON.stringify(out)} has no folder to lie in. Write its whole path, or ~/… for one in the home folder, or name a folder to work in.`;
  return refuse({ code: "bad_request", detail });
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() ?? false;
}
