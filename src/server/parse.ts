import type { FastifyRequest } from "fastify";
import type { z } from "zod";
import { contract } from "../api/contract.ts";
import type { DoorName } from "../api/paths.ts";

/** A request as the door's contract has it, or what is wrong with it. */
export function parse(
  name: DoorName,
  request: FastifyRequest,
): { params: unknown; query: unknown; body: unknown } | { problem: string } {
  const { params, query, body } = contract[name];
  const parts = {
    params: params.safeParse(request.params),
    query: query.safeParse(request.query ?? {}),
    body: body?.safeParse(request.body),
  };
  for (const part of [parts.params, parts.query, parts.body]) {
    if (part && !part.success) return { problem: describeIssues(part.error) };
  }
  return { params: parts.params.data, query: parts.query.data, body: parts.body?.data };
}

/** The first things wrong with a request, each with its place. A typo in a key comes first: it explains what is missing. */
function describeIssues(error: z.ZodError): string {
  const rank = (issue: z.core.$ZodIssue) => (issue.code === "unrecognized_keys" ? 0 : 1);
  return error.issues
    .toSorted((a, b) => rank(a) - rank(b))
    .slice(0, 3)
    .map((issue) => [...(issue.path.length > 0 ? [issue.path.join(".")] : []), messageOf(issue)].join(": "))
    .join("; ");
}

/** Of a key that cannot be one it says why. */
function messageOf(issue: z.core.$ZodIssue): string {
  const [first] = issue.code === "invalid_key" ? issue.issues : [];
  return first?.message ?? issue.message;
}
