import type { Machine } from "../../api/machine.ts";
import type { Run } from "../../api/run.ts";
import type { Command } from "../../core/command.ts";
import { printable } from "../../core/printable.ts";
import { commandFromWords } from "../command_words.ts";
import { type Connection, connectToChange } from "../connect.ts";
import type { Declaration } from "../declaration.ts";
import { followRun } from "../follow/follow_run.ts";
import { untilInterrupted } from "../follow/interrupt.ts";
import { ownExitCode } from "../follow/outcome.ts";
import { openOutputSink } from "../follow/output_sink.ts";
import { allMachines } from "../pages.ts";
import { prepareSubmission, prepareWork } from "../prepare_job.ts";
import { INTERRUPTED, wrongUsage } from "../stop.ts";
import { note, noteColours, printJson } from "../terminal.ts";

interface ExecOptions {
  machine?: string[];
  all?: boolean;
  json?: boolean;
}

/** Before anything else that waits: somebody looks on. */
const PRIORITY = 1000;

export function declareExec({ command, exact, act }: Declaration): void {
  command
    .usage("(--machine NAME... | --all) -- COMMAND [ARGUMENT...]")
    .argument("[command...]", "without --: one text for the shell")
    .passThroughOptions()
    .option("--machine <NAME>", "the machine; again for more", (name: string, others: string[] = []) => [
      ...others,
      name,
    ])
    .option("--all", "every machine that answers")
    .option("--json", "print JSON");
  act(command, async () => {
    const options = command.opts<ExecOptions>();
    const words = commandFromWords(command.args, exact);
    if (words && "unclear" in words) {
      throw wrongUsage(
        `"${words.unclear}" is a text for the shell, and what follows it is not part of it. Write -- before a program with its arguments.`,
      );
    }
    if (!words) throw wrongUsage("There is no command. Write it after --, e.g. runyard exec --all -- nvidia-smi");
    if ((options.machine === undefined) === (options.all !== true)) {
      throw wrongUsage("Name where: --machine NAME (more than once for several), or --all.");
    }
    return execute(words, options);
  });
}

async function execute(command: Command, { machine, json = false }: ExecOptions): Promise<number> {
  const connection = await connectToChange({ quiet: json });
  const machines = await allMachines(connection);
  const wanted = machine === undefined ? machines : machine.map((name) => known(name, machines));
  const there = wanted.filter(({ status }) => status !== "unreachable" && status !== "off");
  for (const { name, problems } of wanted.filter((one) => !there.includes(one))) {
    note(`${printable(name)} does not answer, and is left out. ${printable(problems[0] ?? "")}`.trimEnd());
  }
  const runs = await untilInterrupted((signal) =>
    Promise.all(there.map((one) => executeOn(connection, one, command, there.length > 1, json, signal))),
  );
  if (runs === "interrupted") {
    note("\nDetached; what has been queued goes on. See: runyard ls");
    return INTERRUPTED;
  }
  if (json) printJson({ runs });
  const [only] = runs;
  if (only && wanted.length === 1) return ownExitCode(only);
  return there.length === wanted.length && runs.every((run) => ownExitCode(run) === 0) ? 0 : 1;
}

function known(name: string, machines: readonly Machine[]): Machine {
  const found = machines.find((one) => one.name === name);
  if (found) return found;
  throw wrongUsage(`There is no machine ${name}. There are: ${machines.map((one) => one.name).join(", ")}`);
}

/** One run on that machine, which takes no core of it; what it prints is shown, behind the machine's name where there are several. */
async function executeOn(
  connection: Connection,
  { name, pool }: Machine,
  command: Command,
  isOneOfMany: boolean,
  json: boolean,
  signal: AbortSignal,
): Promise<Run> {
  const { work } = await prepareWork(command, {}, false);
  const submission = await prepareSubmission(work, { priority: PRIORITY }, { pool, slurm: null });
  const demand = { ...submission.demand, cpus: 0, machines: [name] };
  const { job } = await connection.client.call("submit", { body: { ...submission, demand }, signal });
  const sink = (target: NodeJS.WriteStream) => {
    return json ? silence : openOutputSink(target, { raw: false, prefix: isOneOfMany ? `${name}: ` : null });
  };
  const run = await followRun(
    connection,
    { job: job.id, n: 1 },
    {
      streams: ["out", "err"],
      sinks: { out: sink(process.stdout), err: sink(process.stderr) },
      tail: null,
      slowestMs: 300,
      signal,
    },
  );
  if (run.status !== "succeeded" && !json) {
    note(noteColours.dim(`${printable(name)}: run ${run.id} ${run.status}: ${printable(run.cause?.text ?? "")}`));
  }
  return run;
}

const silence = { take: async () => {}, end: async () => {} };
