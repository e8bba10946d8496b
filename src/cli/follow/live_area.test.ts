import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { until } from "../../../test/helpers/until.ts";
import { openLiveArea } from "./live_area.ts";

test("the area is taken away whole, wherever what was typed has left the cursor", async () => {
  const terminal = new PassThrough();
  let shown = "";
  terminal.on("data", (bytes: Buffer) => {
    shown += bytes.toString();
  });
  const area = openLiveArea(terminal as unknown as NodeJS.WriteStream);
  area.draw(() => ["one", "two"]);
  await until(() => shown === "one\ntwo\n", "the area is drawn");
  area.above("stays");
  expect(shown).toBe("one\ntwo\n\r\x1b[2A\x1b[0Jstays\none\ntwo\n");
  area.close();
  expect(shown.endsWith("two\n\r\x1b[2A\x1b[0J")).toBe(true);
});
