import type { ValueSequence } from "./axis.ts";
import { numberKey } from "./decimal.ts";
import { type ParameterValue, sameValue } from "./parameter_value.ts";

const SCANNED = 16;
const NOWHERE: readonly number[] = [];

export function listedValues(values: readonly ParameterValue[]): ValueSequence {
  const texts = lazily(() => indexed(values, (value) => value.text));
  const numbers = lazily(() => indexed(values, (value) => numberKey(value.text)));

  function scanned(matches: (value: ParameterValue) => boolean): readonly number[] {
    return values.flatMap((value, i) => (matches(value) ? [i] : []));
  }

  function indexesOf(text: string): readonly number[] {
    if (values.length <= SCANNED) {
      const exact = scanned((value) => value.text === text);
      return exact.length > 0 ? exact : scanned((value) => sameValue(value.text, text));
    }
    const exact = texts().get(text);
    if (exact !== undefined) return typeof exact === "number" ? [exact] : exact;
    const key = numberKey(text);
    const equal = key === null ? undefined : numbers().get(key);
    return equal === undefined ? NOWHERE : typeof equal === "number" ? [equal] : equal;
  }

  return {
    count: values.length,
    at(index) {
      const value = values[index];
      if (!value) throw new RangeError(`no value ${index} of ${values.length}`);
      return value;
    },
    indexesOf,
    computed: false,
    progression: null,
  };
}

type Places = Map<string, number | number[]>;

// A bare number for the usual single place: an array each costs 60 MB in a list of a million.
function indexed(values: readonly ParameterValue[], keyOf: (value: ParameterValue) => string | null): Places {
  const places: Places = new Map();
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i];
    const key = value && keyOf(value);
    if (key === null || key === undefined) continue;
    const before = places.get(key);
    if (before === undefined) places.set(key, i);
    else if (typeof before === "number") places.set(key, [before, i]);
    else before.push(i);
  }
  return places;
}

function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
