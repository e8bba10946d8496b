import type { Command } from "../core/command.ts";

/** Arguments before the first `--`, and those after it; null where there is none. */
export function splitAtDashes(args: readonly string[]): { own: string[]; exact: string[] | null } {
  const at = args.indexOf("--");
  return at === -1 ? { own: [...args], exact: null } : { own: args.slice(0, at), exact: args.slice(at + 1) };
}

/** A text for the shell that is followed by more words: whose these are cannot be told. */
export type UnclearCommand = { unclear: string };

/**
 * What a run executes. After `--`: exactly these words. Without it, one word is a text for the shell (`run 'a && b'`) and
 * several are a program with its arguments (`run python train.py --lr 1`). Null: no command was given.
 *
 * @param operands  what stood before `--` and is no option
 */
export function commandFromWords(
  operands: readonly string[],
  exact: readonly string[] | null,
): Command | UnclearCommand | null {
  const [text, ...more] = operands;
  if (text === undefined) return exact && exact.length > 0 ? { kind: "argv", argv: [...exact] } : null;
  if ((more.length > 0 || exact !== null) && /\s/.test(text)) return { unclear: text };
  // `run prog -- x`: the program came first, so the dashes are its own.
  if (exact !== null) return { kind: "argv", argv: [...operands, "--", ...exact] };
  return more.length === 0 ? { kind: "shell", text } : { kind: "argv", argv: [...operands] };
}

/**
 * The words for Runyard where a command is Runyard itself: by name, by a path to it, or through `npx` or `node`.
 * Null: it is another program.
 */
export function wordsForRunyard(argv: readonly string[]): string[] | null {
  const start = /^(.*\/)?(npx|node)$/.test(argv[0] ?? "")
    ? argv.findIndex((word, i) => i > 0 && !word.startsWith("-"))
    : 0;
  return /^(.*\/)?(runyard|bin\/runyard\.js)$/.test(argv[start] ?? "") ? argv.slice(start + 1) : null;
}
