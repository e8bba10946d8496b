import { join } from "node:path";
import { expect, test } from "vitest";
import { aFolder } from "../../../test/helpers/a_folder.ts";
import { batchLineName, readBatchFile } from "./batch_file.ts";

test("a line is a command; comments and blank lines are none, but keep the line numbers", async () => {
  const folder = await aFolder({
    "batch.sh": '#!/bin/bash\n\necho "one job"\n   \r\n  # a comment\r\necho a && echo b # as bash reads it\r\n',
  });
  const path = join(folder, "batch.sh");
  const prefix = path.replaceAll("/", "_");
  expect(await readBatchFile(path)).toEqual([
    { line: 3, name: `${prefix}.3`, text: 'echo "one job"' },
    { line: 6, name: `${prefix}.6`, text: "echo a && echo b # as bash reads it" },
  ]);
});

test.each([
  ["example/batch_script.sh", "example_batch_script.sh.1"],
  ["batch.sh", "batch.sh.1"],
  ["./batch.sh", "batch.sh.1"],
  ["././/a/b.sh", "a_b.sh.1"],
  ["../batch.sh", ".._batch.sh.1"],
  ["/home/ben/batch 1.sh", "_home_ben_batch 1.sh.1"],
  ["-", "stdin.1"],
])("the first line of %s is filed under %s", (path, name) => {
  expect(batchLineName(path, 1)).toBe(name);
});

test("what is no batch file is refused, with what is wrong", async () => {
  const folder = await aFolder({
    "comments.sh": "# nothing\n\n",
    "latin.sh": Uint8Array.of(0x65, 0xe9, 0x0a),
    "nul.sh": "echo\necho \0\n",
    "sub/": "folder/",
  });
  const refusal = (name: string) => expect(readBatchFile(join(folder, name))).rejects;
  await refusal("missing.sh").toThrow("missing.sh: there is no such file.");
  await refusal("comments.sh/x").toThrow("comments.sh/x: there is no such file.");
  await refusal("sub").toThrow("sub: it is a folder, not a file.");
  await refusal("latin.sh").toThrow("the file is not UTF-8 text; save it as UTF-8.");
  await refusal("nul.sh").toThrow("nul.sh:2: the line has a NUL character");
  await refusal("comments.sh").toThrow("comments.sh: there is no command in it. Write one a line.");
});

test("a path that is too long for a file name is refused before anything runs", async () => {
  const deep = `${"a".repeat(120)}/${"b".repeat(120)}`;
  const folder = await aFolder({ [`${deep}/batch.sh`]: "echo\n" });
  await expect(readBatchFile(join(folder, deep, "batch.sh"))).rejects.toThrow("longer than the 240 bytes allowed");
});
