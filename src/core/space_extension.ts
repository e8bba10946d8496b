import type { Axis } from "./axis.ts";
import { MAX_RUNS } from "./run_limit.ts";
import type { Space } from "./space.ts";
import { type CompiledPart, compilePart } from "./space_part.ts";
import { isSpaceRefused, refuseSpace, type SpaceRefused } from "./space_problem.ts";

/** Every part is compared with all others, so there must not be endlessly many. */
const MAX_PARTS = 200;

/** What a job's spaces grow by; `added` 0 with no `spaces` says that all these combinations exist already. */
export interface Extension {
  spaces: Space[];
  /** How many runs that is. */
  added: number;
}

/**
 * `extend 12 --set seed=6..10`: every combination that the job has, with the named parameters taking the new
 * values instead, less those it has already. Zip, exclusions, sample and repeats hold on; a sample is drawn
 * anew among the changed combinations. Append `spaces` to the job's own and compile them together.
 */
export function extendSpace(existing: readonly Space[], changes: readonly Axis[]): Extension | SpaceRefused {
  const known = existing[0]?.axes.map((axis) => axis.name) ?? [];
  for (const [i, { name }] of changes.entries()) {
    if (!known.includes(name)) return refuseSpace({ code: "extend_unknown_name", name, known });
    if (changes.findIndex((change) => change.name === name) !== i) return refuseSpace({ code: "duplicate_name", name });
  }
  const parts: CompiledPart[] = [];
  for (const space of existing) {
    const part = compilePart(space, parts);
    if (isSpaceRefused(part)) return part;
    parts.push(part);
  }
  let total = parts.reduce((sum, part) => sum + part.total, 0);
  const extension: Extension = { spaces: [], added: 0 };
  for (const space of existing) {
    const changed = { ...space, axes: space.axes.map((axis) => changes.find((one) => one.name === axis.name) ?? axis) };
    const part = compilePart(changed, parts);
    if (isSpaceRefused(part)) return part;
    if (part.total === 0) continue;
    parts.push(part);
    extension.spaces.push(changed);
    extension.added += part.total;
    total += part.total;
  }
  if (parts.length > MAX_PARTS) return refuseSpace({ code: "too_many_parts", parts: parts.length });
  return total > MAX_RUNS ? refuseSpace({ code: "too_many_runs", total }) : extension;
}
