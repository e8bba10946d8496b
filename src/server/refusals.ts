import { STATUS_CODES } from "node:http";
import type { FastifyReply } from "fastify";
import { problemOf } from "../api/openapi.ts";
import { doors } from "../api/paths.ts";
import type { Failure } from "../core/failure.ts";

/** How a failure leaves the yard: always in the same form (RFC 9457), whatever went wrong and however early. */
export function refuse(reply: FastifyReply, failure: Failure): FastifyReply {
  const problem = problemOf(failure);
  if (failure.code === "unauthorized") reply.header("www-authenticate", "Bearer");
  return reply.code(problem.status).type("application/problem+json").send(problem);
}

/** The same for what is no HTTP request at all, and so has no answer of its own. */
export function rawRefusal(failure: Failure): string {
  const problem = problemOf(failure);
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    "content-type: application/problem+json; charset=utf-8",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  return `${head.join("\r\n")}\r\n\r\n${body}`;
}

export function unreadable(why: string): Failure {
  return { code: "bad_request", detail: `The request cannot be read: ${why}` };
}

/** Where the request found no door: there is none at its path, or none for its method, and then which there are is said. */
export function noDoor(method: string, url: string): Failure {
  const [path = ""] = url.split("?");
  const allowed = Object.values(doors)
    .filter((door) => new RegExp(`^${door.path.replaceAll(/:[a-z]+/g, "[^/]+")}$`).test(path))
    .map((door) => door.method);
  return allowed.length > 0 ? { code: "wrong_method", method, path, allowed } : { code: "no_such_route", path };
}

/** As SQLite, the system and PostgreSQL say it. */
export function isDiskFull(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : null;
  return code === "SQLITE_FULL" || code === "ENOSPC" || code === "EDQUOT" || code === "53100";
}

/** PostgreSQL's codes for a server that goes, is gone or is coming; the system's; the driver's words. */
export function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? String(error.code) : "";
  return (
    /^(08|57P0|53300)/.test(code) ||
    ["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "EHOSTUNREACH"].includes(code) ||
    /^(Connection terminated|timeout exceeded when trying to connect)/.test(error.message)
  );
}
