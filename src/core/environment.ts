/**
 * Variables of the submitting terminal that a run must not see: they speak of that terminal, of another scheduler's
 * step, or are set by Runyard itself for each run.
 */
const leftBehind =
  /^(SLURM_.*|SBATCH_.*|PMI.*|OMPI_.*|RANK|LOCAL_RANK|WORLD_SIZE|MASTER_.*|CUDA_VISIBLE_DEVICES|ROCR_VISIBLE_DEVICES|HIP_VISIBLE_DEVICES|RUNYARD_.*|SSH_.*|TMUX.*|_|SHLVL|PWD|OLDPWD)$/;

/** What every run gets from Runyard itself, whatever stood there before. */
const setAlways =
  /^(CUDA_VISIBLE_DEVICES|ROCR_VISIBLE_DEVICES|RUNYARD_(JOB|RUN|ATTEMPT|TRY|PARAMS|PARAMS_FILE|EVENTS|CHECKPOINTS))$/;

export function isSetAlways(name: string): boolean {
  return setAlways.test(name);
}

export function isVariableName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
}

/** What npm adds for the program it starts. */
const npmsOwn = /^(npm_.*|INIT_CWD|NODE|COLOR)$/;

/**
 * What of a terminal's environment goes along with a job that runs on the same machine. What `npx runyard` itself has put
 * into it stays behind: a run finds the programs that its terminal finds.
 */
export function takenAlong(variables: Record<string, string | undefined>): Record<string, string> {
  const isByNpx = variables["npm_lifecycle_event"] === "npx";
  const taken: Record<string, string> = {};
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined || leftBehind.test(name) || (isByNpx && npmsOwn.test(name))) continue;
    taken[name] = isByNpx && name === "PATH" ? pathBeforeNpx(value) : value;
  }
  return taken;
}

const ofLogins = /^(HOME|LANG|LANGUAGE|LC_[A-Z]+|LOGNAME|PATH|SHELL|TMPDIR|TZ|USER)$/;
const USUAL_PATH = "/usr/local/bin:/usr/bin:/bin";

/**
 * What a run has whose job comes from no terminal: of the variables of the yard those that any login has, and nothing that
 * was meant for the yard alone.
 */
export function loginEnvironment(variables: Record<string, string | undefined>, home: string): Record<string, string> {
  const taken = Object.entries(takenAlong(variables)).filter(([name]) => ofLogins.test(name));
  return { PATH: USUAL_PATH, ...Object.fromEntries(taken), HOME: home };
}

/** npm puts the `node_modules/.bin` of its cache and of all parent folders in front, then its own `node-gyp-bin`. */
function pathBeforeNpx(path: string): string {
  const folders = path.split(":");
  const last = folders.findIndex((folder) => folder.endsWith("/node-gyp-bin"));
  const isNpms = last !== -1 && folders.slice(0, last).every((folder) => folder.endsWith("/node_modules/.bin"));
  return isNpms ? folders.slice(last + 1).join(":") : path;
}
