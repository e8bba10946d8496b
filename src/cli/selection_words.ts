import { parseSelectors } from "../core/selector.ts";
import { wrongUsage } from "./stop.ts";

/** Jobs and runs as the words name them: `12 13.2`, `3,5,7-9`, `last`, `all`. Refuses what names none. */
export function selection(words: readonly string[]): string {
  const text = words.join(",");
  if (parseSelectors(text)) return text;
  const found = text === "" ? "Nothing is named" : `"${text}" names no jobs or runs`;
  throw wrongUsage(`${found}. Write a job (12), a run (12.3), a range (12.1-5, 7-9), a list (3,5), last or all.`);
}
