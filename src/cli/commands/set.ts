import type { JobChanges } from "../../api/job.ts";
import { formatWish, isNoTarget, parseWish } from "../../core/notice_target.ts";
import { duration, isMisread, label, type Misread, wholeNumber } from "../../core/option_values.ts";
import { connectToChange } from "../connect.ts";
import type { Declaration } from "../declaration.ts";
import { wrongUsage } from "../stop.ts";
import { oneJob } from "../target.ts";
import { print, printJson } from "../terminal.ts";

interface SetOptions {
  priority?: string;
  name?: string;
  atMost?: string;
  retries?: string;
  timeLimit?: string;
  expect?: string;
  tags?: string;
  notify?: string[];
  json?: boolean;
}

export function declareSet({ command, act }: Declaration): void {
  command
    .argument("<job>", "a job by its number, or last")
    .option("--priority <N>", "0 to 1000, higher first")
    .option("--name <NAME>", "what to call it")
    .option("--at-most <N>", 'how many of its runs may run at once; "none": any number')
    .option("--retries <N>", "how often a failed run is tried again")
    .option("--time-limit <TIME>", 'stop a run after so long; "none": never')
    .option("--expect <TIME>", 'how long a run takes, as you expect; "none": nobody knows')
    .option("--tags <A,B>", 'what it is marked with, instead of before; "none": nothing')
    .option("--notify <TARGET>", 'tell of its end there too: see runyard run --help; "none": nowhere', several)
    .option("--json", "print JSON");
  act(command, () => set(command.args, command.opts<SetOptions>()));
}

async function set(words: readonly string[], options: SetOptions): Promise<number> {
  const body = changesFrom(options);
  if (Object.keys(body).length === 0)
    throw wrongUsage(
      "Nothing to set. Name what: --priority, --name, --at-most, --retries, --time-limit, --expect, --tags or --notify",
    );
  const connection = await connectToChange({ quiet: options.json === true });
  const job = await oneJob(connection, words);
  const answer = await connection.client.call("setJob", { params: { job }, body });
  if (options.json) printJson(answer);
  else if (body.notify && answer.job.endedAt !== null)
    print(`Job ${job} has ended already: its next end is told, after a retry.`);
  else print(`Job ${job} is changed; it holds for what starts from now on.`);
  return 0;
}

function several(text: string, others: string[] = []): string[] {
  return [...others, text];
}

function changesFrom({ priority, name, atMost, retries, timeLimit, expect, tags, notify }: SetOptions): JobChanges {
  return {
    ...(priority !== undefined && { priority: good("--priority", priority, wholeNumber(priority, 0, 1000)) }),
    ...(name !== undefined && { name: good("--name", name, label(name)) }),
    ...(atMost !== undefined && {
      atMost: atMost === "none" ? null : good("--at-most", atMost, wholeNumber(atMost, 1, 10_000_000)),
    }),
    ...(retries !== undefined && { retries: good("--retries", retries, wholeNumber(retries, 0, 1000)) }),
    ...(timeLimit !== undefined && {
      timeLimitMs: timeLimit === "none" ? null : good("--time-limit", timeLimit, duration(timeLimit)),
    }),
    ...(expect !== undefined && {
      expectedMs: expect === "none" ? null : good("--expect", expect, duration(expect)),
    }),
    ...(tags !== undefined && {
      tags: tags === "none" ? [] : [...new Set(tags.split(","))].map((tag) => good("--tags", tags, label(tag))),
    }),
    ...(notify && { notify: notify.includes("none") ? null : notify.map(wishFrom) }),
  };
}

/** What is wrong is not repeated: it may be a secret. */
function wishFrom(text: string): string {
  const wish = parseWish(text);
  if (isNoTarget(wish)) throw wrongUsage(`--notify: ${wish.misread}`);
  return formatWish(wish);
}

function good<Value>(flag: string, text: string, value: Value | Misread): Value {
  if (isMisread(value)) throw wrongUsage(`${flag} ${JSON.stringify(text)}: ${value.misread}`);
  return value;
}
