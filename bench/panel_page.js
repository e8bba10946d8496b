// What measures within a page of the panel. It is laid into every page before its own scripts.
const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));

globalThis.measured = {
  /** The text of the table's first row. */
  firstRow() {
    return document.querySelector('[role="row"][aria-rowindex="2"]')?.textContent ?? null;
  },

  /** Resolves with the page's time at which the first row, painted, is another than before, and like the pattern. */
  async painted(pattern, before = null) {
    const until = performance.now() + 30_000;
    for (;;) {
      const row = measured.firstRow();
      if (row !== null && row !== before && new RegExp(pattern).test(row)) break;
      if (performance.now() > until) throw new Error(`the first row is never like ${pattern}: ${row}`);
      await frame();
    }
    await frame();
    await frame();
    return performance.now();
  },

  /** The longest time between two frames while the table is scrolled, and the most rows that were drawn. */
  async scrolled(forMs) {
    const grid = document.querySelector('[role="grid"]');
    const frames = [];
    let rows = 0;
    for (let last = performance.now(), until = last + forMs; last < until; ) {
      grid.scrollTop += 240;
      await frame();
      const now = performance.now();
      frames.push(now - last);
      last = now;
      rows = Math.max(rows, document.querySelectorAll('[role="row"]').length);
    }
    return { longestMs: Math.max(...frames.slice(5)), rows };
  },

  /** How old the latest line of the output was at each frame, and the longest frame. Lines end with the time of their printing. */
  async followed(forMs) {
    const [lags, frames] = [[], []];
    for (let last = performance.now(), until = last + forMs; last < until; ) {
      await frame();
      const now = performance.now();
      frames.push(now - last);
      last = now;
      const latest = /at (\d+)\s*$/.exec(document.querySelector('[role="log"]')?.textContent ?? "")?.[1];
      if (latest) lags.push(Date.now() - Number(latest));
    }
    return { lags, longestMs: Math.max(...frames.slice(5)) };
  },

  /** The packed bytes of the scripts that came along. */
  scriptBytes() {
    const scripts = performance.getEntriesByType("resource").filter(({ name }) => name.endsWith(".js"));
    return scripts.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0);
  },
};
