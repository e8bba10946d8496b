/** How a place in a shell text is quoted; `here` is a here-document whose text the shell expands. */
export type ShellContext = "plain" | "single" | "double" | "here" | "verbatim";

/** The places of a shell text from `start` up to the next span. */
export interface ShellSpan {
  start: number;
  context: ShellContext;
}

type Level = { context: "plain" | "double"; closes: string; depth: number };
type Inside = "single" | "comment" | "here" | null;

/**
 * How each part of a POSIX shell text is quoted. `$(…)`, backquotes, comments and here-documents are followed;
 * a `case` pattern within `$(…)` is not. `complete` is false where a quote or bracket stays open.
 */
export function shellSpans(text: string): { spans: ShellSpan[]; complete: boolean } {
  const spans: ShellSpan[] = [];
  const levels: Level[] = [{ context: "plain", closes: "", depth: 0 }];
  const hereDocuments: { word: string; context: "here" | "verbatim" }[] = [];
  let inside: Inside = null;
  let at = 0;

  function mark(context: ShellContext): void {
    if (spans.at(-1)?.context !== context) spans.push({ start: at, context });
  }

  function lineEnds(): void {
    inside = hereDocuments.length > 0 ? "here" : null;
  }

  function readHereLine(): void {
    const [document] = hereDocuments;
    mark(document?.context ?? "plain");
    const newline = text.indexOf("\n", at);
    const end = newline === -1 ? text.length : newline;
    if (text.slice(at, end).replace(/^\t+/, "") === document?.word) hereDocuments.shift();
    at = end + 1;
    lineEnds();
  }

  function readPlain(char: string, level: Level): void {
    if (char === "'") inside = "single";
    else if (char === "(") level.depth += 1;
    else if (char === ")") level.depth -= 1;
    else if (char === "#" && /^$|[\s;&|()]/.test(text[at - 1] ?? "")) {
      inside = "comment";
      mark("verbatim");
    } else if (char === "\n") lineEnds();
    else if (char === "<" && text[at + 1] === "<" && text[at - 1] !== "<") {
      const match = /^<<-?[ \t]*(?:'([^'\n]*)'|"([^"\n]*)"|(\\?)([\w.!-]+))/.exec(text.slice(at, at + 200));
      const quoted = match?.[1] ?? match?.[2];
      const word = quoted ?? match?.[4];
      const expands = quoted === undefined && match?.[3] === "";
      if (word !== undefined) hereDocuments.push({ word, context: expands ? "here" : "verbatim" });
    }
  }

  function readQuotable(char: string, level: Level): void {
    mark(level.context);
    if (char === "\\") at += 1;
    else if (char === level.closes && level.depth === 0) levels.pop();
    else if (char === "`") levels.push({ context: "plain", closes: "`", depth: 0 });
    else if (char === "$" && text[at + 1] === "(") {
      levels.push({ context: "plain", closes: ")", depth: 0 });
      at += 1;
    } else if (char === '"') levels.push({ context: "double", closes: '"', depth: 0 });
    else if (level.context === "plain") readPlain(char, level);
  }

  while (at < text.length) {
    const char = text[at] ?? "";
    if (inside === "here") {
      readHereLine();
      continue;
    }
    if (inside === "single") {
      mark("single");
      if (char === "'") inside = null;
    } else if (inside === "comment") {
      mark("verbatim");
      if (char === "\n") lineEnds();
    } else {
      const level = levels.at(-1);
      if (level) readQuotable(char, level);
    }
    at += 1;
  }
  const complete = inside !== "single" && levels.length === 1 && levels[0]?.depth === 0 && hereDocuments.length === 0;
  return { spans, complete: complete && at === text.length };
}
