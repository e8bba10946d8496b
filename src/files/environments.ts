import { createHmac, randomBytes } from "node:crypto";
import { join } from "node:path";
import { readIfThere, syncFolder, writeDurably, writeDurablyOnce } from "../platform/durable_file.ts";
import { bad, good } from "../platform/result.ts";
import { asFileProblem, type FileResult } from "./problem.ts";

const SECRET_BYTES = 32;
const MAX_REMEMBERED = 10_000;

/** The environments that jobs were submitted with, each kept once. Their values stand nowhere else. */
export interface Environments {
  /** Keeps the variables, durably, and answers the id under which they are found again. The order of names is no matter. */
  put(variables: Readonly<Record<string, string>>): Promise<FileResult<string>>;
  get(id: string): Promise<FileResult<Record<string, string>>>;
}

/**
 * Ids are keyed hashes: without the secret, which is made at the first use and stays in `folder`,
 * nobody can test a guessed value against an id that he saw in the database.
 */
export async function openEnvironments(folder: string): Promise<FileResult<Environments>> {
  const found = await secretIn(folder);
  if (!found.ok) return found;
  const secret = found.value;
  const known = new Set<string>();

  async function put(variables: Readonly<Record<string, string>>): Promise<FileResult<string>> {
    const text = canonicalText(variables);
    const id = idOf(text);
    if (known.has(id)) return good(id);
    const path = join(folder, id);
    try {
      // One that is there already may have been written by a process that died before this made it last.
      if ((await readIfThere(path))?.toString() === text) await syncFolder(folder);
      else await writeDurably(path, text);
    } catch (error) {
      return bad(asFileProblem(error, "unwritable", path));
    }
    if (known.size >= MAX_REMEMBERED) known.clear();
    known.add(id);
    return good(id);
  }

  async function get(id: string): Promise<FileResult<Record<string, string>>> {
    if (!/^[0-9a-f]{64}$/.test(id)) return bad({ code: "bad_name", name: id });
    const path = join(folder, id);
    try {
      const text = (await readIfThere(path))?.toString();
      if (text === undefined) return bad({ code: "missing", path });
      return idOf(text) === id ? good(JSON.parse(text)) : bad({ code: "damaged", path });
    } catch (error) {
      return bad(asFileProblem(error, "unreadable", path));
    }
  }

  function idOf(text: string): string {
    return createHmac("sha256", secret).update(text).digest("hex");
  }

  return good({ put, get });
}

/** The folder's secret. Of several processes that find none, one makes it and all use it. */
async function secretIn(folder: string): Promise<FileResult<Buffer>> {
  const path = join(folder, "secret");
  try {
    let secret = await readIfThere(path);
    if (secret === null) {
      await writeDurablyOnce(path, randomBytes(SECRET_BYTES));
      secret = await readIfThere(path);
    }
    return secret?.length === SECRET_BYTES ? good(secret) : bad({ code: "damaged", path });
  } catch (error) {
    return bad(asFileProblem(error, "unwritable", path));
  }
}

function canonicalText(variables: Readonly<Record<string, string>>): string {
  const byName = Object.entries(variables).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(Object.fromEntries(byName));
}
