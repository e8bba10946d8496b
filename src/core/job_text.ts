import { parseCommandLines } from "./command_lines.ts";
import { shellSpans } from "./shell_context.ts";

/** One of several jobs in a text. */
export interface TextJob {
  name: string;
  /** The file that its output goes to. */
  out: string;
  /** For the shell. */
  command: string;
  /** Where it begins, from 1. */
  line: number;
}

/** What a text of many commands makes: one job with a run for each line, or several jobs. */
export type JobText = { kind: "lines"; lines: [line: number, text: string][] } | { kind: "jobs"; jobs: TextJob[] };

/** Line and column count from 1. */
export interface TextMistake {
  line: number;
  column: number;
  message: string;
}

export interface TextMistaken {
  mistakes: TextMistake[];
}

export function isTextMistaken(value: JobText | TextMistaken): value is TextMistaken {
  return "mistakes" in value;
}

const LONGEST_NAME = 200;

/**
 * Reads a text of many commands: a command a line; or jobs that end in `;;;`, each a name, an output file and a command with
 * `;;` between them, over as many lines as one likes. A text with any mistake is refused whole, with all of them.
 */
export function parseJobText(text: string): JobText | TextMistaken {
  const parsed = isOfJobs(text) ? parseJobs(text) : parseLines(text);
  return "mistakes" in parsed && parsed.mistakes.length === 0 ? parsed.read : withoutRead(parsed);
}

type Parsed = { read: JobText; mistakes: TextMistake[] };

function withoutRead({ mistakes }: Parsed): TextMistaken {
  return { mistakes };
}

/** A `case` of the shell has `;;` in it, too. */
function isOfJobs(text: string): boolean {
  if (text.includes(";;;")) return true;
  return text.includes(";;") && !/\besac\b/.test(text) && partsOf(text, 0, text.length, ";;").length === 3;
}

function parseLines(text: string): Parsed {
  const lines = parseCommandLines(text);
  const mistakes = lines.flatMap(([line, command]) => {
    const message = objectionToLine(command);
    return message === null ? [] : [{ line, column: firstColumn(command), message }];
  });
  if (lines.length === 0) mistakes.push({ line: 1, column: 1, message: "There is no command yet. Write one a line." });
  return { read: { kind: "lines", lines }, mistakes };
}

function objectionToLine(command: string): string | null {
  if (/(?<!\\)(\\\\)*\\$/.test(command))
    return "This line goes on in the next one, and each line is a command by itself. Write it in one line.";
  return objectionToCommand(command);
}

function objectionToCommand(command: string): string | null {
  if (command.includes("\0")) return "A NUL character stands here, which no command can carry.";
  if (!/\besac\b/.test(command) && !shellSpans(command).complete)
    return "A quote or bracket is opened here and not closed.";
  return null;
}

function firstColumn(text: string): number {
  return Math.max(0, text.search(/\S/)) + 1;
}

function parseJobs(text: string): Parsed {
  const placeAt = placesIn(text);
  const jobs: TextJob[] = [];
  const mistakes: TextMistake[] = [];
  const outs = new Map<string, number>();
  for (const { from, to } of partsOf(text, 0, text.length, ";;;")) {
    const parts = partsOf(text, from, to, ";;");
    const [name, out, command] = parts.map((part) => text.slice(part.from, part.to));
    const mistake = (at: number, message: string) => mistakes.push({ ...placeAt(at), message });
    if (name === undefined || out === undefined || command === undefined || parts.length > 3) {
      mistake(from, malformed(parts.length));
      continue;
    }
    const [nameAt = from, outAt = from, commandAt = from] = parts.map((part) => part.from);
    const job = { name: inOneLine(name), out: inOneLine(out), command: joined(command), line: placeAt(from).line };
    if (job.name.length > LONGEST_NAME) mistake(nameAt, `A name has at most ${LONGEST_NAME} characters.`);
    if (/\0/.test(name + out)) mistake(nameAt, "A NUL character stands here, which no name can hold.");
    const earlier = outs.get(job.out);
    if (earlier !== undefined)
      mistake(outAt, `The job in line ${earlier} has the output file ${job.out}, too. Give each its own.`);
    else outs.set(job.out, job.line);
    const objection = objectionToCommand(job.command);
    if (objection !== null) mistake(commandAt, objection);
    jobs.push(job);
  }
  if (jobs.length === 0 && mistakes.length === 0)
    mistakes.push({ line: 1, column: 1, message: "There is no job yet." });
  return { read: { kind: "jobs", jobs }, mistakes };
}

function malformed(parts: number): string {
  const found = parts === 0 ? "none of them" : parts === 1 ? "only one part" : `${parts} parts`;
  return `A job is a name, an output file and a command, with ;; between them and ;;; behind them. This one has ${found}.`;
}

/** The parts between separators, without the space around them; empty ones do not count. */
function partsOf(text: string, from: number, to: number, separator: string): { from: number; to: number }[] {
  const parts = [];
  for (let start = from; start <= to; ) {
    const found = text.indexOf(separator, start);
    const end = found === -1 || found + separator.length > to ? to : found;
    const part = text.slice(start, end);
    if (part.trim() !== "") {
      const begin = start + part.search(/\S/);
      parts.push({ from: begin, to: begin + part.trim().length });
    }
    start = end + separator.length;
  }
  return parts;
}

function inOneLine(text: string): string {
  return text.replace(/\s*[\r\n]\s*/g, " ");
}

/** A command over several lines is one command: breaks between its words are spaces, those within quotes stay. */
function joined(command: string): string {
  const { spans } = shellSpans(command);
  return spans
    .map(({ start, context }, i) => {
      const part = command.slice(start, spans[i + 1]?.start ?? command.length);
      return context === "plain" ? part.replace(/[ \t]*\\?\r?\n[ \t]*/g, " ") : part;
    })
    .join("");
}

function placesIn(text: string): (offset: number) => { line: number; column: number } {
  const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  return (offset) => {
    const after = starts.findIndex((start) => start > offset);
    const line = after === -1 ? starts.length : after;
    return { line, column: offset - (starts[line - 1] ?? 0) + 1 };
  };
}
