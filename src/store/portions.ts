/** A statement takes 32,766 parameters at most (SQLite). */
const PORTION = 10_000;

/** Asks about many ids, so many at once as a statement can name. */
export async function inPortions<Id, Answer>(
  ids: readonly Id[],
  ask: (some: Id[]) => Promise<Answer[]>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let at = 0; at < ids.length; at += PORTION) {
    for (const answer of await ask(ids.slice(at, at + PORTION))) answers.push(answer);
  }
  return answers;
}
