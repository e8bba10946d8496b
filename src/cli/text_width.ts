/** Characters that take two columns (East Asian Wide and Fullwidth, emoji), coarse but enough for tables. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const NARROWER = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
const ASCII = /^[\x20-\x7e]*$/;

/** How many columns a text takes on a terminal. Escape sequences must not be in it. */
export function textWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const char of text) width += charWidth(char);
  return width;
}

/** The text, cut with `…` where it is wider than `width`. */
export function cutTo(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  if (width < 1) return "";
  let cut = "";
  let taken = 0;
  for (const char of text) {
    taken += charWidth(char);
    if (taken > width - 1) break;
    cut += char;
  }
  return `${cut}…`;
}

export function padTo(text: string, width: number, align: "left" | "right"): string {
  const padding = " ".repeat(Math.max(0, width - textWidth(text)));
  return align === "left" ? text + padding : padding + text;
}

function charWidth(char: string): number {
  return WIDE.test(char) ? 2 : NARROWER.test(char) ? 0 : 1;
}
