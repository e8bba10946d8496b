import { resolve } from "node:path";
import { type Home, readToken, writeSecretFile } from "../platform/home.ts";
import type { Refusal } from "./refusal.ts";

/**
 * Where the spool of this machine lies: where it was asked for now or at an earlier start, else in the home. While runs are
 * open it stays where their folders are.
 *
 * @param asked  RUNYARD_SPOOL; empty or absent: not asked for
 * @param running  how many runs are open
 */
export function spoolPlace(home: Home, asked: string | undefined, running: number): string | Refusal {
  const known = readToken(home.spoolPlace) ?? `${home.folder}/spool`;
  const place = asked ? resolve(asked) : known;
  if (place === known) return known;
  if (running > 0) {
    const refusal = `${running} runs are open, and their folders lie in ${known}: wait for their end, then change RUNYARD_SPOOL to ${place}.`;
    return { refusal };
  }
  writeSecretFile(home.spoolPlace, `${place}\n`);
  return place;
}
