import { createHash } from "node:crypto";
import { z } from "zod";
import { judgeLink } from "./links.ts";

/** Longer ones no system takes (Linux: PATH_MAX, NAME_MAX). */
const MAX_PATH_BYTES = 4095;
const MAX_NAME_BYTES = 255;
const MAX_ENTRIES = 2_000_000;

const path = z.string();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const entrySchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("file"), path, sizeBytes: z.int().nonnegative(), sha256, executable: z.boolean() }),
  z.strictObject({ kind: z.literal("link"), path, target: z.string() }),
  z.strictObject({ kind: z.literal("folder"), path }),
]);
const leftBehindSchema = z.strictObject({ path, target: z.string().nullable() });
const manifestSchema = z.strictObject({
  format: z.literal(1),
  entries: z.array(entrySchema).max(MAX_ENTRIES),
  leftBehind: z.array(leftBehindSchema).max(MAX_ENTRIES),
});

/** One file, link or empty folder of a snapshot. Paths are relative, parts divided by `/`. */
export type ManifestEntry = z.infer<typeof entrySchema>;
export type ManifestFile = Extract<ManifestEntry, { kind: "file" }>;

/** A path that stayed where the snapshot was taken. `target`: where it leads if it is a link out of the folder. */
export type LeftBehind = z.infer<typeof leftBehindSchema>;

/** What a snapshot consists of; entries and what was left behind are each sorted by path. */
export type Manifest = z.infer<typeof manifestSchema>;

/** The manifest as it is stored and hashed: the same snapshot gives the same bytes everywhere. */
export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest)}\n`;
}

/** A snapshot's id: the hash of its manifest's text. */
export function snapshotIdOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** What tells code from other code: the hash of what went along, whatever was left behind beside it. */
export function contentHashOf(manifest: Manifest): string {
  return createHash("sha256").update(JSON.stringify(manifest.entries)).digest("hex");
}

/** A manifest that may come from anywhere: the manifest, or what is wrong with it. None of its paths leaves its folder. */
export function parseManifest(text: string): { manifest: Manifest } | { detail: string } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { detail: "its manifest is not JSON" };
  }
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return { detail: `its manifest is malformed at ${issue?.path.join(".") ?? "?"}: ${issue?.message ?? "?"}` };
  }
  const detail = objectionTo(parsed.data);
  return detail === null ? { manifest: parsed.data } : { detail };
}

/** What is wrong with a manifest's paths, worded; null where nothing is. */
function objectionTo({ entries, leftBehind }: Manifest): string | null {
  for (const entry of entries) {
    if (entry.kind === "link" && !isInsideLink(entry.path, entry.target)) return mayLeave("link", entry.path);
  }
  for (const { path, target } of leftBehind) {
    if (target !== null && !isPlainTarget(target))
      return `the target of ${JSON.stringify(path)} is not an absolute path`;
  }
  return objectionToTree([...entries, ...leftBehind]);
}

/** Each path once, each within the folder, and none below anything but a folder. */
function objectionToTree(places: ({ path: string } | ManifestEntry)[]): string | null {
  const known = new Map<string, "folder" | "leaf">();
  const parents = new Set<string>();
  for (const place of places) {
    if (!isPlainPath(place.path)) return mayLeave("path", place.path);
    if (known.has(place.path)) return `the path ${JSON.stringify(place.path)} is there twice`;
    known.set(place.path, "kind" in place && place.kind === "folder" ? "folder" : "leaf");
    for (const parent of parentsOf(place.path)) {
      if (parents.has(parent)) break;
      parents.add(parent);
    }
  }
  const leafAbove = [...parents].find((parent) => known.get(parent) === "leaf");
  return leafAbove === undefined ? null : `${JSON.stringify(leafAbove)} is a folder and something else at once`;
}

function mayLeave(what: string, path: string): string {
  return `the ${what} ${JSON.stringify(path)} may lead out of its folder`;
}

function isPlainPath(path: string): boolean {
  if (path.includes("\0") || Buffer.byteLength(path) > MAX_PATH_BYTES) return false;
  return path
    .split("/")
    .every((name) => name !== "" && name !== "." && name !== ".." && Buffer.byteLength(name) <= MAX_NAME_BYTES);
}

function isInsideLink(path: string, target: string): boolean {
  const judged = judgeLink(path, target, null);
  return judged.kind === "inside" && judged.target === target && Buffer.byteLength(target) <= MAX_PATH_BYTES;
}

function isPlainTarget(target: string): boolean {
  return target.startsWith("/") && !target.includes("\0") && Buffer.byteLength(target) <= MAX_PATH_BYTES;
}

/** The folders above a path, the nearest first. */
function parentsOf(path: string): string[] {
  const parents: string[] = [];
  for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) parents.push(path.slice(0, end));
  return parents;
}
