const REDRAW_MS = 100;

/** A few lines at the end of the terminal that are drawn anew as things change. */
export interface LiveArea {
  /** At most ten times a second; in between the latest counts. */
  draw(lines: () => string[]): void;
  /** A line above the area, which stays. */
  above(line: string): void;
  /** Takes the area away. */
  close(): void;
}

export function openLiveArea(stream: NodeJS.WriteStream): LiveArea {
  let height = 0;
  let pending: (() => string[]) | null = null;
  let timer: NodeJS.Timeout | null = null;
  let lines: string[] = [];

  // From the first column: what is typed meanwhile, Ctrl-C too, moves the cursor.
  const clear = () => (height === 0 ? "" : `\r\x1b[${height}A\x1b[0J`);

  function paint(before = ""): void {
    const text = `${clear()}${before}${lines.map((line) => `${line}\n`).join("")}`;
    height = lines.length;
    stream.write(text);
  }

  function later(): void {
    timer ??= setTimeout(() => {
      timer = null;
      if (!pending) return;
      lines = pending();
      pending = null;
      paint();
      later();
    }, REDRAW_MS);
  }

  return {
    draw(newest) {
      pending = newest;
      later();
    },
    above: (line) => paint(`${line}\n`),
    close() {
      if (timer) clearTimeout(timer);
      pending = null;
      lines = [];
      paint();
    },
  };
}
