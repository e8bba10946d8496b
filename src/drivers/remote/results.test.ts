import { expect, test } from "vitest";
import { readPacks } from "./results.ts";

test("a machine that speaks of attempts that nobody has asked about is not listened to", () => {
  const said = ["1.1.1-abc", "../../../home", "2.1.1-def"]
    .map((attempt) => `pack ${attempt} results.tar work 5 -\n`)
    .join("");
  const { packs } = readPacks(`noise\n${said}large 2.1.1-def\n`, ["1.1.1-abc", "2.1.1-def"]);
  expect(packs.map(({ attempt }) => attempt)).toEqual(["1.1.1-abc"]);
});
