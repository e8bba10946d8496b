/// <reference lib="webworker" />
import { followYard, type LiveMessage, type LiveState } from "./live_stream.ts";

/** One connection for all tabs of a browser: it opens only a few to one host, and each tab needs some for itself. */
const ports = new Set<MessagePort>();
let state: LiveState = { kind: "connecting" };

function tell(message: LiveMessage): void {
  if (message.kind === "state") state = message.state;
  for (const port of ports) port.postMessage(message);
}

addEventListener("connect", (event) => {
  const [port] = (event as MessageEvent).ports;
  if (!port) return;
  ports.add(port);
  port.onmessage = ({ data }) => (data === "look" ? look() : ports.delete(port));
  port.postMessage({ kind: "state", state } satisfies LiveMessage);
});

const look = followYard(tell);
