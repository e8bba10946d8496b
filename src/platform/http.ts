import { Agent, type IncomingMessage, request } from "node:http";
import { Agent as SecureAgent, request as secureRequest } from "node:https";
import { systemErrorText } from "./system_error.ts";

export interface HttpRequest {
  method: string;
  /** Absolute. */
  url: string;
  headers: Record<string, string>;
  body?: string;
  /** Gives up when no byte has come for this long. Default: never. */
  silenceMs?: number;
  signal?: AbortSignal;
}

export interface HttpAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

const plain = new Agent({ keepAlive: true, maxSockets: 16, scheduling: "lifo" });
const secure = new SecureAgent({ keepAlive: true, maxSockets: 16 });

/** Thrown where no answer came, or not all of it. */
export interface Unreachable extends Error {
  /** What was asked. */
  unreachable: string;
}

export function isUnreachable(error: unknown): error is Unreachable {
  return error instanceof Error && "unreachable" in error;
}

/** One request over kept connections, with `node:http`: `fetch` costs 13 MB more memory, which an agent has not. */
export async function httpRequest(options: HttpRequest): Promise<HttpAnswer> {
  const response = await httpStream(options);
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response) chunks.push(chunk as Buffer);
  } catch (error) {
    throw unreachable(options, error);
  }
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) };
}

/** What the system, TLS or the parser of HTTP said, for people. */
function unreachable({ url, signal }: HttpRequest, error: unknown): unknown {
  if (!(error instanceof Error) || signal?.aborted) return error;
  const code = "code" in error ? String(error.code) : "";
  const why =
    code === "EPROTO"
      ? "it does not speak https"
      : code.startsWith("HPE_")
        ? "it does not speak http"
        : systemErrorText(error);
  return Object.assign(error, { message: why, unreachable: new URL(url).origin }) satisfies Unreachable;
}

/** Resolves when the head of the answer is there; the body is read from the stream. */
export function httpStream(options: HttpRequest): Promise<IncomingMessage> {
  const isSecure = options.url.startsWith("https:");
  const body = options.body === undefined ? null : Buffer.from(options.body);
  return new Promise((resolve, reject) => {
    const outgoing = (isSecure ? secureRequest : request)(options.url, {
      method: options.method,
      agent: isSecure ? secure : plain,
      headers: {
        ...(body && { "content-type": "application/json", "content-length": `${body.length}` }),
        ...options.headers,
      },
      ...(options.signal && { signal: options.signal }),
    });
    outgoing.once("response", resolve);
    outgoing.once("error", (error) => reject(unreachable(options, error)));
    if (options.silenceMs !== undefined) {
      outgoing.setTimeout(options.silenceMs, () => outgoing.destroy(new Error("it did not answer in time")));
    }
    outgoing.end(body ?? undefined);
  });
}

/** Lets the process end although connections are kept. */
export function closeConnections(): void {
  plain.destroy();
  secure.destroy();
}
