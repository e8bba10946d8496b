import type { Readable } from "node:stream";
import type { Assignment } from "../../core/assignment.ts";
import { shellQuote } from "../../core/shell_quote.ts";
import { environmentScript, LARGEST_PARAMS_BYTES, runScript } from "../../spool/script.ts";

/** Where things lie on the machine, absolute. */
export interface RemotePlaces {
  /** The yard's folder in the spool. */
  home: string;
  /** The folder of the Python client library. */
  python: string;
}

export interface FolderSource {
  /** Relative to the yard's folder in the spool. */
  target: string;
  content: string;
}

/**
 * The files of an attempt's folder, as its launcher needs them.
 *
 * @param variables  those of the submitting terminal; only what its user has named goes along
 * @param places  `before`: shell text of the machine's owner, to run before each command; null: none
 * @param gpus  the keys by which its GPUs are reserved there
 */
export function attemptSources(
  assignment: Assignment,
  variables: Record<string, string>,
  places: RemotePlaces & { before: string | null },
  gpus: readonly string[],
  isShared: boolean,
): FolderSource[] {
  const { attempt, params, named, gang, keep } = assignment;
  const below = `${attempt}/0`;
  const folder = `${places.home}/${below}`;
  const script = runScript({
    ...assignment,
    cwd: `${folder}/work`,
    folder,
    environment: `${folder}/environment.sh`,
    login: { environment: `${places.home}/environments/own.sh`, before: places.before },
    python: places.python,
  });
  return [
    ...commonSources(below, params, variables, named, keep),
    ...(gpus.length > 0 ? [{ target: `${below}/gpus`, content: `${gpus.map(encodeURIComponent).join("\n")}\n` }] : []),
    ...(gpus.length > 0 && isShared ? [{ target: `${below}/shared`, content: "" }] : []),
    ...(gang?.rank === 0 ? [{ target: `${below}/port`, content: `${gang.port}\n` }] : []),
    // Last: a folder with a script is complete.
    { target: `${below}/run.sh`, content: script },
  ];
}

function commonSources(
  below: string,
  params: string,
  variables: Record<string, string>,
  named: readonly string[],
  keep: boolean,
): FolderSource[] {
  const taken = named.flatMap((name) => (Object.hasOwn(variables, name) ? [[name, variables[name] ?? ""]] : []));
  return [
    { target: `${below}/environment.sh`, content: environmentScript(Object.fromEntries(taken)) },
    ...(Buffer.byteLength(params) > LARGEST_PARAMS_BYTES ? [{ target: `${below}/params.json`, content: params }] : []),
    ...(keep ? [{ target: `${below}/stay`, content: "" }] : []),
  ];
}

/** The same for an attempt that goes through Slurm: its work folder may be the user's own, which the nodes share. */
export function clusterSources(
  assignment: Assignment,
  variables: Record<string, string>,
  places: RemotePlaces,
  env: string,
  sharesFolders: boolean,
): FolderSource[] {
  const { attempt, params, named, keep, snapshot, cwd } = assignment;
  const below = `${attempt}/0`;
  const folder = `${places.home}/${below}`;
  const script = runScript({
    ...assignment,
    cwd: snapshot === null && sharesFolders ? cwd : `${folder}/work`,
    folder,
    environment: `${folder}/environment.sh`,
    login: null,
    cluster: { env, login: `${places.home}/cluster/login.sh` },
    python: places.python,
  });
  return [...commonSources(below, params, variables, named, keep), { target: `${below}/run.sh`, content: script }];
}

/** A tar of what attempts were given by earlier ones, and of these files, private to their owner. */
export async function tarOf(assignments: readonly Assignment[], sources: readonly FolderSource[]): Promise<Readable> {
  const { packTar } = await import("modern-tar/fs");
  return packTar([
    ...assignments.flatMap(({ attempt, kept }) =>
      kept === null ? [] : [{ type: "directory" as const, source: kept, target: `${attempt}/0/keep` }],
    ),
    ...sources.map(({ target, content }) => ({ type: "content" as const, target, content, mode: 0o600 })),
  ]);
}

/**
 * The script that takes such a tar in, and makes what else the attempts need.
 *
 * @param code  the lines that lay out their code, for those that bring any
 */
export function takeInScript(home: string, attempts: readonly string[], code: ReadonlyMap<string, string>): string {
  const folders = attempts.flatMap((attempt) => [`${attempt}/0/keep`, `${attempt}/0/work`]).join(" ");
  const last = [...code.keys()].at(-1);
  return [
    `cd ${shellQuote(home)} && umask 077 && tar -xf - && mkdir -p ${folders}`,
    ...[...code].flatMap(([attempt, lines]) => [lines, `: >${attempt}/0/stamp`]),
    // What a run changes has to be newer than the stamp, by a clock that may tick only every 10 ms. The stamp may be gone: its
    // attempt was given back by a yard that came after the one which sent this.
    ...(last === undefined
      ? []
      : [`while : >probe && [ -z "$(find probe -newer ${last}/0/stamp || echo gone)" ]; do :; done; rm -f probe`]),
  ].join(" && ");
}
