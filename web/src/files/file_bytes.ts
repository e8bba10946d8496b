import { pathOf, refusal } from "../../../src/client/client.ts";

/** A file of a run, as doors name it. */
export interface FilePlace {
  job: number;
  n: number;
  /** Null: the latest. */
  attempt: string | null;
  /** Names divided by `/`. */
  path: string;
}

/** Where a file, or a folder as an archive, is fetched from: always as a download. */
export function downloadPath(door: "readFile" | "archiveFiles", { job, n, attempt, path }: FilePlace): string {
  return pathOf(door, { job, n }, { path, attempt: attempt ?? undefined });
}

export interface FileStart {
  bytes: Uint8Array<ArrayBuffer>;
  /** Of all of the file. */
  sizeBytes: number;
}

/** The first bytes of a file. Rejects with a RefusedCall. */
export async function startOfFile(place: FilePlace, most: number, signal: AbortSignal): Promise<FileStart> {
  const answer = await fetch(downloadPath("readFile", place), { headers: { range: `bytes=0-${most - 1}` }, signal });
  // Of an empty file there is no stretch.
  if (answer.status === 416) return { bytes: new Uint8Array(), sizeBytes: 0 };
  if (!answer.ok) throw refusal(answer.status, await answer.text());
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const [, size] = /\/(\d+)$/.exec(answer.headers.get("content-range") ?? "") ?? [];
  return { bytes, sizeBytes: size === undefined ? bytes.length : Number(size) };
}
