/**
 * Escape sequences as terminals read them (ECMA-48): CSI, the strings OSC, DCS, SOS, PM and APC up to their end, and the
 * short ones. What is cut off before its end reaches to the end of the text.
 */
const SEQUENCE =
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*(?:[@-~]|$)|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c|$)|\x1b[ -/]*(?:[0-~]|$)/g;
const COLOUR = /^\x1b\[[0-9;:]*m$/;
/** Controls, and what turns the direction of text around. Tab, line feed and carriage return are dealt with apart. */
const CONTROLS = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
const HARMLESS = /^[\x20-\x7e]*$/;

/** Text that Runyard did not write, fit for one line of a terminal: no escape sequence, control or bidi override in it. */
export function printable(text: string): string {
  if (HARMLESS.test(text)) return text;
  return text
    .replace(SEQUENCE, "")
    .replace(/[\t\r\n]+/g, " ")
    .replace(CONTROLS, "");
}

/** The same for a text of several lines, which stay. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

/** JSON that does nothing to a terminal: what JSON itself does not escape is escaped too. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value).replace(CONTROLS, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** An unfinished sequence at the end of a piece, to be completed by the next one. */
const UNFINISHED =
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*$|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*\x1b?$|\x1b[ -/]*$/;
const LONGEST_SEQUENCE = 4096;

/** Cleans a stream of output for a terminal, piece by piece: lines, tabs, carriage returns and colours stay. */
export interface OutputCleaner {
  clean(bytes: Uint8Array): string;
  /** What was kept back, and an end to colours that were begun. */
  end(): string;
}

export function openOutputCleaner(): OutputCleaner {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let rest = "";
  let isColoured = false;

  function keep(text: string): string {
    return text
      .replace(SEQUENCE, (sequence) => {
        if (!COLOUR.test(sequence)) return "";
        isColoured = !/^\x1b\[0*m$/.test(sequence);
        return sequence.replace("\x1b", "\0");
      })
      .replace(CONTROLS, (control) => (control === "\0" ? "\x1b" : ""));
  }

  return {
    clean(bytes) {
      // A NUL stands for the escape of a colour meanwhile.
      const text = rest + decoder.decode(bytes, { stream: true }).replaceAll("\0", "");
      const cut = UNFINISHED.exec(text);
      const end = cut && text.length - cut.index <= LONGEST_SEQUENCE ? cut.index : text.length;
      rest = text.slice(end);
      return keep(text.slice(0, end));
    },
    end() {
      const last = keep(rest + decoder.decode().replaceAll("\0", ""));
      rest = "";
      return isColoured ? `${last}\x1b[0m` : last;
    },
  };
}
