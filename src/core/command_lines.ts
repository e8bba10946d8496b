/** A shell command a line, numbered from 1 as in the file; empty lines and `#` comments are none, but count. */
export function parseCommandLines(text: string): [line: number, text: string][] {
  return text
    .split("\n")
    .map((line, i): [number, string] => [i + 1, line.replace(/\r$/, "")])
    .filter(([, line]) => !/^\s*(#|$)/.test(line));
}
