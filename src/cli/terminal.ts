import pc from "picocolors";
import { printableJson } from "../core/printable.ts";

/** Colours for a stream: real ones only on a terminal, and never against NO_COLOR. */
export type Colours = ReturnType<typeof pc.createColors>;

function coloursFor(stream: NodeJS.WriteStream): Colours {
  const wanted = stream.isTTY === true && !process.env["NO_COLOR"] && process.env["TERM"] !== "dumb";
  return pc.createColors(wanted);
}

/** Colours of what is printed on stdout. */
export const colours = coloursFor(process.stdout);
/** Colours of what is said on stderr. */
export const noteColours = coloursFor(process.stderr);

/** Columns of the terminal that stdout is; null: it is none, and lines may be as long as they are. */
export function outputWidth(): number | null {
  return process.stdout.isTTY ? Math.max(20, process.stdout.columns || 80) : null;
}

/** What was asked for: a line, or more, on stdout. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** What goes along with it: a line on stderr. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  print(printableJson(value));
}

/** Writes much without filling memory: resolves when there is room for more. */
export function write(stream: NodeJS.WriteStream, bytes: Uint8Array | string): Promise<void> {
  if (stream.write(bytes)) return Promise.resolve();
  return new Promise((resolve) => {
    stream.once("drain", resolve);
  });
}

/** Whether a question can be asked, and will be seen. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** `runyard ls | head`: who reads no more is no error. */
export function forgiveClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      process.exit(process.exitCode ?? 0);
    });
  }
}
