import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseParams, readParamsFile } from "./params_file.ts";
import { describeParamsProblem, isParamsRefused } from "./params_problem.ts";

function parsed(name: string, text: string): string {
  const axes = parseParams(name, text);
  if (isParamsRefused(axes)) return describeParamsProblem(name, axes.problem);
  return axes
    .map(({ name, values }) => {
      if (values.kind !== "list") return `${name}: ${JSON.stringify(values)}`;
      return `${name}: ${values.values.map((one) => (one.text === one.json ? one.text : `${one.text}|${one.json}`)).join(" ; ")}`;
    })
    .join("\n");
}

test("values of a JSON file arrive as written, in the order of the file", () => {
  const text = `{
    "lr": [0.10, 1e-3, 12345678901234567890],
    "amp": [true, false, null],
    "model": ["a b", "0.1", "", "x\\ny"],
    "layers": 8, "name": "1..5",
    "dims": [[64,  64], {"a": 1.50, "b": [] }, []]
  }`;
  expect(parsed("p.json", text)).toBe(
    [
      "lr: 0.10 ; 1e-3 ; 12345678901234567890",
      "amp: true ; false ; null",
      'model: a b|"a b" ; 0.1|"0.1" ; |"" ; x\ny|"x\\ny"',
      "layers: 8",
      'name: 1..5|"1..5"',
      'dims: [64,64] ; {"a":1.50,"b":[]} ; []',
    ].join("\n"),
  );
});

test("values of a YAML file arrive as written, in the order of the file", () => {
  const text = [
    "# the usual ones",
    "lr: [0.10, 1e-3, 12345678901234567890]",
    "amp:",
    "  - true",
    "  - True",
    "  - ~",
    "model: [a b, '0.1', \"\", yes, 0x10, 2026-01-01, !!str 7]",
    "layers: &n 8",
    "again: *n",
    "text: |",
    "  two",
    "  lines",
    "dims: [[64, 64], {a: 1.50, b: [x]}]",
  ].join("\n");
  expect(parsed("p.yaml", text)).toBe(
    [
      "lr: 0.10 ; 1e-3 ; 12345678901234567890",
      'amp: true ; True|"True" ; ~|"~"',
      'model: a b|"a b" ; 0.1|"0.1" ; |"" ; yes|"yes" ; 0x10|"0x10" ; 2026-01-01|"2026-01-01" ; 7|"7"',
      "layers: 8",
      "again: 8",
      'text: two\nlines\n|"two\\nlines\\n"',
      'dims: [64,64] ; {"a":1.50,"b":["x"]}',
    ].join("\n"),
  );
});

test("an unquoted range in YAML is a range", () => {
  const text =
    "seed: 1..5\nlr: log:1e-5..1e-1:5\nname: '1..5'\ntext: !!str 1..5\nsome: [1..3, 10, '4..5']\nonly: [1..2]";
  expect(parsed("p.yaml", text)).toBe(
    [
      'seed: {"kind":"range","from":"1","to":"5","step":"1"}',
      'lr: {"kind":"log","from":"1e-5","to":"1e-1","count":5}',
      'name: 1..5|"1..5"',
      'text: 1..5|"1..5"',
      'some: 1 ; 2 ; 3 ; 10 ; 4..5|"4..5"',
      'only: {"kind":"range","from":"1","to":"2","step":"1"}',
    ].join("\n"),
  );
});

test("the ending says how strictly a file is read", () => {
  expect(parsed("p.json", "lr: [1]")).toContain("p.json:1:1: found something else where parameters should be named");
  expect(parsed("params", "lr: [1]")).toBe("lr: 1");
  expect(parsed("params", '{"lr": [1]}')).toBe("lr: 1");
  expect(parsed("p.yml", "{lr: [1, 0.10], }")).toBe("lr: 1 ; 0.10");
});

test("a mistake is named with its file, line and column", () => {
  const beginnings: [string, string, string][] = [
    ["p.json", "", "p.json: the file names no parameters."],
    ["p.json", " {}", "p.json: the file names no parameters."],
    ["p.json", "[1]", "p.json:1:1: found a list"],
    ["p.json", '{"lr": [0.1 0.2]}', 'p.json:1:13: expected a comma or ], found "0"'],
    ["p.json", '{"lr": [0.1,]}', 'p.json:1:13: expected a value, found "]"'],
    ["p.json", '{"lr": [0.1]', "p.json:1:13: expected a comma or }, found the end"],
    ["p.json", '{"lr": [01]}', 'p.json:1:9: expected a value, found "0"'],
    ["p.json", '{"lr": NaN}', 'p.json:1:8: expected a value, found "N"'],
    ["p.json", "{lr: 1}", 'p.json:1:2: expected a name in double quotes, found "l"'],
    ["p.json", '{"lr": 1} x', 'p.json:1:11: expected nothing more, found "x"'],
    ["p.json", '{\n  "lr": 1,\n  "lr": 2}', 'p.json:3:3: "lr" stands here a second time'],
    ["p.json", '{"o": {"a": 1, "a": 2}}', 'p.json:1:16: "a" stands here a second time'],
    ["p.json", '{\n "a": 1,\n "lr": []}', "p.json:3:2: The parameter lr has no values"],
    ["p.json", '{"l r": 1}', 'p.json:1:2: "l r" cannot be the name'],
    ["p.json", '{"x": "\\u0000"}', "p.json:1:2: The parameter x has a value with a NUL"],
    ["p.json", `{"x": ${"[".repeat(200)}}`, "p.json:1:108: the values are nested too deeply."],
    ["p.yaml", "", "p.yaml: the file names no parameters."],
    ["p.yaml", "# nothing\n", "p.yaml: the file names no parameters."],
    ["p.yaml", "- 1", "p.yaml:1:1: found a list"],
    ["p.yaml", "hello", "p.yaml:1:1: found a single value"],
    ["p.yaml", "a: 1\nlr: []", "p.yaml:2:1: The parameter lr has no values"],
    ["p.yaml", "a: 1\nlr:", "p.yaml:2:1: the parameter lr has no value here"],
    ["p.yaml", "lr: [1, , 2]", "p.yaml:1:"],
    ["p.yaml", "a: 1\nlr: 1\na: 2", 'p.yaml:3:1: "a" stands here a second time'],
    ["p.yaml", "o: [{a: 1, a: 2}]", 'p.yaml:1:12: "a" stands here a second time'],
    ["p.yaml", "a: [1\nb: 2", "p.yaml:2:"],
    ["p.yaml", "a: *nowhere", "p.yaml:1:4: *nowhere stands for nothing"],
    ["p.yaml", "a: 1\n---\nb: 2", "p.yaml:2:1: a second document begins here"],
    ["p.yaml", "a: !thing 1", "p.yaml:1:4: this is not valid YAML"],
    ["p.yaml", "1: 2", 'p.yaml:1:1: "1" cannot be the name'],
    ["p.yaml", "[1]: 2", 'p.yaml:1:1: "[1]" cannot be the name'],
    ["p.yaml", "lr: log:0..1:3", "p.yaml:1:1: The parameter lr has a range that cannot be computed"],
    ["p.yaml", "a: 1\nlr: [1, 1..5:0]", "p.yaml:2:9: The parameter lr has a range that cannot be computed"],
    ["p.yaml", "a: &a [*a]", "p.yaml:1:8: the parameter a has a value that is too large"],
  ];
  for (const [name, text, beginning] of beginnings) {
    expect(parsed(name, text).slice(0, beginning.length), text).toBe(beginning);
  }
});

test("aliases that multiply without end are refused, not expanded", () => {
  const levels = Array.from({ length: 30 }, (_, i) => `v${i + 1}: &v${i + 1} [[*v${i}, *v${i}, *v${i}]]`);
  expect(parsed("p.yaml", ["v0: &v0 [x]", ...levels].join("\n"))).toMatch(
    /^p\.yaml:\d+:\d+: the parameter v\d+ has a value that is too large/,
  );
});

test("any JSON of the right form is read alike by both readers", () => {
  const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.double({ noNaN: true, noDefaultInfinity: true }));
  const object = fc.dictionary(
    fc.stringMatching(/^[a-z][a-z0-9_]{0,5}$/),
    fc.array(value, { minLength: 1, maxLength: 4 }),
    {
      minKeys: 1,
      noNullPrototype: true,
    },
  );
  fc.assert(
    fc.property(object, fc.constantFrom(0, 2), (values, indent) => {
      const text = JSON.stringify(values, null, indent);
      const axes = parseParams("p.json", text);
      if (isParamsRefused(axes)) {
        expect(text).toContain("\\u0000");
        return;
      }
      expect(
        Object.fromEntries(
          axes.map((axis) => [
            axis.name,
            axis.values.kind === "list" && axis.values.values.map((one) => JSON.parse(one.json)),
          ]),
        ),
      ).toEqual(JSON.parse(text));
    }),
  );
});

test("a file is read from the disk, or said to be missing", async () => {
  const folder = await mkdtemp(join(tmpdir(), "runyard-params-"));
  try {
    const words = async (path: string) => {
      const axes = await readParamsFile(path);
      return isParamsRefused(axes) ? axes.problem : axes;
    };
    await writeFile(join(folder, "params.json"), '\ufeff{"lr": 1}');
    expect(await words(join(folder, "params.json"))).toHaveLength(1);
    expect(await words(join(folder, "other.json"))).toMatchObject({ reason: "there is no such file" });
    expect(await words(folder)).toMatchObject({ reason: "it is a folder, not a file" });
    await writeFile(join(folder, "latin.yaml"), Buffer.from([0x61, 0x3a, 0xe4]));
    expect(await words(join(folder, "latin.yaml"))).toMatchObject({ reason: expect.stringContaining("not UTF-8") });
  } finally {
    await rm(folder, { recursive: true });
  }
});
