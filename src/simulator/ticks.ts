export interface Tick {
  seconds: number;
  label: string;
}

/** Its seconds, and how it is written. */
type Unit = readonly [seconds: number, name: string];

const SECOND: Unit = [1, "s"];
const UNITS: readonly Unit[] = [[86_400, "d"], [3600, "h"], [60, "min"], SECOND];

/** Marks of a linear axis of time, from 0: whole numbers of one unit, `most` at most but for 0. */
export function linearTicks(lastSeconds: number, most: number): Tick[] {
  const [unit, name] = UNITS.find(([seconds]) => lastSeconds >= 3 * seconds) ?? SECOND;
  let step = 1;
  for (let i = 1; lastSeconds / (step * unit) > most; i += 1) step = ([1, 2, 5][i % 3] ?? 1) * 10 ** Math.floor(i / 3);
  const count = Math.floor(lastSeconds / (step * unit));
  return Array.from({ length: count + 1 }, (_, i) => {
    return { seconds: i * step * unit, label: i === 0 ? "0" : `${grouped(i * step)} ${name}` };
  });
}

/** What a logarithmic axis of time may be marked with, the best first. */
const LOGARITHMIC: readonly Tick[] = [
  ...marks([1, "min"], [1, "h"], [1, "d"], [1, "s"], [10, "d"], [100, "d"], [1000, "d"], [10_000, "d"]),
  ...marks([10, "s"], [10, "min"], [10, "h"]),
  ...marks([30, "s"], [30, "min"], [3, "h"], [3, "d"], [30, "d"], [300, "d"], [3, "s"], [3, "min"]),
  ...marks(
    [2, "min"],
    [5, "min"],
    [20, "min"],
    [2, "h"],
    [5, "h"],
    [20, "h"],
    [2, "d"],
    [5, "d"],
    [20, "d"],
    [50, "d"],
  ),
];

function marks(...list: [number, string][]): Tick[] {
  return list.map(([count, name]) => {
    const [unit = 1] = UNITS.find(([, unitName]) => unitName === name) ?? [];
    return { seconds: count * unit, label: `${grouped(count)} ${name}` };
  });
}

/** Marks of a logarithmic axis of time between two instants, no two nearer than `nearest`, a share of the axis. */
export function logarithmicTicks(from: number, to: number, nearest: number): Tick[] {
  const chosen: Tick[] = [];
  const gap = nearest * Math.log(to / from);
  for (const tick of LOGARITHMIC) {
    const isFree = chosen.every(({ seconds }) => Math.abs(Math.log(seconds / tick.seconds)) >= gap);
    if (tick.seconds >= from && tick.seconds <= to && isFree) chosen.push(tick);
  }
  return chosen.sort((a, b) => a.seconds - b.seconds);
}

/** The largest unit of which a time has two. */
export function unitFor(seconds: number): Unit {
  return UNITS.find(([unit]) => seconds >= 2 * unit) ?? SECOND;
}

/** A time to three digits: `11.5 d`, `0.250 d`, `1,200 s`. */
export function timeIn([unit, name]: Unit, seconds: number): string {
  const count = seconds / unit;
  return `${count < 999.5 ? count.toPrecision(3) : grouped(Math.round(count))} ${name}`;
}

/** `12,345`. */
export function grouped(count: number): string {
  return count.toLocaleString("en-US");
}
