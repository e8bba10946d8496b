import Anser, { type AnserJsonEntry } from "anser";
import type { ReactNode } from "react";
import { openOutputCleaner } from "../../../src/core/printable.ts";

/** Of a line longer than this, the rest is left to the download. */
const MOST_CHARACTERS = 10_000;

/** A line as a terminal would show it: colours, bold and the like, and of what was overwritten by `\r` the last. */
export function LogText({ text, mark }: { text: string; mark: string }) {
  const entries = Anser.ansiToJson(cleaned(text), { use_classes: true, json: true, remove_empty: true });
  return entries.map((entry, i) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a line's parts have no other name, and never change places
    <span key={i} className={classOf(entry)} style={styleOf(entry)}>
      <Marked text={entry.content} mark={mark} />
    </span>
  ));
}

function cleaned(text: string): string {
  const last = text.replace(/\r+$/, "");
  const visible = last.slice(last.lastIndexOf("\r") + 1);
  const short =
    visible.length > MOST_CHARACTERS
      ? `${visible.slice(0, MOST_CHARACTERS)} … ${visible.length - MOST_CHARACTERS} more characters`
      : visible;
  return openOutputCleaner().clean(new TextEncoder().encode(short));
}

function Marked({ text, mark }: { text: string; mark: string }) {
  if (mark === "") return text;
  const isExact = mark !== mark.toLowerCase();
  const searched = isExact ? text : text.toLowerCase();
  // What changes its length with its case cannot be matched by place.
  if (searched.length !== text.length) return text;
  const parts: ReactNode[] = [];
  let at = 0;
  for (let hit = searched.indexOf(mark); hit !== -1; hit = searched.indexOf(mark, at)) {
    parts.push(
      text.slice(at, hit),
      <mark key={hit} className="rounded-xs bg-waiting text-surface">
        {text.slice(hit, hit + mark.length)}
      </mark>,
    );
    at = hit + mark.length;
  }
  return [...parts, text.slice(at)];
}

const decorations: Record<string, string> = {
  bold: "font-bold",
  dim: "opacity-70",
  italic: "italic",
  underline: "underline",
  strikethrough: "line-through",
};

function classOf({ fg, bg, decorations: all }: AnserJsonEntry): string {
  const isReversed = all.includes("reverse");
  const colours = [fg && named(fg) && `${fg}-fg`, bg && named(bg) && `${bg}-bg`, isReversed && "ansi-reverse"];
  return [...colours, ...all.map((one) => decorations[one])].filter(Boolean).join(" ");
}

function named(colour: string): boolean {
  return /^ansi-(bright-)?(black|red|green|yellow|blue|magenta|cyan|white)$/.test(colour);
}

function styleOf({ fg, bg, fg_truecolor, bg_truecolor }: AnserJsonEntry) {
  const [color, background] = [colourOf(fg, fg_truecolor), colourOf(bg, bg_truecolor)];
  // Programs choose colours for grounds of their own: mixed with the ink, any of them can be read on this one.
  const readable = color && `color-mix(in srgb, ${color} 40%, var(--ink))`;
  return { ...(readable && { color: readable }), ...(background && { background }) };
}

/** One of the 256 colours of xterm's palette, or any. */
function colourOf(name: string | null, truecolour: string | null): string | null {
  if (name === "ansi-truecolor" && truecolour) return `rgb(${truecolour})`;
  const index = Number(/^ansi-palette-(\d+)$/.exec(name ?? "")?.[1] ?? Number.NaN);
  if (index >= 232)
    return `rgb(${Array(3)
      .fill(8 + 10 * (index - 232))
      .join(" ")})`;
  if (!(index >= 16)) return null;
  const levels = [Math.floor((index - 16) / 36), Math.floor((index - 16) / 6) % 6, (index - 16) % 6];
  return `rgb(${levels.map((level) => (level === 0 ? 0 : 55 + 40 * level)).join(" ")})`;
}
