import { expect, test } from "vitest";
import { parseEnvironmentFile } from "./environment_file.ts";

test("a file of variables is read with comments, quotes and export", () => {
  const text = [
    "# comment",
    "",
    "PLAIN=value",
    "export EXPORTED=yes",
    "SPACED = around  # comment",
    "HASH=a#b",
    "EMPTY=",
    "SINGLE='as $it \\n stands' # comment",
    'DOUBLE="two\\nlines \\"quoted\\" \\$HOME"',
    "EQUALS=a=b=c",
  ].join("\r\n");
  expect(parseEnvironmentFile(text)).toEqual({
    PLAIN: "value",
    EXPORTED: "yes",
    SPACED: "around",
    HASH: "a#b",
    EMPTY: "",
    SINGLE: "as $it \\n stands",
    DOUBLE: 'two\nlines "quoted" $HOME',
    EQUALS: "a=b=c",
  });
});

test("a line that sets nothing is refused with its number", () => {
  expect(parseEnvironmentFile("A=1\nB")).toEqual({ line: 2, message: '"B" has no value. Write NAME=VALUE.' });
  expect(parseEnvironmentFile("1A=1")).toMatchObject({ line: 1 });
  expect(parseEnvironmentFile("A='open")).toMatchObject({ line: 1, message: expect.stringContaining("quote") });
});
