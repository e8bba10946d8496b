/** The numbers below `size` in an order that a seed decides: each is drawn once. */
export interface Shuffle {
  /** What is drawn at `place`, from 0. */
  at(place: number): number;
  /** At which place a number is drawn. */
  placeOf(drawn: number): number;
}

/** Up to this size the order is kept (4 MB); above it is computed. */
const MAX_KEPT = 1 << 20;
const ROUNDS = 8;

/** `size` up to 2^53; `seed` any whole number. The same pair gives the same order for ever: stored jobs rely on it. */
export function shuffleOf(size: number, seed: number): Shuffle {
  return size <= MAX_KEPT ? keptShuffle(size, seed) : computedShuffle(size, seed);
}

/** Fisher and Yates, forwards: what is drawn first does not depend on how much is drawn. */
function keptShuffle(size: number, seed: number): Shuffle {
  const drawn = Uint32Array.from({ length: size }, (_, i) => i);
  const random = randomBelow(seed);
  for (let i = 0; i < size - 1; i += 1) {
    const j = i + random(size - i);
    const held = drawn[i] ?? 0;
    drawn[i] = drawn[j] ?? 0;
    drawn[j] = held;
  }
  let places: Uint32Array | null = null;
  return {
    at: (place) => drawn[place] ?? 0,
    placeOf(number) {
      if (!places) {
        places = new Uint32Array(size);
        for (let i = 0; i < size; i += 1) places[drawn[i] ?? 0] = i;
      }
      return places[number] ?? 0;
    },
  };
}

/**
 * A Feistel network over the next power of two, walked until it lands below `size` (Black and Rogaway 2002,
 * "Ciphers with arbitrary finite domains"): any of 2^53 draws and its inverse without keeping one.
 */
function computedShuffle(size: number, seed: number): Shuffle {
  let bits = 0;
  while (2 ** bits < size) bits += 1;
  const lowBits = bits >> 1;
  const highBits = bits - lowBits;
  const [lowSize, highSize] = [2 ** lowBits, 2 ** highBits];
  const [lowMask, highMask] = [lowSize - 1, highSize - 1];
  const keys = roundKeys(seed);

  function forth(value: number): number {
    let low = value % lowSize;
    let high = (value - low) / lowSize;
    for (let round = 0; round < ROUNDS; round += 2) {
      high = (high ^ mix(low, keys[round] ?? 0)) & highMask;
      low = (low ^ mix(high, keys[round + 1] ?? 0)) & lowMask;
    }
    return high * lowSize + low;
  }

  function back(value: number): number {
    let low = value % lowSize;
    let high = (value - low) / lowSize;
    for (let round = ROUNDS - 2; round >= 0; round -= 2) {
      low = (low ^ mix(high, keys[round + 1] ?? 0)) & lowMask;
      high = (high ^ mix(low, keys[round] ?? 0)) & highMask;
    }
    return high * lowSize + low;
  }

  function walked(step: (value: number) => number, from: number): number {
    let value = step(from);
    while (value >= size) value = step(value);
    return value;
  }

  return { at: (place) => walked(forth, place), placeOf: (drawn) => walked(back, drawn) };
}

function roundKeys(seed: number): number[] {
  let key = seedState(seed);
  return Array.from({ length: ROUNDS }, (_, round) => {
    key = mix(key, round + 1);
    return key;
  });
}

/** Whole numbers below a bound up to 2^32, each equally likely. The same seed gives the same ones for ever. */
export function randomBelow(seed: number): (bound: number) => number {
  let state = seedState(seed);
  function next(): number {
    // splitmix32: a counter through a mixer.
    state = (state + 0x9e3779b9) | 0;
    return mix(state, 0) >>> 0;
  }
  return (bound) => {
    // The last, incomplete stretch of 2^32 would favour small numbers.
    const limit = 2 ** 32 - (2 ** 32 % bound);
    let value = next();
    while (value >= limit) value = next();
    return value % bound;
  };
}

function seedState(seed: number): number {
  const high = Math.floor(seed / 2 ** 32);
  return mix(mix(seed | 0, 0x243f6a88), high | 0);
}

/** The finaliser of MurmurHash3 in the variant of Chris Wellons ("lowbias32"), with a key. */
function mix(value: number, key: number): number {
  let h = Math.imul(value ^ key, 0x21f0aaad) ^ key;
  h ^= h >>> 16;
  h = Math.imul(h, 0x21f0aaad);
  h ^= h >>> 15;
  h = Math.imul(h, 0x735a2d97);
  return h ^ (h >>> 15);
}
