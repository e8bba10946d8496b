import { parseDurationMs, parseSizeBytes } from "./quantity.ts";

/** A text that is no value of its option, and what would be one. */
export interface Misread {
  misread: string;
}

export function isMisread(value: unknown): value is Misread {
  return typeof value === "object" && value !== null && "misread" in value;
}

export function misread(why: string): Misread {
  return { misread: why };
}

export function wholeNumber(text: string, least: number, most: number): number | Misread {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  return misread(`It takes a whole number from ${least} to ${most}.`);
}

/** As long as the yard takes names and tags. */
const LONGEST_LABEL = 200;

export function label(text: string): string | Misread {
  if (text === "") return misread("It must not be empty.");
  return text.length <= LONGEST_LABEL ? text : misread(`It takes at most ${LONGEST_LABEL} characters.`);
}

export function duration(text: string): number | Misread {
  return parseDurationMs(text) ?? misread("It takes a duration: 90s, 15m, 2h30m, 3d or HH:MM:SS.");
}

export function size(text: string): number | Misread {
  return parseSizeBytes(text) ?? misread("It takes a size: 800M, 24G.");
}

/** Jobs to wait for: `12`, `12,13`, `last`. */
export function jobList(text: string): (number | "last")[] | Misread {
  const parts = text.split(",").map((part) => part.trim());
  const valid = parts.every((part) => part === "last" || /^[1-9]\d{0,14}$/.test(part));
  if (!valid) return misread("It takes jobs by their numbers: 12, or 12,13.");
  return parts.map((part) => (part === "last" ? part : Number(part)));
}
