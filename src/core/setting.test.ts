import { expect, test } from "vitest";
import { type Exclusion, parseExclusion } from "./exclusion.ts";
import { parseSetting, parseZip } from "./setting.ts";
import { isSpaceRefused } from "./space_problem.ts";

function values(setting: string): string {
  const axis = parseSetting(setting);
  if (isSpaceRefused(axis)) return axis.problem.code;
  return axis.values.kind === "list"
    ? axis.values.values.map((value) => `${value.text}|${value.json}`).join(" ; ")
    : JSON.stringify(axis.values);
}

function exclusion(text: string): Exclusion | string {
  const parsed = parseExclusion(text);
  return isSpaceRefused(parsed) ? parsed.problem.code : parsed;
}

test("values arrive as written, and as the same literal in JSON", () => {
  expect(values("lr=0.10,0.01")).toBe("0.10|0.10 ; 0.01|0.01");
  expect(values("amp=true,false,null")).toBe("true|true ; false|false ; null|null");
  expect(values("seed=12345678901234567890")).toBe("12345678901234567890|12345678901234567890");
  expect(values("model=resnet,True,007,.5,NaN")).toBe(
    'resnet|"resnet" ; True|"True" ; 007|"007" ; .5|".5" ; NaN|"NaN"',
  );
  expect(values("x=a=b")).toBe('a=b|"a=b"');
});

test("spaces around values do not count, those within them do", () => {
  expect(values("x= a b ,  c")).toBe('a b|"a b" ; c|"c"');
});

test("quotes make text of anything, as in JSON", () => {
  expect(values('x="a,b",c')).toBe('a,b|"a,b" ; c|"c"');
  expect(values('x="1..5"')).toBe('1..5|"1..5"');
  expect(values('x="0.1"')).toBe('0.1|"0.1"');
  expect(values('x=""')).toBe('|""');
  expect(values('x=" \\"q\\" \\n"')).toBe(' "q" \n|" \\"q\\" \\n"');
  expect(values('x=5" disk')).toBe('5" disk|"5\\" disk"');
});

test("a JSON list or object is one value, as written", () => {
  expect(values("dims=[64, 64],[128]")).toBe("[64, 64]|[64, 64] ; [128]|[128]");
  expect(values('o={"a":"]","b":[1,2]}')).toBe('{"a":"]","b":[1,2]}|{"a":"]","b":[1,2]}');
  expect(values("glob=[ab],{name}")).toBe('[ab]|"[ab]" ; {name}|"{name}"');
});

test("ranges are kept as ranges, and written out beside other values", () => {
  expect(values("seed=1..5")).toBe('{"kind":"range","from":"1","to":"5","step":"1"}');
  expect(values("lr=log:1e-5..1e-1:5")).toBe('{"kind":"log","from":"1e-5","to":"1e-1","count":5}');
  expect(values("x=lin:0..1:5")).toBe('{"kind":"lin","from":"0","to":"1","count":5}');
  expect(values("seed=1..3,10")).toBe("1|1 ; 2|2 ; 3|3 ; 10|10");
  expect(values("seed=7,1..2,8..9")).toBe("7|7 ; 1|1 ; 2|2 ; 8|8 ; 9|9");
  expect(values("seed=1..1000000,5")).toBe("bad_range");
});

test("a setting that cannot be read is refused", () => {
  expect(values("lr")).toBe("bad_setting");
  expect(values("=1")).toBe("bad_name");
  expect(values("1x=1")).toBe("bad_name");
  expect(values("l r=1")).toBe("bad_name");
  expect(values("lr=")).toBe("no_values");
  expect(values("lr=  ")).toBe("no_values");
  expect(values("lr=1,,2")).toBe("empty_value");
  expect(values("lr=1,")).toBe("empty_value");
  expect(values('lr="a')).toBe("bad_quoting");
  expect(values('lr="a"b')).toBe("bad_quoting");
  expect(values('lr="\\x"')).toBe("bad_quoting");
  expect(values("dims=[64,64")).toBe("bad_quoting");
  expect(values("x=[a,b]")).toBe("bad_quoting");
  expect(values("lr=log:1..10")).toBe("bad_range");
  expect(values('x="\\u0000"')).toBe("nul_in_value");
});

test("an exclusion names values of parameters", () => {
  expect(exclusion("lr=0.1,layers=16")).toEqual([
    { name: "lr", text: "0.1" },
    { name: "layers", text: "16" },
  ]);
  expect(exclusion('x="a,b=c", y= 2')).toEqual([
    { name: "x", text: "a,b=c" },
    { name: "y", text: "2" },
  ]);
  expect(exclusion('x=""')).toEqual([{ name: "x", text: "" }]);
  for (const text of ["", "lr", "lr=", "lr=1,", "lr=1,2", "=1", 'lr="a'])
    expect(exclusion(text), text).toBe("bad_exclusion");
  expect(exclusion("lr=1,lr=2")).toBe("exclude_twice");
});

test("a zip names two parameters or more", () => {
  expect(parseZip("lr, layers")).toEqual(["lr", "layers"]);
  for (const text of ["", "lr", "lr,", "lr,2x"]) expect(isSpaceRefused(parseZip(text)), text).toBe(true);
});
