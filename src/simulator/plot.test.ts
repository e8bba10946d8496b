import { describe, expect, test } from "vitest";
import { type PlottedPolicy, plotSimulation } from "./plot.ts";
import type { SimulatedJob } from "./simulate.ts";

/** Jobs that came each second and took so long, one after the other on one GPU each. */
function plotted(policy: string, completions: readonly number[]): PlottedPolicy {
  const jobs = completions.map((durationSeconds, i): SimulatedJob => {
    const job = { id: String(i), user: "", gpus: 1, submittedAt: i, durationSeconds, priority: 30 };
    return {
      job,
      startedAt: i,
      endedAt: i + durationSeconds,
      resizes: 0,
      ranSeconds: 1,
      gpuSeconds: 1,
      preemptions: 0,
    };
  });
  const at = completions.map((_, i) => i);
  return { policy, jobs, timeline: { at, held: at.map((i) => i % 8), waiting: at.map((i) => (i * i) % 97) } };
}

/** The names of the elements of a text that is well-formed XML, as far as plots use it. */
function elementsOf(text: string): string[] {
  const token =
    /<(\w+)((?: [\w:-]+="(?:[^<&"]|&(?:amp|lt|gt|quot);)*")*)(\/?)>|<\/(\w+)>|(?:[^<&>]|&(?:amp|lt|gt|quot);)+/y;
  const open: string[] = [];
  const names: string[] = [];
  while (token.lastIndex < text.length) {
    const at = token.lastIndex;
    const match = token.exec(text);
    if (!match) throw new Error(`not XML from here: ${text.slice(at, at + 60)}`);
    const [, name, attributes = "", isEmpty, closed] = match;
    if (name) {
      const keys = [...attributes.matchAll(/ ([\w:-]+)=/g)].map(([, key]) => key);
      expect(new Set(keys).size, attributes).toBe(keys.length);
      names.push(name);
      if (!isEmpty) open.push(name);
    }
    if (closed) expect(open.pop()).toBe(closed);
  }
  expect(open).toEqual([]);
  return names;
}

/** The numbers of a plot's coordinates. */
function coordinatesOf(svg: string): string[] {
  return [...svg.matchAll(/ (?:x|y|x1|x2|y1|y2|d|width|height)="([^"]*)"/g)].flatMap(([, value = ""]) =>
    value.split(/[MHVZ ]+/).filter((part) => part !== ""),
  );
}

const long = (times: number) => Array.from({ length: times }, (_, i) => 1 + ((i * 7919) % 1_000_003));

describe.each([
  ["one job", [plotted("fifo", [60])]],
  ["jobs that take no time", [plotted("fifo", [0, 0]), plotted("las", [0, 0])]],
  ["more policies than there are colours", Array.from({ length: 12 }, (_, i) => plotted(`p${i}`, [5, 500, 50_000]))],
  ["many jobs", Array.from({ length: 8 }, (_, i) => plotted(`p${i}`, long(82_000)))],
])("of %s", (_, policies) => {
  const svg = plotSimulation("a trace", 8, policies);

  test("the plot is well-formed, and each number a number", () => {
    expect(elementsOf(svg)[0]).toBe("svg");
    expect(coordinatesOf(svg).filter((text) => !/^-?\d+(\.\d)?$/.test(text))).toEqual([]);
  });

  test("the plot is small", () => {
    expect(svg.length).toBeLessThan(200_000);
  });

  test("each policy has a line and a row, and says its name at both", () => {
    for (const { policy } of policies) expect(svg.split(`>${policy}</text>`)).toHaveLength(3);
    expect(svg.match(/<path [^>]*fill="none"/g)).toHaveLength(policies.length);
    expect(svg.match(/<path [^>]*fill-opacity/g)).toHaveLength(2 * policies.length);
  });
});

test("lines differ in more than colour", () => {
  const svg = plotSimulation(
    "a trace",
    8,
    ["a", "b", "c", "d", "e", "f", "g", "h"].map((name) => plotted(name, [9, 99])),
  );
  const lines = [...svg.matchAll(/<path [^>]*stroke="([^"]*)"[^>]*stroke-dasharray="([^"]*)"/g)];
  expect(new Set(lines.map(([, colour]) => colour)).size).toBe(8);
  expect(new Set(lines.map(([, , dashes]) => dashes)).size).toBe(8);
});

test("a curve rises by its jobs' share at their times", () => {
  // From 0.9 s to 90 s: 1 s, 9 s and 90 s; the plot is 590 wide from 132, and 270 high from 378 upwards.
  const svg = plotSimulation("a trace", 8, [plotted("fifo", [90, 1, 9, 9])]);
  expect(/<path d="([^"]*)" fill="none"/.exec(svg)?.[1]).toBe("M145.5 378H145.5V310.5H427V175.5H722V108H722");
});

test("a row has GPUs upwards and waiting jobs downwards, over the whole time", () => {
  const timeline = { at: [50, 100, 150], held: [8, 4, 0], waiting: [0, 3, 0] };
  const svg = plotSimulation("a trace", 8, [{ ...plotted("fifo", [5]), timeline }]);
  const areas = [...svg.matchAll(/<path d="([^"]*)" [^>]*fill-opacity/g)].map(([, path]) => path);
  // 800 wide from 132; from 526 48 up, and 30 down.
  expect(areas).toEqual(["M132 526H132V478H532V502H932V526H932Z", "M132 526H532V556H932V526H932Z"]);
});

test("axes name their units, and titles what was simulated", () => {
  const svg = plotSimulation("t.csv: 3 jobs", 1000, [plotted("fifo", [30, 7200, 90_000])]);
  for (const text of ["1 min", "1 h", "1 d", "50 %", "1,000", "9.00 h"]) expect(svg).toContain(`>${text}</text>`);
  expect(svg).toContain('role="img" aria-labelledby="title description"');
  expect(svg).toContain('<title id="title">Simulated scheduling: t.csv: 3 jobs</title>');
  expect(svg).toMatch(/<desc id="description">.* fifo: mean 9\.00 h, median 2\.00 h\.<\/desc>/);
});

test("names are text, whatever is in them", () => {
  const name = `<script>"&'\u0007\ud800`;
  const svg = plotSimulation(name, 8, [plotted(name, [5])]);
  expect(elementsOf(svg)).not.toContain("script");
  expect(svg).toContain("&lt;script&gt;&quot;&amp;'\ufffd\ufffd");
  expect(svg).not.toContain("\u0007");
});
