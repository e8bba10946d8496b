import { formatBytes } from "../core/quantity.ts";

/** Why a zip is refused, whole: of one that cannot be trusted nothing is unpacked. */
export type ZipProblem =
  | { code: "not_a_zip"; detail: string }
  | { code: "empty" }
  | { code: "bad_entry"; entry: string; why: EntryObjection }
  | { code: "clash"; entry: string; other: string }
  | { code: "too_many_entries"; most: number }
  | { code: "too_large"; mostBytes: number }
  | { code: "bomb"; packedBytes: number; unpackedBytes: number }
  | { code: "overlapping" };

/** What is wrong with one entry. */
export type EntryObjection =
  | "absolute"
  | "climbs"
  | "bad_name"
  | "too_long"
  | "encrypted"
  | "method"
  | "special"
  | "damaged"
  | "long_link";

const objections: Record<EntryObjection, string> = {
  absolute: "has a path from the root of a disk",
  climbs: "leads out of its folder",
  bad_name: "has a name that cannot be one: it is no text, is empty, or has control characters",
  too_long: "has a name that is too long for a file",
  encrypted: "is encrypted. Pack it without a password",
  method: "is packed in a way that is not understood here. Pack it as zip programs usually do (deflate)",
  special: "is neither a file, a folder nor a link",
  damaged: "is damaged: it does not hold what the zip says of it. Pack it again",
  long_link: "is a link with a target that is too long",
};

/** What happened, then what to do. */
export function describeZipProblem(problem: ZipProblem): string {
  switch (problem.code) {
    case "not_a_zip":
      return `This is no zip that can be read (${problem.detail}). Pack the project's folder as .zip and try again.`;
    case "empty":
      return "There is no file in the zip. Pack the project's folder and try again.";
    case "bad_entry":
      return `The zip is refused: its entry ${shown(problem.entry)} ${objections[problem.why]}.`;
    case "clash":
      return `The zip is refused: its entries ${shown(problem.other)} and ${shown(problem.entry)} would be one and the same file, at least on some machines. Rename one of them.`;
    case "too_many_entries":
      return `The zip has more than ${problem.most} entries. Leave out what the runs do not need, like data.`;
    case "too_large":
      return `The zip would unpack to more than ${formatBytes(problem.mostBytes)}. Leave out what the runs do not need, like data.`;
    case "bomb":
      return `The zip is refused: its ${formatBytes(problem.packedBytes)} would unpack to ${formatBytes(problem.unpackedBytes)}, as no project does.`;
    case "overlapping":
      return "The zip is refused: its entries lie on top of each other. Pack it again.";
  }
}

function shown(entry: string): string {
  return JSON.stringify(entry.length > 200 ? `${entry.slice(0, 199)}…` : entry);
}

/** A problem on its way up; `unpackZip` turns it into a value again. */
export function raiseZip(zipProblem: ZipProblem): Error {
  return Object.assign(new Error(describeZipProblem(zipProblem)), { zipProblem });
}

export function zipProblemOf(error: unknown): ZipProblem | null {
  return error instanceof Error && "zipProblem" in error ? (error.zipProblem as ZipProblem) : null;
}
