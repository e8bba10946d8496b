/** Why the yard does not start, for the one who starts it: what is in the way, then what to do. */
export interface Refusal {
  refusal: string;
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === "object" && value !== null && "refusal" in value;
}
