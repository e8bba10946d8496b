import { expect, test } from "vitest";
import { takenAlong } from "./environment.ts";

test("what speaks of the terminal's own life or of another scheduler stays behind", () => {
  const variables = {
    HOME: "/home/ada",
    CONDA_PREFIX: "/c",
    SLURM_JOB_ID: "7",
    RANK: "3",
    RUNYARD_HOME: "/y",
    TMUX: "t",
  };
  expect(takenAlong(variables)).toEqual({ HOME: "/home/ada", CONDA_PREFIX: "/c" });
});

test("what npx adds stays behind, and only that", () => {
  const own = "/project/node_modules/.bin:/venv/bin:/usr/bin";
  const added = "/home/ada/.npm/_npx/1f/node_modules/.bin:/project/node_modules/.bin:/npm/run-script/lib/node-gyp-bin";
  const byNpx = { npm_lifecycle_event: "npx", npm_config_cache: "/n", INIT_CWD: "/project", NODE: "/usr/bin/node" };
  expect(takenAlong({ ...byNpx, PATH: `${added}:${own}`, LANG: "C" })).toEqual({ PATH: own, LANG: "C" });
  const byScript = { npm_lifecycle_event: "train", PATH: `${added}:${own}` };
  expect(takenAlong(byScript)).toEqual(byScript);
});
