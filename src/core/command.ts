import { lastNotAbove } from "./index_set.ts";
import type { ParameterValue } from "./parameter_value.ts";
import { type ShellContext, shellSpans } from "./shell_context.ts";
import { escapeInDoubleQuotes, escapeInSingleQuotes, shellQuote } from "./shell_quote.ts";

/** What a run executes: a program with its arguments, each as given, or a text for /bin/sh. */
export type Command = { kind: "argv"; argv: string[] } | { kind: "shell"; text: string };

// ${lr} is a variable of the shell, not a place for a parameter.
const PLACEHOLDER = /(?<!\$)\{([A-Za-z_][A-Za-z0-9_.-]*)\}/g;

/**
 * The command of one run. A value stands where `{name}` stood, in a shell text quoted as the place needs it;
 * what has no place is appended as `--name=value`, in the order given. Other braces stay as they are.
 */
export function renderCommand(command: Command, values: readonly (readonly [string, ParameterValue])[]): Command {
  if (values.length === 0) return command;
  const texts = new Map(values.map(([name, value]) => [name, value.text]));
  const placed = new Set<string>();
  const rendered =
    command.kind === "argv" ? renderArgv(command.argv, texts, placed) : renderText(command.text, texts, placed);
  const flags = values.filter(([name]) => !placed.has(name)).map(([name, value]) => `--${name}=${value.text}`);
  if (rendered.kind === "argv") return { kind: "argv", argv: [...rendered.argv, ...flags] };
  if (flags.length === 0) return rendered;
  return { kind: "shell", text: [withoutLastComment(rendered.text).trimEnd(), ...flags.map(shellQuote)].join(" ") };
}

function renderArgv(argv: readonly string[], texts: ReadonlyMap<string, string>, placed: Set<string>): Command {
  const replaced = argv.map((word) =>
    word.replace(PLACEHOLDER, (whole, name: string) => {
      const text = texts.get(name);
      if (text === undefined) return whole;
      placed.add(name);
      return text;
    }),
  );
  return { kind: "argv", argv: replaced };
}

function renderText(text: string, texts: ReadonlyMap<string, string>, placed: Set<string>): Command {
  const { spans } = shellSpans(text);
  const starts = spans.map((span) => span.start);
  const replaced = text.replace(PLACEHOLDER, (whole, name: string, offset: number) => {
    const value = texts.get(name);
    if (value === undefined) return whole;
    placed.add(name);
    return quotedFor(spans[lastNotAbove(starts, offset)]?.context ?? "plain", value);
  });
  return { kind: "shell", text: replaced };
}

function quotedFor(context: ShellContext, value: string): string {
  switch (context) {
    case "plain":
      return shellQuote(value);
    case "single":
      return escapeInSingleQuotes(value);
    case "double":
      return escapeInDoubleQuotes(value);
    case "here":
      return value.replace(/[\\$`]/g, "\\$&");
    case "verbatim":
      return value;
  }
}

function withoutLastComment(text: string): string {
  const last = shellSpans(text).spans.at(-1);
  return last?.context === "verbatim" && text[last.start] === "#" ? text.slice(0, last.start) : text;
}
