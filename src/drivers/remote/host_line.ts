import type { Readable, Writable } from "node:stream";
import { type HostNews, parseHostLine } from "../../spool/host.ts";

/** The connection to the program that the yard speaks to on a machine (spool/launcher/host.sh). */
export interface HostLine {
  /** A request: a word and its arguments. */
  say(...words: string[]): void;
  close(): void;
}

/** @param hear  called for each thing that it tells, in order */
export function openHostLine(stdin: Writable, stdout: Readable, hear: (news: HostNews) => void): HostLine {
  let rest = "";
  // That the other side is gone is told by the end of the session.
  stdin.on("error", () => {});
  stdout.on("error", () => {});
  stdout.setEncoding("utf8");
  stdout.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const news = parseHostLine(line);
      if (news) hear(news);
    }
  });
  return {
    say: (...words) => {
      if (stdin.writable) stdin.write(`${words.join(" ")}\n`);
    },
    close: () => stdin.end(),
  };
}
