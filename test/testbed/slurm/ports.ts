import { randomInt } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type Server } from "node:net";

/** Below those that Linux gives to outgoing connections (ip(7), ip_local_port_range), so that none is taken in between. */
const [FIRST_PORT, PORTS_PER_CLAIM, CLAIMS] = [20_000, 10, 1_000];

/**
 * Claims so many ports (at most 9) that one after the other can be listened on, given up and taken again: every test keeps
 * to its own, because it holds one more port for as long as the claim lasts. That is until `release`, or until this
 * process ends in any way.
 */
export async function claimPorts(count: number): Promise<{ ports: number[]; release(): void }> {
  for (let tries = 0; tries < CLAIMS; tries += 1) {
    const first = FIRST_PORT + PORTS_PER_CLAIM * randomInt(CLAIMS);
    const claim = await listen(first, "127.0.0.1");
    if (claim === null) continue;
    claim.unref();
    const ports = Array.from({ length: count }, (_, index) => first + 1 + index);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return { ports, release: () => claim.close() };
    claim.close();
  }
  throw new Error("no ports are free");
}

export function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
}

async function isFree(port: number): Promise<boolean> {
  const server = await listen(port, "0.0.0.0");
  server?.close();
  if (server !== null) await once(server, "close");
  return server !== null;
}

function listen(port: number, address: string): Promise<Server | null> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.on("error", () => resolve(null)).listen(port, address, () => resolve(server));
  });
}
