import { chmodSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { aFolder } from "../../test/helpers/a_folder.ts";
import { homeOf, makeHome } from "./home.ts";

test("a folder is no home for an account that shares it with others", async () => {
  const home = homeOf({ RUNYARD_HOME: await aFolder() });
  expect(makeHome(home)).toBeNull();
  // As another account would see it.
  const account = vi.spyOn(process, "geteuid").mockReturnValue(65_533);
  chmodSync(home.folder, 0o777);
  expect(makeHome(home)).toBe("others can write into it");
  account.mockRestore();
  expect(makeHome(home)).toBeNull();
});
