import { useSyncExternalStore } from "react";
import { followYard, type LiveMessage, type LiveState } from "./live_stream.ts";
import workerUrl from "./live_worker.ts?sharedworker&url";

export type LiveListener = (event: string, data: string) => void;

const eventListeners = new Set<LiveListener>();
const stateListeners = new Set<() => void>();
let state: LiveState = { kind: "connecting" };

let look: (() => void) | null = null;

/** Listens to the yard from now on, together with the other tabs of this browser where it can; called again, it looks at once. */
export function startLive(): void {
  if (look) look();
  else if (typeof SharedWorker === "undefined") look = followYard(hear);
  else joinWorker();
}

function joinWorker(): void {
  const worker = new SharedWorker(trusted(workerUrl), { type: "module", name: "runyard" });
  worker.port.onmessage = ({ data }: MessageEvent<LiveMessage>) => hear(data);
  look = () => worker.port.postMessage("look");
  look();
  // A worker that cannot be loaded, say while a new version is being put in place.
  worker.onerror = () => {
    look = followYard(hear);
  };
  addEventListener("pagehide", () => worker.port.postMessage("bye"), { once: true });
  // Back from the browser's cache of pages, where nothing was heard.
  addEventListener("pageshow", ({ persisted }: PageTransitionEvent) => persisted && joinWorker(), { once: true });
}

function hear(message: LiveMessage): void {
  if (message.kind === "event") {
    for (const listener of eventListeners) listener(message.event, message.data);
    return;
  }
  const hasJoined = state.kind === "connecting" && message.state.kind === "live";
  state = message.state;
  for (const listener of stateListeners) listener();
  if (hasJoined) for (const listener of eventListeners) listener("joined", "{}");
}

/** Told of every event of the yard, and of `joined`: only from here on nothing is missed. Returns what ends that. */
export function hearEvents(listener: LiveListener): () => void {
  eventListeners.add(listener);
  return () => eventListeners.delete(listener);
}

export function useLiveState(): LiveState {
  return useSyncExternalStore(
    (listener) => {
      stateListeners.add(listener);
      return () => stateListeners.delete(listener);
    },
    () => state,
  );
}

/** The one script that a page of the panel loads by its address; the policy of the pages allows no other. */
const policy = globalThis.trustedTypes?.createPolicy("runyard", {
  createScriptURL: (asked) => {
    if (asked !== workerUrl) throw new TypeError(`${asked} is no script of the panel`);
    return asked;
  },
});

function trusted(url: string): string {
  return (policy?.createScriptURL(url) as string | undefined) ?? url;
}
