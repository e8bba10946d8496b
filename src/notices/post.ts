import { type RequestOptions, request } from "node:http";
import { request as secureRequest } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { systemErrorText } from "../platform/system_error.ts";
import { failed, type Outcome, told } from "./outcome.ts";

/** From the connection to the head of the answer. */
const DEADLINE_MS = 10_000;
/** Of an answer nothing is read but its status; a short one is let through, for politeness. */
const MOST_ANSWER_BYTES = 64 * 1024;
/** RFC 9110: what was there has been taken away for good. */
const GONE = 410;

export interface Post {
  url: string;
  /** Addresses of the URL's host that may be connected to: no others are. */
  addresses: string[];
  headers: Record<string, string>;
  body: string;
  signal: AbortSignal;
}

/** POSTs a JSON text, over a connection of its own, to one of these addresses; TLS still asks for the host's name. */
export function post({ url, addresses, headers, body, signal }: Post): Promise<Outcome> {
  const { protocol } = new URL(url);
  const bytes = Buffer.from(body);
  const options: RequestOptions = {
    method: "POST",
    // No kept connection and no proxy: where this one leads has been looked at.
    agent: false,
    lookup: pinnedTo(addresses),
    headers: { ...headers, "content-type": "application/json", "content-length": `${bytes.length}` },
    signal: AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]),
  };
  return new Promise((resolve) => {
    const outgoing = (protocol === "https:" ? secureRequest : request)(url, options);
    outgoing.once("response", (answer) => {
      resolve(meaningOf(answer.statusCode ?? 0));
      let read = 0;
      answer.on("data", (chunk: Buffer) => {
        read += chunk.length;
        if (read > MOST_ANSWER_BYTES) answer.destroy();
      });
      answer.on("error", () => {});
    });
    outgoing.on("error", (error) => {
      const isLate = error.name === "TimeoutError" || error.name === "AbortError";
      resolve(failed(isLate ? `It has not answered in ${DEADLINE_MS / 1000} s.` : `${systemErrorText(error)}.`));
    });
    outgoing.end(bytes);
  });
}

/** In place of the system's lookup: the answer is known, and is not asked for again. */
function pinnedTo(addresses: readonly string[]): LookupFunction {
  const found = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_host, { all }, done) => {
    const [first] = found;
    if (all) done(null, found);
    else done(null, first?.address ?? "", first?.family);
  };
}

function meaningOf(status: number): Outcome {
  if (status >= 200 && status < 300) return told;
  if (status >= 300 && status < 400)
    return failed(
      `It answered ${status}, to go elsewhere, which is not followed. Give the address that it leads to.`,
      true,
    );
  return failed(`It answered ${status}.`, status === GONE);
}
