import { Command as Parser } from "commander";
import { expect, test } from "vitest";
import { mergeOptions } from "../core/job_options.ts";
import { splitAtDashes } from "./command_words.ts";
import { givenTo, takeCommandLine } from "./given.ts";
import { withInnerRun } from "./nested_command.ts";

/** What `runyard sweep ARGS…` is read as. */
function sweep(...args: string[]) {
  const { own, exact } = splitAtDashes(args);
  const program = new Parser("runyard").enablePositionalOptions();
  const parser = program.command("sweep");
  takeCommandLine(parser);
  parser.action(() => {});
  program.parse(["sweep", ...own], { from: "user" });
  const { command, byFlag, how } = withInnerRun(givenTo(parser, exact));
  return { command, options: [...byFlag.values()].reduce(mergeOptions, {}), how };
}

const train = { kind: "argv", argv: ["python", "train.py", "--steps=10"] };

test("a run within a sweep is the sweep's command, and what it is given counts for the sweep", () => {
  const { command, options } = sweep(
    ..."--set lr=1,2 --cpus 2 -- runyard run --runs=10 --on slurm:gpu -- python train.py --steps=10".split(" "),
  );
  expect(command).toEqual(train);
  expect(options).toEqual({ settings: ["lr=1,2"], cpus: 2, runs: 10, pool: "slurm:gpu" });
});

test.each([
  "-- runyard run -- python train.py --steps=10",
  "runyard run -- python train.py --steps=10",
  "-- runyard run python train.py --steps=10",
  "-- npx runyard run -- python train.py --steps=10",
  "-- /usr/bin/npx --yes runyard run -- python train.py --steps=10",
  "-- /opt/bin/runyard run -- python train.py --steps=10",
  "-- ../bin/runyard.js run -- python train.py --steps=10",
  "-- node bin/runyard.js run -- python train.py --steps=10",
])("Runyard within a sweep is known however it is called: %s", (line) => {
  expect(sweep(...line.split(" ")).command).toEqual(train);
});

test("a text for the shell may be the command within", () => {
  const { command } = sweep("--", "runyard", "run", "--gpus", "0", "prepare && train {lr}");
  expect(command).toEqual({ kind: "shell", text: "prepare && train {lr}" });
});

test.each([
  "python run.py",
  "my-runyard run -- x",
  "npx prettier run",
  "npx",
  "runyard.js run x",
  "echo runyard run",
])("another program stays the command: %s", (line) => {
  expect(sweep("--", ...line.split(" ")).command).toEqual({ kind: "argv", argv: line.split(" ") });
});

test("what is to happen after the submission may be said within", () => {
  const { how } = sweep(..."--yes -- runyard run --dry-run --wait -- train".split(" "));
  expect(how).toMatchObject({ yes: true, dryRun: true, wait: true });
});

test("lists are joined, the sweep's first; what is said twice alike is said", () => {
  const { options } = sweep(
    ..."--tag a --set lr=1 --gpus 2 --snapshot -- runyard run --tag b --set n=2 --gpus 2 --snapshot -- train".split(
      " ",
    ),
  );
  expect(options).toEqual({ tags: ["a", "b"], settings: ["lr=1", "n=2"], gpus: 2, snapshot: true });
});

test.each([
  ["--runs 2 -- runyard run --runs 10 -- x", "--runs is one thing for the sweep and another for the run in it."],
  ["--on lab -- runyard run --on slurm -- x", "--on is one thing for the sweep and another for the run in it."],
  ["-- runyard sweep --set lr=1 -- x", "A sweep cannot be swept."],
  ["-- runyard logs 12", '"runyard logs" cannot be the command of a sweep.'],
  ["-- npx runyard --version", '"runyard --version" cannot be the command of a sweep.'],
  ["-- runyard", '"runyard" cannot be the command of a sweep.'],
  ["-- runyard run --gpus many -- x", '--gpus "many": It takes a whole number'],
  ["-- runyard run --gpsu 1 -- x", "unknown option '--gpsu'"],
  ["-- runyard run --gpus", "option '--gpus <N>' argument missing"],
])("what is wrong within is refused: %s", (line, message) => {
  expect(() => sweep(...line.split(" "))).toThrow(message);
});

test("within, too, a text for the shell that is followed by more words is not guessed at", () => {
  expect(() => sweep("--", "runyard", "run", "a && b", "--follow")).toThrow('"a && b" is a text for the shell');
});
