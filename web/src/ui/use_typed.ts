import { useEffect, useRef, useState } from "react";

/** While somebody types, nothing is asked for every letter. */
const TYPING_MS = 200;

/** A text that is passed on when its user pauses. */
export function useTyped(value: string, onTyped: (text: string) => void): [string, (text: string) => void] {
  const [text, setText] = useState(value);
  const latest = useRef(onTyped);
  latest.current = onTyped;
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => latest.current(text), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text, value]);
  return [text, setText];
}
