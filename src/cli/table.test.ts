import { expect, test } from "vitest";
import { type Column, layTable } from "./table.ts";
import { cutTo, textWidth } from "./text_width.ts";

const columns: Column[] = [
  { title: "ID", align: "right" },
  { title: "NAME", cuttable: true },
  { title: "EXTRA", optional: true },
];

test("columns are as wide as their widest cell, numbers stand to the right", () => {
  const { head, body } = layTable(
    columns,
    [
      ["1", "first", "x"],
      ["12", "a much longer name", ""],
    ],
    null,
  );
  expect([head, ...body]).toEqual([
    "ID  NAME                EXTRA",
    " 1  first               x",
    "12  a much longer name",
  ]);
});

test("a table that is too wide cuts its text, then leaves out what is optional, and never exceeds the width", () => {
  const rows = [["1", "a name that is far too long for this terminal", "extra"]];
  const cut = layTable(columns, rows, 30);
  expect(cut.body).toEqual([" 1  a name that is far…  extra"]);
  expect(cut.hidden).toBe(0);
  const narrow = layTable(columns, rows, 16);
  expect(narrow.body).toEqual([" 1  a name that…"]);
  expect(narrow.hidden).toBe(1);
});

test("where nothing can be left out, cells are cut to a few characters", () => {
  const { body, hidden } = layTable(columns.slice(0, 2), [["1", "a long name"]], 9);
  expect([body, hidden]).toEqual([[" 1  a lo…"], 0]);
});

test("colour is put on after cutting and does not count", () => {
  const paint = (text: string) => `<${text}>`;
  const { body } = layTable(columns, [["1", { text: "red name", paint }, "x"]], null);
  expect(body).toEqual([" 1  <red name>  x"]);
});

test("wide and combining characters are counted as a terminal shows them", () => {
  expect(textWidth("漢字")).toBe(4);
  expect(textWidth("e\u0301")).toBe(1);
  expect(textWidth("🚀")).toBe(2);
  expect(cutTo("漢字漢字", 5)).toBe("漢字…");
  expect(cutTo("short", 5)).toBe("short");
});
