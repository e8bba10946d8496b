/** Draws that a seed decides: the same for ever. */
export interface Dice {
  /** From 0 up to 1, each part as likely. */
  even(): number;
  /** Around 0, with a standard deviation of 1. */
  normal(): number;
  /** A whole number, `least` and `most` included. */
  whole(least: number, most: number): number;
}

export function openDice(seed: number): Dice {
  let state = seed | 0;

  /** A counter, multiplied and folded until neighbours have nothing in common. */
  function even(): number {
    state = (state + 0x6a09e667) | 0;
    let bits = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
    return ((bits ^ (bits >>> 15)) >>> 0) / 2 ** 32;
  }

  return {
    even,
    // Box and Muller 1958.
    normal: () => Math.sqrt(-2 * Math.log(1 - even())) * Math.cos(2 * Math.PI * even()),
    whole: (least, most) => least + Math.floor(even() * (most - least + 1)),
  };
}
