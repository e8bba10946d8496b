import type { Remaining as Estimate } from "./estimates/remaining.ts";
import { formatDuration } from "./quantity.ts";

type Remaining = Estimate | null;

/** `12m`, `~12m` where it may well be half or twice as long; empty: nothing tells. */
export function etaText(remaining: Remaining): string {
  if (remaining === null) return "";
  const { seconds, lowSeconds, highSeconds } = remaining;
  const isVague = highSeconds > 2 * seconds || lowSeconds < seconds / 2;
  return `${isVague ? "~" : ""}${roughly(seconds)}`;
}

const tellers: Record<NonNullable<Remaining>["source"], string> = {
  declared: "by what was expected",
  progress: "by its progress",
  finished: "by runs that finished",
  convergence: "by how its loss falls",
};

/** `12m, by its progress (9m to 17m)`. */
export function etaWithSource(remaining: NonNullable<Remaining>): string {
  const { seconds, lowSeconds, highSeconds, source } = remaining;
  const [low, high] = [roughly(lowSeconds), roughly(highSeconds)];
  return `${roughly(seconds)}, ${tellers[source]}${low === high ? "" : ` (${low} to ${high})`}`;
}

/** Two units say enough. */
function roughly(seconds: number): string {
  const unit = seconds < 90 ? 1 : seconds < 5400 ? 60 : seconds < 2 * 86_400 ? 600 : 3600;
  return formatDuration(1000 * Math.max(1, unit * Math.round(seconds / unit)));
}
