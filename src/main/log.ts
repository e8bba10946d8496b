/** A line for the log, with its time. */
export function logLine(text: string): void {
  process.stderr.write(`${new Date().toISOString()} ${text}\n`);
}
