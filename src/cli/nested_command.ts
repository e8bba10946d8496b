import { Command as Parser } from "commander";
import { jobOptions, mergeOptions } from "../core/job_options.ts";
import { splitAtDashes, wordsForRunyard } from "./command_words.ts";
import { type Given, givenTo, takeCommandLine } from "./given.ts";
import { wrongUsage } from "./stop.ts";

/**
 * A sweep whose command is `runyard run OPTIONS -- COMMAND`, as one sweep of that command with both options.
 * Any other stays as it is: no run starts another one, so what is said to `run` there is meant for the sweep.
 */
export function withInnerRun(sweep: Given): Given {
  const words = sweep.command?.kind === "argv" ? wordsForRunyard(sweep.command.argv) : null;
  if (words === null) return sweep;
  const run = readRun(words);
  return { command: run.command, byFlag: bothOf(sweep, run), how: { ...sweep.how, ...run.how } };
}

/** @param words  what follows `runyard` */
function readRun([verb, ...words]: readonly string[]): Given {
  if (verb === "sweep")
    throw wrongUsage(
      "A sweep cannot be swept. Put the parameters of both into one: --set or --params may be repeated.",
    );
  if (verb !== "run") {
    const what = verb === undefined ? "runyard" : `runyard ${verb}`;
    throw wrongUsage(`"${what}" cannot be the command of a sweep. Of Runyard's own commands only "runyard run" can.`);
  }
  const { own, exact } = splitAtDashes(words);
  const program = new Parser("runyard").enablePositionalOptions();
  const parser = program.command("run");
  for (const one of [program, parser]) one.exitOverride().configureOutput({ writeErr: () => {} });
  takeCommandLine(parser);
  parser.action(() => {});
  program.parse(["run", ...own], { from: "user" });
  return givenTo(parser, exact);
}

function bothOf(sweep: Given, run: Given): Given["byFlag"] {
  const both = new Map(sweep.byFlag);
  for (const [flag, options] of run.byFlag) {
    const known = both.get(flag) ?? {};
    const repeats = jobOptions.find((option) => option.flag === flag)?.repeats === true;
    if (both.has(flag) && !repeats && JSON.stringify(known) !== JSON.stringify(options))
      throw wrongUsage(`--${flag} is one thing for the sweep and another for the run in it. Say it once.`);
    both.set(flag, mergeOptions(known, repeats || !both.has(flag) ? options : {}));
  }
  return both;
}
