import { completionSeconds } from "./figures.ts";
import type { SimulatedJob } from "./simulate.ts";
import { element, stepPath, textElement } from "./svg.ts";
import { grouped, linearTicks, logarithmicTicks, type Tick, timeIn, unitFor } from "./ticks.ts";
import { meansOver, type Timeline } from "./timeline.ts";

/** What one policy made of a trace; at least one job. */
export interface PlottedPolicy {
  policy: string;
  jobs: readonly SimulatedJob[];
  timeline: Timeline;
}

/** Colours that the colour-blind tell apart (Okabe and Ito 2008), each with dashes of its own. */
const STYLES = [
  ["#0072b2", "none"],
  ["#d55e00", "9 3"],
  ["#009e73", "3 3"],
  ["#cc79a7", "12 3 3 3"],
  ["#b88300", "6 2 2 2 2 2"],
  ["#3a9bd9", "16 4"],
  ["#000000", "1.5 2.5"],
  ["#777777", "5 5"],
] as const;

const WIDTH = 960;
const LEFT = 132;
const INK = "#222222";
const FAINT = "#666666";
const GRID = "#e4e4e4";
const WAITING = "#8a8a8a";

/** Of the distribution of completion times. */
const CURVES = { top: 108, width: 590, height: 270 };
/** Of what is drawn for each policy over time: GPUs upwards, waiting jobs downwards from one line. */
const ROWS = { top: 478, width: WIDTH - LEFT - 28, up: 48, down: 30, gap: 30 };
const ROW_HEIGHT = ROWS.up + ROWS.down + ROWS.gap;
const BINS = 400;

/**
 * An SVG with how completion times are distributed under each policy, and how many GPUs were held and how many jobs waited
 * over time. However many jobs there are it has a few points a pixel at most.
 *
 * @param title  what was simulated
 */
export function plotSimulation(title: string, gpus: number, policies: readonly PlottedPolicy[]): string {
  const height = ROWS.top + policies.length * ROW_HEIGHT + 48;
  const size = { width: WIDTH, height, viewBox: `0 0 ${WIDTH} ${height}` };
  const names = { role: "img", "aria-labelledby": "title description" };
  return `${element(
    "svg",
    { xmlns: "http://www.w3.org/2000/svg", ...size, ...names, "font-family": FONT, "font-size": 13, fill: INK },
    textElement("title", { id: "title" }, `Simulated scheduling: ${title}`),
    textElement("desc", { id: "description" }, description(gpus, policies)),
    element("rect", { width: WIDTH, height, fill: "#ffffff" }),
    textElement("text", { x: 28, y: 38, "font-size": 21, "font-weight": 600 }, title),
    ...completionCurves(policies),
    ...timelines(gpus, policies),
  )}\n`;
}

const FONT = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif";

function description(gpus: number, policies: readonly PlottedPolicy[]): string {
  const each = policies.map(({ policy, jobs }) => {
    const [mean, median] = [meanCompletion(jobs), sortedCompletions(jobs)[Math.floor((jobs.length - 1) / 2)] ?? 0];
    return `${policy}: mean ${timeIn(unitFor(mean), mean)}, median ${timeIn(unitFor(median), median)}.`;
  });
  return `Above, the share of jobs that were completed within a time, a line a policy. Below, GPUs held of ${gpus} and jobs waiting over time, a row a policy. Completion times: ${each.join(" ")}`;
}

function completionCurves(policies: readonly PlottedPolicy[]): string[] {
  const { top, width, height } = CURVES;
  const sorted = policies.map(({ jobs }) => sortedCompletions(jobs));
  const least = 0.9 * Math.max(1, Math.min(...sorted.map((times) => times[0] ?? 1)));
  const most = Math.max(2 * least, ...sorted.map((times) => times.at(-1) ?? 1));
  const across = (seconds: number) => LEFT + (width * Math.log(Math.max(1, seconds) / least)) / Math.log(most / least);
  const up = (share: number) => top + height * (1 - share);

  const lines = sorted.map((times, i) => {
    const points = curvePoints(times, across).map(([x, share]) => [x, up(share)] as const);
    return element("path", { d: stepPath(points), fill: "none", ...strokeOf(i) });
  });
  return [
    heading(top - 26, "Jobs completed within a time"),
    ...[0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
      line(LEFT, up(share), LEFT + width, up(share), GRID),
      label(LEFT - 10, up(share) + 4, `${100 * share} %`, "end"),
    ]),
    ...timeAxis(logarithmicTicks(least, most, 58 / width), across, top, top + height),
    label(LEFT + width / 2, top + height + 40, "completion time, from submission to end (log scale)", "middle"),
    ...lines,
    ...legend(policies),
  ];
}

/** Where the curve rises, and to what share: the last of each pixel, from 0 to 1. */
function curvePoints(sorted: Float64Array, across: (seconds: number) => number): (readonly [number, number])[] {
  const points: (readonly [number, number])[] = [[across(sorted[0] ?? 0), 0]];
  for (const [i, seconds] of sorted.entries()) {
    const next = sorted[i + 1];
    if (next !== undefined && Math.floor(across(next)) === Math.floor(across(seconds))) continue;
    points.push([across(seconds), (i + 1) / sorted.length]);
  }
  points.push([LEFT + CURVES.width, 1]);
  return points;
}

function legend(policies: readonly PlottedPolicy[]): string[] {
  const left = LEFT + CURVES.width + 32;
  const right = WIDTH - 28;
  const means = policies.map(({ jobs }) => meanCompletion(jobs));
  const unit = unitFor(Math.max(...means));
  return [
    label(right, CURVES.top + 4, "mean", "end"),
    ...policies.flatMap(({ policy }, i) => {
      const y = CURVES.top + 28 + 24 * i;
      return [
        element("line", { x1: left, y1: y - 4, x2: left + 40, y2: y - 4, ...strokeOf(i) }),
        textElement("text", { x: left + 50, y }, policy),
        textElement("text", { x: right, y, "text-anchor": "end" }, timeIn(unit, means[i] ?? 0)),
      ];
    }),
  ];
}

function timelines(gpus: number, policies: readonly PlottedPolicy[]): string[] {
  const from = Math.min(...policies.map(({ timeline }) => timeline.at[0] ?? 0));
  const to = Math.max(from + 1, ...policies.map(({ timeline }) => timeline.at.at(-1) ?? 0));
  const across = (seconds: number) => LEFT + (ROWS.width * seconds) / (to - from);
  const means = policies.map(({ timeline: { at, held, waiting } }) => ({
    held: meansOver(at, held, from, to, BINS),
    waiting: meansOver(at, waiting, from, to, BINS),
  }));
  const mostWaiting = Math.max(1, Math.ceil(Math.max(...means.flatMap(({ waiting }) => waiting))));
  const bottom = ROWS.top + policies.length * ROW_HEIGHT - ROWS.gap;

  const rows = means.flatMap(({ held, waiting }, i) => {
    const base = ROWS.top + ROW_HEIGHT * i + ROWS.up;
    const [colour] = styleOf(i);
    const area = (values: readonly number[], heightOfOne: number, fill: string) =>
      element("path", { d: areaPath(values, base, heightOfOne), fill, "fill-opacity": 0.75 });
    return [
      textElement("text", { x: 28, y: base + 4, "font-weight": 600 }, policies[i]?.policy ?? ""),
      line(LEFT, base - ROWS.up, LEFT + ROWS.width, base - ROWS.up, GRID),
      line(LEFT, base + ROWS.down, LEFT + ROWS.width, base + ROWS.down, GRID),
      label(LEFT - 10, base - ROWS.up + 5, grouped(gpus), "end"),
      label(LEFT - 10, base + 4, "0", "end"),
      label(LEFT - 10, base + ROWS.down + 4, grouped(mostWaiting), "end"),
      area(held, -ROWS.up / gpus, colour),
      area(waiting, ROWS.down / mostWaiting, WAITING),
      line(LEFT, base, LEFT + ROWS.width, base, INK),
    ];
  });
  return [
    heading(ROWS.top - 26, "GPUs held (upwards, coloured) and jobs waiting (downwards, grey)"),
    ...timeAxis(linearTicks(to - from, 8), across, ROWS.top, bottom),
    ...rows,
    label(LEFT + ROWS.width / 2, bottom + 40, "time since the first submission", "middle"),
  ];
}

function areaPath(values: readonly number[], base: number, heightOfOne: number): string {
  const width = ROWS.width / values.length;
  const points = values.map((value, i) => [LEFT + i * width, base + value * heightOfOne] as const);
  return `${stepPath([[LEFT, base], ...points, [LEFT + ROWS.width, base]])}Z`;
}

/** Marks and their labels below, with faint lines up to the top. */
function timeAxis(ticks: readonly Tick[], across: (seconds: number) => number, top: number, bottom: number): string[] {
  return ticks.flatMap(({ seconds, label: text }) => [
    line(across(seconds), top, across(seconds), bottom + 4, GRID),
    label(across(seconds), bottom + 20, text, "middle"),
  ]);
}

function heading(y: number, text: string): string {
  return textElement("text", { x: 28, y, "font-size": 15, "font-weight": 600 }, text);
}

function label(x: number, y: number, text: string, anchor: "middle" | "end"): string {
  return textElement("text", { x, y, fill: FAINT, "font-size": 12, "text-anchor": anchor }, text);
}

function line(x1: number, y1: number, x2: number, y2: number, stroke: string): string {
  return element("line", { x1, y1, x2, y2, stroke });
}

function styleOf(i: number): (typeof STYLES)[number] {
  return STYLES[i % STYLES.length] ?? STYLES[0];
}

/** What is drawn later is thinner, so that what it covers is seen on both sides of it. */
function strokeOf(i: number): Record<string, string | number> {
  const [stroke, dashes] = styleOf(i);
  return { stroke, "stroke-width": Math.max(1.5, 3 - 0.25 * i), "stroke-dasharray": dashes };
}

function sortedCompletions(jobs: readonly SimulatedJob[]): Float64Array {
  return Float64Array.from(jobs, completionSeconds).sort();
}

function meanCompletion(jobs: readonly SimulatedJob[]): number {
  return jobs.reduce((sum, job) => sum + completionSeconds(job), 0) / jobs.length;
}
