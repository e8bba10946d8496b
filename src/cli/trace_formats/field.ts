import type { Place } from "../params_problem.ts";
import { refused } from "../trace_problem.ts";

/** A value of a trace, not yet read. */
export interface Field {
  /** Of its column. */
  name: string;
  text: string;
  place: Place;
}

const LARGEST = 1e12;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
/** Days, then hours, minutes and seconds: `1-02:03:04`, `26:03:04`. */
const CLOCK = /^(?:(\d+)-)?(\d+):([0-5]\d):([0-5]\d(?:\.\d+)?)$/;
const DATE_TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?(?:\.\d+)?(?: ?(?:Z|([+-])(\d\d):?(\d\d)))?$/i;

/** A whole number from `least`. */
export function readWhole(field: Field, least: number): number {
  if (!NUMBER.test(field.text)) throw refused({ code: "no_number", ...found(field) });
  const value = bounded(field, Number(field.text), least);
  if (!Number.isInteger(value)) throw tooSmall(field, value, least);
  return value;
}

/** A number from 0 to 1. */
export function readShare(field: Field): number {
  const value = NUMBER.test(field.text) ? Number(field.text) : Number.NaN;
  if (!(value >= 0 && value <= 1)) throw refused({ code: "no_share", ...found(field) });
  return value;
}

/** A duration in seconds, or as `HH:MM:SS` or `D-HH:MM:SS`. Part of a second counts as a whole one. */
export function readDuration(field: Field): number {
  const [, days = 0, hours, minutes, seconds] = CLOCK.exec(field.text) ?? [];
  if (hours !== undefined)
    return bounded(
      field,
      ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Math.ceil(Number(seconds)),
    );
  if (!NUMBER.test(field.text)) throw refused({ code: "no_duration", ...found(field) });
  return Math.ceil(bounded(field, Number(field.text)));
}

/**
 * An instant in seconds: a number from any start, or a date with a time (ISO 8601, or a blank for its T), then since
 * 1970; without a zone it is taken as UTC. Part of a second is dropped.
 */
export function readInstant(field: Field): number {
  if (NUMBER.test(field.text)) return Math.floor(bounded(field, Number(field.text)));
  const [, day, minute, second = ":00", sign = "+", zoneHours = 0, zoneMinutes = 0] = DATE_TIME.exec(field.text) ?? [];
  const local = Date.parse(`${day}T${minute}${second}Z`);
  const isReal = !Number.isNaN(local) && new Date(local).toISOString().startsWith(`${day}T${minute}${second}`);
  const ahead = Number(`${sign}1`) * (Number(zoneHours) * 60 + Number(zoneMinutes)) * 60;
  const at = local / 1000 - ahead;
  if (!isReal || at < 0) throw refused({ code: "no_instant", ...found(field) });
  return at;
}

function bounded(field: Field, value: number, least = 0): number {
  if (value < least) throw tooSmall(field, value, least);
  if (value > LARGEST) throw refused({ code: "too_large", place: field.place, column: field.name, most: LARGEST });
  return value;
}

function tooSmall({ place, name }: Field, value: number, least: number) {
  return refused({ code: "too_small", place, column: name, found: value, least });
}

function found({ place, name, text }: Field) {
  return { place, column: name, found: text };
}
