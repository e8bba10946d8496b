/**
 * Time and memory of parameter spaces with a million runs: accepting them, finding any run, extending them.
 * Run with: npx node --expose-gc bench/spaces.ts
 */
import { parseParams } from "../src/cli/params_file.ts";
import { isParamsRefused } from "../src/cli/params_problem.ts";
import type { Axis } from "../src/core/axis.ts";
import { compileSpace } from "../src/core/compiled_space.ts";
import type { Exclusion } from "../src/core/exclusion.ts";
import { parseExclusion } from "../src/core/exclusion.ts";
import { parseSetting } from "../src/core/setting.ts";
import type { Space } from "../src/core/space.ts";
import { extendSpace } from "../src/core/space_extension.ts";
import { describeSpaceProblem, isSpaceRefused, type SpaceRefused } from "../src/core/space_problem.ts";

function accepted<T extends object>(value: T | SpaceRefused): T {
  if (isSpaceRefused(value)) throw new Error(describeSpaceProblem(value.problem));
  return value;
}

function axes(...settings: string[]): Axis[] {
  return settings.map((setting) => accepted<Axis>(parseSetting(setting)));
}

function excluding(...texts: string[]): Exclusion[] {
  return texts.map((text) => accepted<Exclusion>(parseExclusion(text)));
}

function listedAxes(count: number): Axis[] {
  const list = Array.from({ length: count }, (_, i) => `"v${i}"`);
  const parsed = parseParams("listed.json", `{"x": [${list.join()}]}`);
  if (isParamsRefused(parsed)) throw new Error("the list cannot be read");
  return parsed;
}

function heldBytes(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const plain = { zip: [], exclude: [], sample: null, repeat: 1 };
const thirds = Array.from({ length: 333 }, (_, i) => `b=${3 * i + 3}`);
const spaces: [string, Space, Axis[]][] = [
  ["range", { ...plain, axes: axes("seed=1..1000000") }, axes("seed=500001..1500000")],
  ["product", { ...plain, axes: axes("a=1..1000", "b=1..1000") }, axes("a=1001..2000")],
  [
    "zip",
    { ...plain, axes: axes("a=1..1000000", "b=1000001..2000000"), zip: [["a", "b"]] },
    axes("a=500001..1500000", "b=1500001..2500000"),
  ],
  [
    "exclude every third (range)",
    { ...plain, axes: axes("seed=1..1500000"), exclude: excluding("seed=3..1500000:3") },
    axes("seed=1000001..2000000"),
  ],
  [
    "exclude every third (333 values)",
    { ...plain, axes: axes("a=1..1500", "b=1..1000"), exclude: excluding(...thirds) },
    axes("a=1001..2000"),
  ],
  [
    "sample of 10^12",
    { ...plain, axes: axes("a=1..1000000", "b=1..1000000"), sample: { count: 1_000_000, seed: 1 } },
    axes("a=500001..1500000"),
  ],
  ["repeat", { ...plain, axes: axes("a=1..1000"), repeat: 1000 }, axes("a=501..1500")],
  ["list", { ...plain, axes: listedAxes(1_000_000) }, axes("x=v5,w1,w2")],
];

for (const [title, space, changes] of spaces) {
  const before = heldBytes();
  const started = performance.now();
  const compiled = accepted(compileSpace(space));
  const compileMs = performance.now() - started;
  const held = heldBytes() - before;

  const lookStarted = performance.now();
  const looks = 100_000;
  for (let i = 0; i < looks; i += 1) compiled.at((i * 7_919) % compiled.total);
  const lookUs = ((performance.now() - lookStarted) * 1000) / looks;

  const extendStarted = performance.now();
  const { added } = accepted(extendSpace([space], changes));
  const extendMs = performance.now() - extendStarted;
  console.log(
    `${title.padEnd(34)} ${String(compiled.total).padStart(9)} runs  accept ${compileMs.toFixed(0).padStart(5)} ms` +
      `  holds ${(held / 1e6).toFixed(1).padStart(5)} MB  at() ${lookUs.toFixed(2).padStart(5)} µs` +
      `  extend ${extendMs.toFixed(0).padStart(5)} ms (+${added})`,
  );
}
