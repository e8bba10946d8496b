/** A job's place in its queue: the higher priority first, of equal ones the one that was submitted first. */
export interface Place {
  id: number;
  priority: number;
}

const HIGHEST = 1000;

/**
 * The priority that puts a job between two others, as near to its own as can be. Between two of one priority there may be no
 * room for it: then it goes before all of that priority where it is moved up, and behind all of it where it is moved down.
 *
 * @param above  which is to come before it; null: none
 * @param below  which is to come after it; null: none
 */
export function priorityAt(moved: Place, above: Place | null, below: Place | null): number {
  const least = below === null ? 0 : moved.id < below.id ? below.priority : below.priority + 1;
  const most = above === null ? HIGHEST : above.id < moved.id ? above.priority : above.priority - 1;
  const isMovedUp = below !== null && !comesBefore(moved, below);
  const wished = least <= most ? Math.min(most, Math.max(least, moved.priority)) : isMovedUp ? least : most;
  return Math.min(HIGHEST, Math.max(0, wished));
}

export function comesBefore(a: Place, b: Place): boolean {
  return a.priority === b.priority ? a.id < b.id : a.priority > b.priority;
}
