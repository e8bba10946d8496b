import type { Overview } from "./overview.ts";

/** A question to a machine that needs an answer now. */
export type Question =
  /** What works there and what does not. `accept`: a host key that nobody knows is taken for the right one. */
  | { kind: "check"; accept: boolean }
  /** Brings what the attempt has printed and told so far to where the yard reads it. */
  | { kind: "fetch"; attempt: string }
  /** What a cluster has, and who waits for it. */
  | { kind: "overview" };

/** One thing that was looked at. */
export interface Check {
  name: string;
  ok: boolean;
  text: string;
}

export type Answer =
  | { kind: "checked"; checks: Check[] }
  | { kind: "fetched" }
  | { kind: "overview"; overview: Overview }
  | { kind: "failed"; text: string };
