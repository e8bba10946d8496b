import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { until } from "./until.ts";

export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** A web server that takes what is sent to it. */
export interface Receiver {
  url: string;
  port: number;
  received: Received[];
  /** Waits until so many requests are there. */
  has(count: number): Promise<Received[]>;
  /** Goes away; `back` brings it to the same port. */
  away(): Promise<void>;
  back(): Promise<void>;
}

/** @param answer  how each request is answered; default: 204 */
export async function aReceiver(
  answer: (response: ServerResponse, request: Received) => void = (response) => response.writeHead(204).end(),
): Promise<Receiver> {
  const received: Received[] = [];
  const open = () =>
    createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const body = Buffer.concat(chunks).toString("utf8");
        const one = { path: request.url ?? "", headers: request.headers, body };
        received.push(one);
        answer(response, one);
      });
    });
  let server = open();
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;
  onTestFinished(close);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    received,
    has: (count) => until(() => (received.length >= count ? received : null), `${count} requests have come`),
    away: close,
    async back() {
      server = open();
      await listen(port);
    },
  };
}
