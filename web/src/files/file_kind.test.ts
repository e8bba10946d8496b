import { expect, test } from "vitest";
import { fileKind, isBinary, textOf } from "./file_kind.ts";

test("only pictures of dots are pictures", () => {
  for (const name of ["a.png", "A.PNG", "x.y.jpeg", "a.jpg", "a.gif", "a.webp"])
    expect(fileKind(name).kind).toBe("image");
  for (const name of ["a.svg", "a.html", "a.xhtml", "png", "a.png.html", "a.constructor", "", "a.tif", "a.pdf"])
    expect(fileKind(name).kind).toBe("text");
  expect(fileKind("metrics.json").kind).toBe("json");
});

test("a text that was cut ends with a whole line, and a character is not torn", () => {
  const bytes = new TextEncoder().encode("eins\nzwei ä");
  expect(textOf(bytes.subarray(0, -1), true)).toBe("eins\n");
  expect(textOf(new TextEncoder().encode("ä").subarray(0, 1), true)).toBe("");
  expect(textOf(bytes, false)).toBe("eins\nzwei ä");
  expect(isBinary(new Uint8Array([80, 0, 1]))).toBe(true);
  expect(isBinary(bytes)).toBe(false);
});
