import fc from "fast-check";
import { expect, test } from "vitest";
import type { Axis } from "./axis.ts";
import { parseRange, valueSequence } from "./axis_values.ts";
import { type CompiledSpace, compileSpace, compileSpaces } from "./compiled_space.ts";
import { parameterValue } from "./parameter_value.ts";
import type { Space } from "./space.ts";
import { extendSpace } from "./space_extension.ts";
import { describeSpaceProblem, isSpaceRefused } from "./space_problem.ts";

/* The same spaces by the simplest means: loops, lists and comparisons of everything with everything. */

type Run = [string, string][];

const NAMES = ["a", "b", "c", "d"];
const WORDS = ["1", "2", "3", "1.0", "0.1", "0.10", "1e-1", "x", "true", ""];
const RANGES = ["1..3", "3..1", "0..1:0.5", "2..8:3", "log:0.1..10:3", "lin:0..2:3"];

function textsOf(axis: Axis): string[] {
  const sequence = valueSequence(axis.name, axis.values);
  if (isSpaceRefused(sequence)) throw new Error(describeSpaceProblem(sequence.problem));
  return Array.from({ length: sequence.count }, (_, i) => sequence.at(i).text);
}

function rangeTexts(text: string): string[] | null {
  const values = parseRange("x", text);
  return values && !isSpaceRefused(values) ? textsOf({ name: "x", values }) : null;
}

function equal(a: string, b: string): boolean {
  const numbers = [a, b].every((text) => /^[\d.e-]+$/.test(text));
  return a === b || (numbers && Number(a) === Number(b));
}

function matches(axis: Axis, text: string, named: string): boolean {
  const texts = textsOf(axis);
  if (texts.includes(named)) return text === named;
  if (texts.some((one) => equal(one, named))) return equal(text, named);
  return rangeTexts(named)?.some((one) => equal(one, text)) ?? false;
}

function modelledRuns(space: Space): Run[] {
  let runs: Map<string, string>[] = [new Map()];
  for (const axis of space.axes) {
    const zipped = space.zip.find((names) => names.includes(axis.name)) ?? [axis.name];
    const group = space.axes.filter((one) => zipped.includes(one.name));
    if (group[0] !== axis) continue;
    const lists = group.map(textsOf);
    const steps = textsOf(axis).map((_, i) => group.map((one, n): [string, string] => [one.name, lists[n]?.[i] ?? ""]));
    runs = runs.flatMap((run) => steps.map((step) => new Map([...run, ...step])));
  }
  return runs
    .filter(
      (run) =>
        !space.exclude.some((exclusion) =>
          exclusion.every(({ name, text }) => {
            const axis = space.axes.find((one) => one.name === name);
            return axis !== undefined && matches(axis, run.get(name) ?? "", text);
          }),
        ),
    )
    .map((run) => space.axes.map(({ name }): [string, string] => [name, run.get(name) ?? ""]))
    .flatMap((run) => new Array<Run>(space.repeat).fill(run));
}

function list(texts: string[]): Axis["values"] {
  return { kind: "list", values: texts.map(parameterValue) };
}

function range(text: string): Axis["values"] {
  const values = parseRange("x", text);
  if (!values || isSpaceRefused(values)) throw new Error(`${text} is no range`);
  return values;
}

function someValues(least: number, most: number, keyOf: (text: string) => string): fc.Arbitrary<Axis["values"]> {
  const texts = fc.uniqueArray(fc.constantFrom(...WORDS), { minLength: least, maxLength: most, selector: keyOf });
  return fc.oneof(texts.map(list), fc.constantFrom(...RANGES).map(range));
}

/** `keyOf` says which texts may not stand in one list together. */
function someSpaces(keyOf: (text: string) => string): fc.Arbitrary<Space> {
  const axesAndZip = fc.subarray(NAMES, { minLength: 1 }).chain((names) =>
    fc.subarray(names).chain((chosen) => {
      const zip = chosen.length >= 2 ? [chosen] : [];
      const axes = names.map((name) => anAxis(name, zip, keyOf));
      return fc.tuple(...axes).map((made) => ({ axes: made, zip }));
    }),
  );
  return axesAndZip.chain(({ axes, zip }) => {
    const pair = fc
      .constantFrom(...axes)
      .chain((axis) => fc.constantFrom(...textsOf(axis)).map((text) => ({ name: axis.name, text })));
    const exclusion = fc.uniqueArray(pair, { minLength: 1, maxLength: 3, selector: ({ name }) => name });
    return fc.record({
      axes: fc.constant(axes),
      zip: fc.constant(zip),
      exclude: fc.array(exclusion, { maxLength: 3 }),
      sample: fc.constant(null),
      repeat: fc.integer({ min: 1, max: 3 }),
    });
  });
}

function anAxis(name: string, zip: string[][], keyOf: (text: string) => string): fc.Arbitrary<Axis> {
  const [least, most] = zip.flat().includes(name) ? [3, 3] : [1, 4];
  return someValues(least, most, keyOf).map((values) => ({ name, values }));
}

const spaces = someSpaces((text) => text);

/** A list that tells 1 from 1.0 leaves open which of them an equal number of another part is: none here does. */
const asNumber = (text: string) => (/^[\d.e-]+$/.test(text) ? String(Number(text)) : text);

const extensions = someSpaces(asNumber).chain((space) => {
  const changes = fc
    .subarray(space.axes, { minLength: 1 })
    .chain((axes) => fc.tuple(...axes.map(({ name }) => anAxis(name, space.zip, asNumber))));
  return fc.record({
    space: fc.constant(space),
    rounds: fc.array(changes, { minLength: 1, maxLength: 3 }),
    seed: fc.nat(),
  });
});

function textRun(compiled: CompiledSpace, k: number): Run {
  return compiled.at(k).map(([name, value]) => [name, value.text]);
}

function runsOf(compiled: CompiledSpace): Run[] {
  return Array.from({ length: compiled.total }, (_, k) => textRun(compiled, k));
}

function made(spaces: Space[]): CompiledSpace {
  const compiled = compileSpaces(JSON.parse(JSON.stringify(spaces)));
  if (isSpaceRefused(compiled)) throw new Error(describeSpaceProblem(compiled.problem));
  return compiled;
}

function sameRun(a: Run, b: Run): boolean {
  return a.every(([, text], i) => equal(text, b[i]?.[1] ?? ""));
}

test("a space is what a slow enumeration makes of it", () => {
  fc.assert(
    fc.property(spaces, (space) => {
      const model = modelledRuns(space);
      const compiled = compileSpace(space);
      if (isSpaceRefused(compiled)) {
        expect([compiled.problem.code, model.length]).toEqual(["excludes_everything", 0]);
        return;
      }
      expect(runsOf(compiled)).toEqual(model);
      for (const run of modelledRuns({ ...space, exclude: [] })) {
        expect(compiled.find(new Map(run))).toBe(model.findIndex((other) => other.join() === run.join()));
      }
    }),
    { numRuns: 500 },
  );
});

test("a sample holds different combinations of those not excluded, in an order that its seed alone decides", () => {
  fc.assert(
    fc.property(spaces, fc.nat(), fc.maxSafeInteger(), (given, some, seed) => {
      const space = { ...given, repeat: 1 };
      const model = modelledRuns(space);
      if (model.length === 0) return;
      const count = 1 + (some % model.length);
      const compiled = made([{ ...space, sample: { count, seed } }]);
      const drawn = runsOf(compiled).map((run) => run.join());
      expect([compiled.total, new Set(drawn).size]).toEqual([count, count]);
      for (const run of model) expect(compiled.find(new Map(run))).toBe(drawn.indexOf(run.join()));
      expect(model.map((run) => run.join())).toEqual(expect.arrayContaining(drawn));
      const all = runsOf(made([{ ...space, sample: { count: model.length, seed } }]));
      expect(all.slice(0, count).map((run) => run.join())).toEqual(drawn);
    }),
    { numRuns: 300 },
  );
});

function changed(space: Space, changes: readonly Axis[]): Space {
  return { ...space, axes: space.axes.map((axis) => changes.find(({ name }) => name === axis.name) ?? axis) };
}

test("an extension adds the changed combinations that no part has yet, and nothing a second time", () => {
  fc.assert(
    fc.property(extensions, ({ space, rounds }) => {
      let parts: Space[] = [space];
      let model = modelledRuns({ ...space, repeat: 1 });
      if (model.length === 0) return;
      for (const changes of rounds) {
        const grown = extendSpace(parts, changes);
        if (isSpaceRefused(grown)) throw new Error(describeSpaceProblem(grown.problem));
        const before = model.length;
        for (const part of parts) {
          for (const run of modelledRuns({ ...changed(part, changes), repeat: 1 })) {
            if (!model.some((other) => sameRun(run, other))) model = [...model, run];
          }
        }
        parts = [...parts, ...grown.spaces];
        const compiled = made(parts);
        expect(grown.added).toBe((model.length - before) * space.repeat);
        expect(runsOf(compiled)).toEqual(model.flatMap((run) => new Array<Run>(space.repeat).fill(run)));
        for (const [i, run] of model.entries()) expect(compiled.find(new Map(run))).toBe(i * space.repeat);
        expect(extendSpace(parts, changes)).toEqual({ spaces: [], added: 0 });
      }
    }),
    { numRuns: 300 },
  );
});

test("a sampled job that is extended draws among the changed combinations, and never one that it has", () => {
  fc.assert(
    fc.property(extensions, ({ space, rounds, seed }) => {
      const some = { ...space, repeat: 1, sample: null };
      const count = Math.ceil(modelledRuns(some).length / 2);
      if (count === 0) return;
      let parts: Space[] = [{ ...some, sample: { count, seed } }];
      for (const changes of rounds) {
        const grown = extendSpace(parts, changes);
        if (isSpaceRefused(grown)) throw new Error(describeSpaceProblem(grown.problem));
        const before = runsOf(made(parts));
        parts = [...parts, ...grown.spaces];
        const after = runsOf(made(parts));
        const added = after.slice(before.length);
        expect(after.slice(0, before.length)).toEqual(before);
        expect(added.length).toBe(grown.added);
        for (const run of added) expect(before.some((other) => sameRun(run, other))).toBe(false);
        expect(new Set(after.map((run) => run.join())).size).toBe(after.length);
        expect(extendSpace(parts, changes)).toMatchObject({ added: 0 });
      }
    }),
    { numRuns: 300 },
  );
});
