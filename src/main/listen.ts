import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { ServeOptions } from "../cli/program.ts";
import { type Home, readToken } from "../platform/home.ts";
import { systemErrorCode, systemErrorText } from "../platform/system_error.ts";
import type { YardServer } from "../server/server.ts";
import { isRefusal, type Refusal } from "./refusal.ts";

/** Only this machine's own loopback may be spoken to in the clear, unless the user says that the network may read along. */
export function refuseToListen({ host, insecure }: Pick<ServeOptions, "host" | "insecure">): Refusal | null {
  if (isLoopback(host) || insecure) return null;
  return {
    refusal: `The yard does not listen on ${host} in the clear: its tokens could be read on the way. Put a TLS proxy in front of 127.0.0.1, or say --insecure-http.`,
  };
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Listens where asked; without a wish, where it did before, else anywhere. Returns the URL. */
export async function listen(server: YardServer, options: ServeOptions, home: Home): Promise<string | Refusal> {
  const { host } = options;
  const urlAt = (port: number) => `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
  if (options.port !== null) {
    if (await isFree(host, options.port)) return urlAt(await server.listen(host, options.port));
    return {
      refusal: `Port ${options.port} is in use, or not yours to use. Choose another one with --port, or leave it out.`,
    };
  }
  const kept = Number(readToken(home.port) ?? 0);
  const before = Number.isInteger(kept) && kept < 65_536 ? kept : 0;
  const free = (await isFree(host, before)) ? before : 0;
  const port = await server.listen(host, free).catch((error: unknown): Refusal => {
    if (systemErrorCode(error) === null) throw error;
    return {
      refusal: `The yard cannot listen on ${host}: ${systemErrorText(error)}. Name another address with --host.`,
    };
  });
  if (isRefusal(port)) return port;
  writeFileSync(home.port, `${port}\n`, { mode: 0o600 });
  return urlAt(port);
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen({ host, port }, () => probe.close(() => resolve(true)));
  });
}
