/**
 * Node's flags for a process that lives long beside its user's work. The young generation of its heap would grow to
 * 3 × 16 MB under load, and V8 does not give that back to an idle system.
 */
export const leanNodeFlags = ["--max-semi-space-size=2"];
