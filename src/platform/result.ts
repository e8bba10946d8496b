/** What a door to the machine answers where an expected problem is possible: the value, or why there is none. */
export type Result<Value, Problem> = { ok: true; value: Value } | { ok: false; problem: Problem };

export function good<Value>(value: Value): { ok: true; value: Value } {
  return { ok: true, value };
}

export function bad<Problem>(problem: Problem): { ok: false; problem: Problem } {
  return { ok: false, problem };
}
