import { printable } from "../../../../src/core/printable.ts";
import { usePainted } from "../../app/theme.ts";
import { colourOn, rampColour } from "./colours.ts";
import type { Scale } from "./scale.ts";

/** What the colours of a plot mean. */
export function ColourKey({ title, scale }: { title: string; scale: Scale }) {
  const theme = usePainted();
  const colour = colourOn(scale, theme);
  const stops = [0, 0.25, 0.5, 0.75, 1].map((part) => rampColour(theme, part)).join(", ");
  const [first, last] = scale.ends;
  return (
    <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-xs text-muted">
      <span className="font-medium text-ink">{printable(title)}</span>
      {scale.kind === "words" && scale.ticks.length <= 8 ? (
        scale.ticks.map(({ text }) => (
          <span key={text} className="flex items-center gap-1">
            <span aria-hidden="true" className="size-2.5 rounded-full" style={{ background: colour(text) ?? "" }} />
            {printable(text)}
          </span>
        ))
      ) : (
        <span className="flex items-center gap-1.5">
          {printable(first)}
          <span
            aria-hidden="true"
            className="h-2 w-24 rounded-full"
            style={{ background: `linear-gradient(to right, ${stops})` }}
          />
          {printable(last)}
          {scale.kind === "log" && " (log)"}
        </span>
      )}
    </p>
  );
}
