import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { aFolder } from "../../test/helpers/a_folder.ts";
import { aZip, DEVICE, FIFO, LINK, type ZippedEntry } from "../../test/helpers/a_zip.ts";
import { unpackZip } from "./unpack_zip.ts";
import { usualZipLimits } from "./zip_entries.ts";
import { describeZipProblem } from "./zip_problem.ts";

async function unpacked(zip: Uint8Array, limits = usualZipLimits) {
  const root = await aFolder({ project: "folder/", outside: "folder/" });
  await writeFile(`${root}/project.zip`, zip);
  const result = await unpackZip(`${root}/project.zip`, `${root}/project`, limits);
  expect(readdirSync(`${root}/outside`)).toEqual([]);
  return { result, folder: `${root}/project` };
}

/** Everything below a folder: its content, or what it is. */
function treeOf(folder: string): Record<string, string> {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => {
    const path = `${entry.parentPath}/${entry.name}`;
    const what = entry.isFile()
      ? readFileSync(path, "utf8")
      : entry.isSymbolicLink()
        ? `-> ${readlinkSync(path)}`
        : "folder";
    return [path.slice(folder.length + 1), what] as const;
  });
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function refusal(entries: readonly ZippedEntry[], limits = usualZipLimits): Promise<string> {
  const { result, folder } = await unpacked(aZip(entries), limits);
  if (result.ok) throw new Error(`it was unpacked: ${Object.keys(treeOf(folder)).join(" ")}`);
  return describeZipProblem(result.problem);
}

const file = { name: "train.py", content: "print(1)\n" };

test("a project's only folder is not made, and what may be executed still may", async () => {
  const { result, folder } = await unpacked(
    aZip([
      { name: "project/" },
      { name: "project/train.py", content: "print(1)\n" },
      { name: "project/bin/go", content: "#!/bin/sh\n", mode: 0o104755 },
      { name: "project/empty/" },
      { name: "project/latest", content: "bin/go", mode: LINK },
      { name: "__MACOSX/project/._train.py", content: "x" },
    ]),
  );
  expect(result).toEqual({ ok: true, value: { top: "project", leftOut: [] } });
  expect(treeOf(folder)).toEqual({
    bin: "folder",
    "bin/go": "#!/bin/sh\n",
    empty: "folder",
    latest: "-> bin/go",
    "train.py": "print(1)\n",
  });
  // Of a set-uid bit nothing is left, and nobody else may read.
  expect(lstatSync(`${folder}/bin/go`).mode & 0o7777).toBe(0o700);
  expect(lstatSync(`${folder}/train.py`).mode & 0o7777).toBe(0o600);
});

test("several things at the top stay where they are", async () => {
  const { result, folder } = await unpacked(aZip([file, { name: "data/x.csv", content: "1" }]));
  expect(result).toEqual({ ok: true, value: { top: null, leftOut: [] } });
  expect(Object.keys(treeOf(folder))).toEqual(["data", "data/x.csv", "train.py"]);
});

test("any tree arrives as it was packed, stored or deflated, with large fields or small ones", async () => {
  const part = fc.stringMatching(/^[a-z0-9 äß_-]{1,8}$/).filter((name) => name.trim() !== "");
  const content = fc.string({ maxLength: 300, unit: "binary" });
  const entry = fc.record({ content, method: fc.constantFrom(0, 8), zip64: fc.boolean() });
  // The first part is a number: nothing is both a file and a folder.
  const tree = fc.array(fc.record({ part, entry }), { minLength: 2, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(tree, async (files) => {
      const entries = files.map(({ part, entry }, i) => ({ name: `${i}/${part}`, ...entry }));
      const { result, folder } = await unpacked(aZip(entries));
      expect(result.ok).toBe(true);
      for (const { name, content } of entries) expect(readFileSync(`${folder}/${name}`, "utf8")).toBe(content);
    }),
    { numRuns: 25 },
  );
});

test.each([
  ["../../outside/x", "leads out of its folder"],
  ["a/../../x", "leads out of its folder"],
  ["/etc/passwd", "has a path from the root of a disk"],
  ["C:/windows", "has a path from the root of a disk"],
  ["C:\\windows", "has a path from the root of a disk"],
  ["..\\..\\x", "leads out of its folder"],
  ["a//b", "has a name that cannot be one"],
  ["a/./b", "has a name that cannot be one"],
  ["line\nbreak", "has a name that cannot be one"],
  ["nul\0byte", "has a name that cannot be one"],
  [`${"a".repeat(300)}`, "has a name that is too long"],
  [`${"a/".repeat(3000)}b`, "has a name that is too long"],
])("an entry named %j is refused with the whole zip", async (name, why) => {
  expect(await refusal([file, { name, content: "x" }])).toContain(why);
});

test("a name that is no text is refused", async () => {
  const zip = aZip([file, { name: "\u00ff", content: "x" }]);
  // The flag says UTF-8, the byte is none.
  const broken = Buffer.from(zip.toString("latin1").replaceAll("\u00c3\u00bf", "\u00ff\u00fe"), "latin1");
  const { result } = await unpacked(broken);
  expect(result.ok ? "" : describeZipProblem(result.problem)).toContain("has a name that cannot be one");
});

test.each([
  ["a device", { name: "disk", mode: DEVICE }],
  ["a pipe", { name: "pipe", mode: FIFO }],
  ["a link that is called a folder", { name: "link/", content: "/etc", mode: LINK }],
])("%s is refused with the whole zip", async (_, entry) => {
  expect(await refusal([file, entry])).toContain("is neither a file, a folder nor a link");
});

test.each([
  "/etc",
  "../outside",
  "a/../../outside",
  "../../../../../../etc/passwd",
])("a link to %s is not made, and nothing goes through it", async (target) => {
  const { result, folder } = await unpacked(
    aZip([file, { name: "a/b", content: "x" }, { name: "l", content: target, mode: LINK }]),
  );
  expect(result).toMatchObject({ ok: true, value: { leftOut: [{ path: "l", kind: "link" }] } });
  expect(treeOf(folder)).toEqual({ a: "folder", "a/b": "x", "train.py": "print(1)\n" });
  // Below a link nothing can lie, wherever it leads.
  const through = [
    { name: "l", content: target, mode: LINK },
    { name: "l/x", content: "x" },
  ];
  expect(await refusal([file, ...through])).toContain("one and the same file");
  expect(await refusal([file, ...through.reverse()])).toContain("one and the same file");
});

test.each([
  ["twice", ["a.py", "a.py"]],
  ["in two spellings", ["a.py", "A.py"]],
  ["in two ways to write ä", ["\u00e4.py", "a\u0308.py"]],
  ["as a file and a folder", ["a", "a/b"]],
  ["as a folder and a file", ["a/b", "a"]],
  ["in folders of two spellings", ["a/b", "A/c"]],
])("a path that is there %s is refused", async (_, names) => {
  expect(await refusal(names.map((name) => ({ name, content: "x" })))).toContain("would be one and the same file");
});

test("what is encrypted, packed strangely or damaged is refused, with its name", async () => {
  expect(await refusal([file, { name: "s", content: "x", encrypted: true }])).toContain('"s" is encrypted');
  expect(await refusal([file, { name: "s", content: "x", method: 14 }])).toContain('"s" is packed in a way');
  expect(await refusal([file, { name: "s", content: "x", claims: { crc: 1 } }])).toContain('"s" is damaged');
  expect(await refusal([file, { name: "s", content: "x", claims: { unpackedBytes: 5 } }])).toContain('"s" is damaged');
  const lies = { name: "s", content: "x".repeat(1000), claims: { unpackedBytes: 3 } };
  expect(await refusal([file, lies])).toContain('"s" is damaged');
});

test("bombs are refused before anything is unpacked", async () => {
  const large = { name: "zeros", content: Buffer.alloc(65 * 1024 * 1024) };
  expect(await refusal([file, large])).toMatch(/^The zip is refused: its 6\d kB would unpack to 65 MB/);
  // Many entries that share their bytes.
  const stored = { content: Buffer.alloc(4096, "ab"), method: 0 };
  const shared = Array.from({ length: 40 }, (_, i) => ({ name: `f${i}`, ...stored, claims: { offset: 0 } }));
  const whole = aZip(shared);
  const first = aZip([{ name: "f0", ...stored }]);
  const localBytes = first.length - 22 - (46 + 2);
  // Only the first entry's bytes are there; the directory names them forty times.
  const each = shared.reduce((sum, { name }) => sum + 30 + name.length + 4096, 0);
  const overlapped = Buffer.concat([whole.subarray(0, localBytes), whole.subarray(each)]);
  overlapped.writeUInt32LE(localBytes, overlapped.length - 6);
  const { result } = await unpacked(overlapped);
  expect(result.ok ? "" : describeZipProblem(result.problem)).toContain("lie on top of each other");
  expect(
    await refusal(
      [file, file, file].map((one, i) => ({ ...one, name: `${i}` })),
      { ...usualZipLimits, entries: 2 },
    ),
  ).toContain("more than 2 entries");
  expect(await refusal([file], { ...usualZipLimits, bytes: 3 })).toContain("more than 3 B");
});

test("what is no zip, is cut off or holds nothing is refused", async () => {
  const whole = aZip([file]);
  for (const bytes of [Buffer.alloc(0), Buffer.from("hello"), whole.subarray(0, whole.length - 10)]) {
    const { result } = await unpacked(bytes);
    expect(result.ok ? "" : describeZipProblem(result.problem)).toContain("no zip that can be read");
  }
  expect(await refusal([])).toContain("no file in the zip");
  expect(await refusal([{ name: "only/" }])).toContain("no file in the zip");
});

test("the history of version control stays out, however it is spelled", async () => {
  const { result, folder } = await unpacked(
    aZip([file, { name: ".git/config", content: "[core]" }, { name: "sub/.GIT/hooks/x", content: "x" }]),
  );
  expect(result.ok).toBe(true);
  expect(treeOf(folder)).toEqual({ "train.py": "print(1)\n" });
});

test("no damage to a zip makes anything but a refusal, or the project itself", async () => {
  const zip = aZip([file, { name: "a/b.txt", content: "hello ".repeat(50) }, { name: "l", content: "a", mode: LINK }]);
  await fc.assert(
    fc.asyncProperty(fc.nat(zip.length - 1), fc.nat(255), async (at, byte) => {
      const damaged = Buffer.from(zip);
      damaged[at] = byte;
      const { result } = await unpacked(damaged);
      expect(typeof result.ok).toBe("boolean");
    }),
    { numRuns: 150 },
  );
});
