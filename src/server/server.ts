import { createServer, type Server } from "node:http";
import { hostname } from "node:os";
import Fastify, { type FastifyReply, type FastifyRequest } from "fastify";
import { type DoorName, doors } from "../api/paths.ts";
import { type Failure, isRefused } from "../core/failure.ts";
import { systemErrorText } from "../platform/system_error.ts";
import { insertAudit } from "../store/audit.ts";
import { mayEnter, type Principal } from "./auth.ts";
import { hostName, objectionToBrowser } from "./browser.ts";
import { readCookie } from "./cookie.ts";
import { agentHandlers } from "./handlers/agents.ts";
import { explainHandler } from "./handlers/explain.ts";
import { fileHandlers } from "./handlers/files.ts";
import { gpuUseHandlers } from "./handlers/gpu_use.ts";
import { historyHandlers } from "./handlers/history.ts";
import { jobListHandlers } from "./handlers/job_list.ts";
import { jobHandlers } from "./handlers/jobs.ts";
import { machineHandlers } from "./handlers/machines.ts";
import { noticeHandlers } from "./handlers/notices.ts";
import { outputHandlers } from "./handlers/output.ts";
import { runListHandlers } from "./handlers/run_lists.ts";
import { runTableHandlers } from "./handlers/run_table.ts";
import { runHandlers } from "./handlers/runs.ts";
import { sessionHandlers } from "./handlers/session.ts";
import { snapshotHandlers } from "./handlers/snapshots.ts";
import { steeringHandlers } from "./handlers/steering.ts";
import { yardHandlers } from "./handlers/yard.ts";
import { liveHandler } from "./live.ts";
import { sendPage, servePanel, wantsPage } from "./panel.ts";
import { parse } from "./parse.ts";
import { metricsHandler } from "./prometheus.ts";
import { isConnectionLost, isDiskFull, noDoor, rawRefusal, refuse, unreadable } from "./refusals.ts";
import { refusedChange } from "./refused_change.ts";
import { openStreams } from "./streams.ts";
import { answered, type Handlers, type Yard } from "./yard.ts";

/** A sweep of a million listed values, or 100,000 commands, in one request. */
const LARGEST_BODY_BYTES = 256 * 1024 * 1024;

/** A project may come over a slow line; of those who are not let in, no body is waited for. */
const LONGEST_REQUEST_MS = 60 * 60_000;

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
      server = createServer({ keepAliveTimeout: 65_000, requestTimeout: LONGEST_REQUEST_MS }, handler);
      return server;
    },
    frameworkErrors: (error, _request, reply) => {
      refuse(reply, unreadable(error.message));
    },
    clientErrorHandler: (error, socket) => {
      if (socket.writable) socket.end(rawRefusal(unreadable(error.message)));
    },
  });
  const streams = openStreams(yard);
  const handlers: Handlers = {
    ...jobHandlers(yard),
    ...jobListHandlers(yard),
    ...runHandlers(yard, streams),
    ...outputHandlers(yard, streams),
    ...runListHandlers(yard),
    ...runTableHandlers(yard),
    ...fileHandlers(yard),
    ...historyHandlers(yard),
    ...snapshotHandlers(yard),
    ...steeringHandlers(yard),
    ...machineHandlers(yard),
    ...gpuUseHandlers(yard),
    ...agentHandlers(yard),
    ...noticeHandlers(yard),
    ...yardHandlers(yard),
    ...sessionHandlers(yard),
    explain: explainHandler(yard),
    events: liveHandler(yard),
    metrics: metricsHandler(yard),
  };
  const ownNames = new Set([
    hostname().toLowerCase(),
    hostName(new URL(yard.publicUrl ?? "http://localhost").host) ?? "",
  ]);
  // Not read here: the one door that takes a zip lets it flow to the disk.
  app.addContentTypeParser("application/zip", (request, _payload, done) => {
    const isWanted = request.routeOptions.url === doors.uploadSnapshot.path;
    done(isWanted ? null : Object.assign(new Error("a zip"), { statusCode: 415 }), undefined);
  });
  const admitted = new WeakMap<FastifyRequest, Admitted>();
  // On arrival, before the body is read: of those who may not enter not a byte is taken in.
  app.addHook("onRequest", async (request, reply) => {
    reply.headers({ "cache-control": "no-store", "x-content-type-options": "nosniff" });
    if (request.is404) return wantsPage(request) ? sendPage(reply) : refuseDoorless(request, reply);
  });
  servePanel(app);
  for (const name of Object.keys(doors) as DoorName[]) {
    app.route({
      method: doors[name].method,
      url: doors[name].path,
      onRequest: (request, reply) => admit(name, request, reply),
      handler: (request, reply) => enter(name, request, reply),
    });
  }
  app.setNotFoundHandler(refuseDoorless);
  app.setErrorHandler(async (error, request, reply) => {
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
    if (statusCode === 415) return refuse(reply, { code: "not_json", type: request.headers["content-type"] ?? null });
    if (statusCode < 500) return refuse(reply, unreadable(message));
    yard.log(`a request failed: ${error instanceof Error ? (error.stack ?? message) : message}`);
    return refuse(reply, { code: "internal" });
  });

  /** Lets in who has a token of the door's role, and remembers who it is. */
  async function admit(
    name: DoorName,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply | undefined> {
    const { role } = doors[name];
    const token = bearer(request);
    const fromBrowser = token === null ? readCookie(request.headers.cookie, yard.id) : null;
    const isBrowser = fromBrowser !== null || name === "openSession";
    const objection = isBrowser ? objectionToBrowser(request.method, request.headers, ownNames) : null;
    if (objection !== null) return refuse(reply, { code: "foreign_page", why: objection });
    const secret = token ?? fromBrowser ?? "";
    const who = role === "open" ? nobody : secret === "" ? null : await yard.authority.recognise(secret);
    if (!who) {
      yard.log(`a request from ${request.ip} came without a token that is good here`);
      return refuse(reply, { code: "unauthorized" });
    }
    if (role !== "open" && !mayEnter(who.role, role))
      return forbid(name, who, request, reply, { code: "forbidden", needs: `the role ${role}` });
    admitted.set(request, { who, secret, isFromBrowser: fromBrowser !== null });
    return undefined;
  }

  /** Parsing, the handler, its answer: the same way through every door. */
  async function enter(name: DoorName, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const admission = admitted.get(request);
    if (!admission) throw new Error(`nobody was let in through the door ${name}`);
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
      ...admission,
      signal: gone.signal,
      incoming: request.raw,
      outgoing: reply.raw,
    });
    if (answer === answered) return reply.hijack();
    if (!isRefused(answer)) return reply.code(reply.raw.statusCode).send(answer);
    const { refused } = answer;
    const isForbidden = refused.code === "forbidden" || refused.code === "not_shared";
    return isForbidden ? forbid(name, admission.who, request, reply, refused) : refuse(reply, refused);
  }

  /** A change that is not theirs to make is kept in the audit log, too. */
  async function forbid(
    name: DoorName,
    who: Principal,
    request: FastifyRequest,
    reply: FastifyReply,
    failure: Failure,
  ): Promise<FastifyReply> {
    if (doors[name].method !== "GET") {
      const entry = refusedChange(name, request, failure.code);
      await yard.store.write((db) => insertAudit(db, { at: yard.clock.now(), user: who.user, ...entry }));
    }
    return refuse(reply, failure);
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

interface Admitted {
  who: Principal;
  secret: string;
  isFromBrowser: boolean;
}

const nobody: Principal = { token: "", user: "", role: "user" };

function bearer(request: FastifyRequest): string | null {
  return /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? null;
}

function refuseDoorless({ method, url }: FastifyRequest, reply: FastifyReply): FastifyReply {
  const failure = noDoor(method, url);
  if (failure.code === "wrong_method") reply.header("allow", failure.allowed.join(", "));
  return refuse(reply, failure);
}
