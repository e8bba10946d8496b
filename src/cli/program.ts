import { Command, CommanderError } from "commander";
import { isRefusedCall } from "../client/client.ts";
import { printableLines } from "../core/printable.ts";
import { closeConnections, isUnreachable } from "../platform/http.ts";
import { systemErrorCode } from "../platform/system_error.ts";
import { version } from "../platform/version.ts";
import { splitAtDashes, wordsForRunyard } from "./command_words.ts";
import type { ProgramDoors } from "./declaration.ts";
import { didYouMean } from "./nearest.ts";
import { isStoppedCommand, type Stop } from "./stop.ts";
import { forgiveClosedPipes, note, noteColours, print, printJson } from "./terminal.ts";
import { verbs } from "./verbs.ts";

export type { ServeOptions } from "./declaration.ts";

/**
 * Runs one command of the command line.
 *
 * @param argv  as the process got it: the program's own two words come first
 * @returns the exit code of the process
 */
export async function runProgram(argv: readonly string[], doors: ProgramDoors): Promise<number> {
  forgiveClosedPipes();
  const args = argv.slice(2);
  try {
    return await dispatch(args, doors);
  } catch (error) {
    return report(error, wantsJson(args));
  } finally {
    closeConnections();
  }
}

async function dispatch(args: readonly string[], doors: ProgramDoors): Promise<number> {
  const [word, ...rest] = args;
  if (word === undefined || word === "--help" || word === "-h") return showOverview();
  if (word === "--version" || word === "-V") {
    print(version);
    return 0;
  }
  if (word === "help") return rest[0] === undefined ? showOverview() : runVerb(rest[0], ["--help"], doors);
  return runVerb(word, rest, doors);
}

async function runVerb(name: string, args: readonly string[], doors: ProgramDoors): Promise<number> {
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  if (!verb) return reportStop({ code: "usage", message: unknownVerb(name), exitCode: 2 }, wantsJson([name, ...args]));
  const { own, exact } = verb.takesCommand ? splitAtDashes(args) : { own: [...args], exact: null };
  const program = new Command("runyard").enablePositionalOptions();
  const command = program.command(name).description(verb.summary);
  let exitCode = 0;
  for (const one of [program, command]) prepare(one);
  const declare = await verb.load();
  declare({
    command,
    exact,
    doors,
    verbs,
    act(acting, run) {
      prepare(acting);
      acting.action(async () => {
        exitCode = await run();
      });
    },
  });
  try {
    await program.parseAsync([name, ...own], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0;
    const below = command.commands.find((sub) => sub.name() === own[0])?.name();
    const help = `See: runyard ${name}${below === undefined ? "" : ` ${below}`} --help`;
    return reportStop(
      { code: "usage", message: `${usageText(error.message)}\n${help}`, exitCode: 2 },
      wantsJson([name, ...args]),
    );
  }
  return exitCode;
}

/** Errors are told here, not by the parser, and never end the process from within. */
function prepare(command: Command): void {
  command.exitOverride();
  command.configureOutput({ writeErr: () => {} });
}

function usageText(message: string): string {
  return message.replace(/^error: /, "").replace(/\n\(Did you mean (.*?)\?\)$/, "; did you mean $1?");
}

function unknownVerb(name: string): string {
  const known = Object.keys(verbs).filter((verb) => verbs[verb]?.group !== null);
  const what = name.startsWith("-") ? "option" : "command";
  return `There is no ${what} "${name}"${didYouMean(name, known) || "."} See them all with: runyard --help`;
}

function showOverview(): number {
  const lines = ["runyard: queue, sweep and run machine-learning experiments", "", "Usage: runyard COMMAND [OPTIONS]"];
  for (const group of ["Submit", "Look", "Steer", "Yard"] as const) {
    lines.push("", group);
    for (const [name, verb] of Object.entries(verbs)) {
      if (verb.group === group) lines.push(`  ${name.padEnd(11)} ${verb.summary}`);
    }
  }
  lines.push("", "Options of a command: runyard COMMAND --help. A first one: runyard run -- echo hello");
  print(lines.join("\n"));
  return 0;
}

/** What went wrong, for people on stderr, for programs on stdout; returns the exit code. */
function report(error: unknown, json: boolean): number {
  if (isStoppedCommand(error)) return reportStop(error.stop, json);
  if (isRefusedCall(error)) {
    const { code, detail, exitCode } = error.problem;
    return reportStop({ code, message: detail, exitCode }, json);
  }
  if (isUnreachable(error)) {
    const message = `The yard at ${error.unreachable} cannot be reached: ${error.message}. Look whether it runs, and whether that is its address.`;
    return reportStop({ code: "unreachable", message, exitCode: 3 }, json);
  }
  if (error instanceof Error && "syscall" in error && error.syscall === "uv_cwd") {
    const message = "The folder in which you are is no longer there. Change to another one and try again.";
    return reportStop({ code: "usage", message, exitCode: 2 }, json);
  }
  // What the system refuses is no bug of ours either: a file that may not be read, a disk that is full.
  if (systemErrorCode(error) !== null && error instanceof Error)
    return reportStop({ code: "system", message: error.message, exitCode: 3 }, json);
  throw error;
}

function reportStop(stop: Stop, json: boolean): number {
  if (json) printJson({ error: { code: stop.code, message: stop.message } });
  else note(`${noteColours.red("runyard:")} ${printableLines(stop.message)}`);
  return stop.exitCode;
}

/** Whether an own option, not one of the user's command, asks for JSON; those of a run within a sweep are the sweep's. */
function wantsJson(args: readonly string[]): boolean {
  const { own, exact } = splitAtDashes(args);
  const inner = own[0] === "sweep" && exact !== null ? wordsForRunyard(exact) : null;
  return own.includes("--json") || (inner !== null && wantsJson(inner));
}
