import { createServer, type Server } from "node:http";
import Fastify, { type FastifyReply, type FastifyRequest } from "fastify";
import type { z } from "zod";
import { contract } from "../api/contract.ts";
import { problemOf } from "../api/openapi.ts";
import { type DoorName, doors } from "../api/paths.ts";
import { type Failure, isRefused } from "../core/failure.ts";
import { systemErrorText } from "../platform/system_error.ts";
import { mayEnter, type Principal } from "./auth.ts";
import { agentHandlers } from "./handlers/agents.ts";
import { explainHandler } from "./handlers/explain.ts";
import { jobHandlers } from "./handlers/jobs.ts";
import { machineHandlers } from "./handlers/machines.ts";
import { runHandlers } from "./handlers/runs.ts";
import { steeringHandlers } from "./handlers/steering.ts";
import { yardHandlers } from "./handlers/yard.ts";
import { liveHandler } from "./live.ts";
import { metricsHandler } from "./prometheus.ts";
import { answered, type Handlers, type Yard } from "./yard.ts";

/** A sweep of a million listed values, or 100,000 commands, in one request. */
const LARGEST_BODY_BYTES = 256 * 1024 * 1024;

export interface YardServer {
  /** Returns the port; 0 asks for any that is free. Rejects where it is in use. */
  listen(host: string, port: number): Promise<number>;
  close(): Promise<void>;
}

export function openServer(yard: Yard): YardServer {
  let server: Server | null = null;
  const app = Fastify({
    bodyLimit: LARGEST_BODY_BYTES,
    serverFactory: (handler) => {
      server = createServer({ keepAliveTimeout: 65_000 }, handler);
      return server;
    },
  });
  const handlers: Handlers = {
    ...jobHandlers(yard),
    ...runHandlers(yard),
    ...steeringHandlers(yard),
    ...machineHandlers(yard),
    ...agentHandlers(yard),
    ...yardHandlers(yard),
    explain: explainHandler(yard),
    events: liveHandler(yard),
    metrics: metricsHandler(yard),
  };
  for (const name of Object.keys(doors) as DoorName[]) {
    const { method, path } = doors[name];
    app.route({ method, url: path, handler: (request, reply) => enter(name, request, reply) });
  }
  app.setNotFoundHandler((request, reply) => refuse(reply, { code: "no_such_route", path: request.url }));
  app.setErrorHandler(async (error, _request, reply) => {
    if (isDiskFull(error)) {
      const free = await yard.files.freeBytes();
      return refuse(reply, { code: "disk_full", freeBytes: free.ok ? free.value : 0, floorBytes: yard.floorBytes });
    }
    if (yard.store.dialect.kind === "postgres" && isConnectionLost(error)) {
      const reason = systemErrorText(error);
      yard.log(`the database cannot be reached: ${reason}`);
      return refuse(reply, { code: "store_away", reason });
    }
    const { statusCode = 500, message } = error as { statusCode?: number; message: string };
    if (statusCode === 413) return refuse(reply, { code: "too_large", limitBytes: LARGEST_BODY_BYTES });
    if (statusCode < 500)
      return refuse(reply, { code: "bad_request", detail: `The request cannot be read: ${message}` });
    yard.log(`a request failed: ${error instanceof Error ? (error.stack ?? message) : message}`);
    const detail = "The yard failed at this request; its log says why. Nothing of it was done.";
    return reply
      .code(500)
      .type("application/problem+json")
      .send({ status: 500, code: "internal", detail, exitCode: 1 });
  });

  /** Authentication, parsing, the handler, its answer: the same way through every door. */
  async function enter(name: DoorName, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const secret = bearer(request);
    const who = doors[name].role === "open" ? nobody : secret === null ? null : await yard.authority.recognise(secret);
    if (!who) return refuse(reply, { code: "unauthorized" });
    const { role } = doors[name];
    if (role !== "open" && !mayEnter(who.role, role))
      return refuse(reply, { code: "forbidden", needs: `the role ${role}` });
    const parsed = parse(name, request);
    if ("problem" in parsed) return refuse(reply, { code: "bad_request", detail: parsed.problem });
    const gone = new AbortController();
    reply.raw.once("close", () => {
      if (!reply.raw.writableFinished) gone.abort();
    });
    // The table types each handler with its own contract; here, where any of them may stand, the types meet.
    const handle = handlers[name] as (input: unknown) => Promise<unknown>;
    const answer = await handle({
      ...parsed,
      who,
      secret: secret ?? "",
      signal: gone.signal,
      incoming: request.raw,
      outgoing: reply.raw,
    });
    if (answer === answered) return reply.hijack();
    if (isRefused(answer)) return refuse(reply, answer.refused);
    return reply.code(reply.raw.statusCode).send(answer);
  }

  function refuse(reply: FastifyReply, failure: Failure) {
    const problem = problemOf(failure);
    return reply.code(problem.status).type("application/problem+json").send(problem);
  }

  return {
    async listen(host, port) {
      await app.listen({ host, port });
      const address = server?.address();
      return typeof address === "object" && address ? address.port : port;
    },
    async close() {
      server?.closeAllConnections();
      await app.close();
    },
  };
}

/** As SQLite, the system and PostgreSQL say it. */
function isDiskFull(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : null;
  return code === "SQLITE_FULL" || code === "ENOSPC" || code === "EDQUOT" || code === "53100";
}

/** PostgreSQL's codes for a server that goes, is gone or is coming; the system's; the driver's words. */
function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? String(error.code) : "";
  return (
    /^(08|57P0|53300)/.test(code) ||
    ["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "EHOSTUNREACH"].includes(code) ||
    /^(Connection terminated|timeout exceeded when trying to connect)/.test(error.message)
  );
}

const nobody: Principal = { token: "", user: "", role: "user" };

function bearer(request: FastifyRequest): string | null {
  return /^Bearer (\S+)$/.exec(request.headers.authorization ?? "")?.[1] ?? null;
}

function parse(
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

/** The first things wrong with a request, each with its place. */
function describeIssues(error: z.ZodError): string {
  return error.issues
    .slice(0, 3)
    .map(({ path, message }) => (path.length > 0 ? `${path.join(".")}: ${message}` : message))
    .join("; ");
}
