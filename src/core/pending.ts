/** Why attempts wait in a queue that is not the yard's, as that said at the last look. */
export interface Pending {
  /** `id`: what it is known by there; null: not known yet. */
  say(attempt: string, pending: { id: string | null; reason: string }): void;
  /** It waits no longer. */
  clear(attempt: string): void;
  of(attempt: string): { id: string | null; reason: string } | null;
}

export function openPending(): Pending {
  const known = new Map<string, { id: string | null; reason: string }>();
  return {
    say: (attempt, pending) => known.set(attempt, pending),
    clear: (attempt) => known.delete(attempt),
    of: (attempt) => known.get(attempt) ?? null,
  };
}
