import { expect, test } from "vitest";
import { type CompiledSpace, compileSpace } from "./compiled_space.ts";
import { parseExclusion } from "./exclusion.ts";
import { parameterValue } from "./parameter_value.ts";
import { parseSetting } from "./setting.ts";
import type { Space } from "./space.ts";
import { describeSpaceProblem, isSpaceRefused, type SpaceProblem } from "./space_problem.ts";

function space(settings: string[], rest: Partial<Omit<Space, "exclude">> & { exclude?: string[] } = {}): Space {
  const axes = settings.map((setting) => {
    const axis = parseSetting(setting);
    if (isSpaceRefused(axis)) throw new Error(describeSpaceProblem(axis.problem));
    return axis;
  });
  const exclude = (rest.exclude ?? []).map((text) => {
    const exclusion = parseExclusion(text);
    if (isSpaceRefused(exclusion)) throw new Error(describeSpaceProblem(exclusion.problem));
    return exclusion;
  });
  return { axes, zip: rest.zip ?? [], exclude, sample: rest.sample ?? null, repeat: rest.repeat ?? 1 };
}

function compiled(given: Space): CompiledSpace {
  const made = compileSpace(given);
  if (isSpaceRefused(made)) throw new Error(describeSpaceProblem(made.problem));
  return made;
}

function problem(given: Space): SpaceProblem | null {
  const made = compileSpace(given);
  return isSpaceRefused(made) ? made.problem : null;
}

function runs(made: CompiledSpace): string[] {
  return Array.from({ length: made.total }, (_, k) =>
    made
      .at(k)
      .map(([name, value]) => `${name}=${value.text}`)
      .join(" "),
  );
}

test("every combination is a run; the order of the keys is kept, the last one changes fastest", () => {
  expect(runs(compiled(space(["lr=0.10,0.01", "layers=2,4"])))).toEqual([
    "lr=0.10 layers=2",
    "lr=0.10 layers=4",
    "lr=0.01 layers=2",
    "lr=0.01 layers=4",
  ]);
});

test("zipped parameters advance together, where the first of them stood", () => {
  const zipped = space(["lr=1,2", "seed=1..2", "layers=8,16"], { zip: [["layers", "lr"]] });
  expect(runs(compiled(zipped))).toEqual([
    "lr=1 seed=1 layers=8",
    "lr=1 seed=2 layers=8",
    "lr=2 seed=1 layers=16",
    "lr=2 seed=2 layers=16",
  ]);
});

test("a zipped list may repeat a value, a combination not", () => {
  const zip = [["lr", "layers"]];
  expect(runs(compiled(space(["lr=1,1,2", "layers=4,8,4"], { zip })))).toEqual([
    "lr=1 layers=4",
    "lr=1 layers=8",
    "lr=2 layers=4",
  ]);
  expect(problem(space(["lr=1,1,2", "layers=4,4,4"], { zip }))?.code).toBe("duplicate_value");
});

test("each combination is repeated one right after the other", () => {
  expect(runs(compiled(space(["a=x,y"], { repeat: 3 })))).toEqual(["a=x", "a=x", "a=x", "a=y", "a=y", "a=y"]);
  expect(compiled(space([], { repeat: 5 })).total).toBe(5);
});

test("excluded combinations are left out; numbers match however they are written", () => {
  const left = compiled(space(["lr=0.10,0.01", "layers=8,16"], { exclude: ["lr=0.1,layers=16"] }));
  expect(runs(left)).toEqual(["lr=0.10 layers=8", "lr=0.01 layers=8", "lr=0.01 layers=16"]);
});

test("where a value is written exactly as excluded, equal numbers stay: 3.1 is not 3.10", () => {
  expect(runs(compiled(space(["python=3.1,3.10"], { exclude: ["python=3.1"] })))).toEqual(["python=3.10"]);
});

test("an exclusion may name a range", () => {
  expect(runs(compiled(space(["seed=1..9"], { exclude: ["seed=3..9:3"] })))).toEqual(
    ["1", "2", "4", "5", "7", "8"].map((seed) => `seed=${seed}`),
  );
  expect(compiled(space(["seed=1..1000000"], { exclude: ["seed=3..1000000:3"] })).total).toBe(666_667);
});

test("a million runs are drawn from a million million combinations", () => {
  const made = compiled(space(["a=1..1000000", "b=1..1000000"], { sample: { count: 1_000_000, seed: 7 } }));
  const seen = new Set<number>();
  for (let k = 0; k < made.total; k += 1) {
    const [a, b] = made.at(k);
    seen.add(Number(a?.[1].text) * 1e6 + Number(b?.[1].text));
  }
  expect(seen.size).toBe(1_000_000);
});

test("what cannot be is refused with the facts", () => {
  expect(problem(space(["a=1,2", "a=3"]))).toEqual({ code: "duplicate_name", name: "a" });
  expect(problem(space(["a=1,2,1"]))).toEqual({ code: "duplicate_value", names: ["a"], value: "1" });
  expect(problem(space(["a=1,2", "b=1,2,3"], { zip: [["a", "b"]] }))).toEqual({
    code: "zip_lengths",
    lengths: [
      { name: "a", count: 2 },
      { name: "b", count: 3 },
    ],
  });
  expect(problem(space(["a=1", "b=1"], { zip: [["a", "c"]] }))).toMatchObject({ code: "zip_unknown_name", name: "c" });
  expect(problem(space(["a=1", "b=1"], { zip: [["a", "a"]] }))).toEqual({ code: "zip_twice", name: "a" });
  expect(problem(space(["a=1,2"], { exclude: ["b=1"] }))).toMatchObject({ code: "exclude_unknown_name" });
  expect(problem(space(["a=1,2"], { exclude: ["a=3"] }))).toEqual({
    code: "exclude_unknown_value",
    name: "a",
    value: "3",
    values: ["1", "2"],
  });
  expect(problem(space(["a=1,2"], { exclude: ["a=7..9"] }))?.code).toBe("exclude_unknown_value");
  expect(problem(space(["a=1,2"], { exclude: ["a=1..9"] }))).toEqual({ code: "excludes_everything", total: 2 });
  expect(problem(space(["a=1..3", "b=1,2"], { sample: { count: 7, seed: 0 } }))).toEqual({
    code: "sample_too_large",
    asked: 7,
    available: 6,
  });
  expect(problem(space(["a=1"], { sample: { count: 0, seed: 0 } }))?.code).toBe("bad_count");
  expect(problem(space(["a=1"], { sample: { count: 1, seed: 0.5 } }))?.code).toBe("bad_seed");
  expect(problem(space(["a=1"], { repeat: 0 }))?.code).toBe("bad_count");
  expect(problem(space(["a=1..4000", "b=1..4000"]))).toEqual({ code: "too_many_runs", total: 16_000_000 });
  expect(problem(space(["a=1..1000000"], { repeat: 11 }))).toEqual({ code: "too_many_runs", total: 11_000_000 });
  expect(problem(space(["a=1..1e9", "b=1..1e9"], { sample: { count: 5, seed: 1 } }))?.code).toBe(
    "too_many_combinations",
  );
  const values = [{ text: "x", json: "{" }];
  expect(problem({ ...space([]), axes: [{ name: "a", values: { kind: "list", values } }] })?.code).toBe("bad_json");
  const nul = [parameterValue("a\0b")];
  expect(problem({ ...space([]), axes: [{ name: "a", values: { kind: "list", values: nul } }] })?.code).toBe(
    "nul_in_value",
  );
  expect(problem({ ...space([]), axes: [{ name: "a", values: { kind: "list", values: [] } }] })?.code).toBe(
    "no_values",
  );
});
