import { useSyncExternalStore } from "react";
import type { Job } from "../../../src/api/job.ts";
import { printable } from "../../../src/core/printable.ts";
import { call } from "../yard/client.ts";
import { yardNow } from "../yard/clock.ts";
import { hearEvents } from "../yard/live.ts";
import { openEndings, type Popup } from "./endings.ts";

/** Whether this browser shows notifications: `impossible` where it has none for this page, `forbidden` where its user said no. */
export type BrowserNotices = "impossible" | "forbidden" | "off" | "on";

const KEY = "runyard-notifications";
const listeners = new Set<() => void>();

function current(): BrowserNotices {
  if (!("Notification" in globalThis) || !isSecureContext) return "impossible";
  if (Notification.permission === "denied") return "forbidden";
  return Notification.permission === "granted" && localStorage.getItem(KEY) === "on" ? "on" : "off";
}

export function useBrowserNotices(): BrowserNotices {
  return useSyncExternalStore(subscribe, current);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener("storage", listener);
  return () => {
    listeners.delete(listener);
    removeEventListener("storage", listener);
  };
}

/** Asks the browser's user, who may say no. */
export async function turnOn(): Promise<void> {
  if ((await Notification.requestPermission()) === "granted") localStorage.setItem(KEY, "on");
  for (const listener of listeners) listener();
}

export function turnOff(): void {
  localStorage.removeItem(KEY);
  for (const listener of listeners) listener();
}

/** @param open  leads to a place in the panel */
export function show({ tag, title, body, to }: Popup, open: (to: string) => void): void {
  const shown = new Notification(title, { tag, body, icon: "/icon.svg" });
  shown.onclick = () => {
    window.focus();
    open(to);
    shown.close();
  };
}

/** Shows what becomes of a user's jobs, and what needs help of those who may help, until it is ended by what it returns. */
export function watchForNotices(user: string, open: (to: string) => void): () => void {
  const since = yardNow();
  const endings = openEndings(user, since);
  const told = new Set<string>();

  async function lookForTroubles(): Promise<void> {
    const { troubles } = await call("listTroubles", { query: { mine: "true" } });
    for (const { key, what, advice, since: at } of troubles) {
      const tag = `trouble ${key} ${at}`;
      if (told.has(tag) || Date.parse(at) < since) continue;
      told.add(tag);
      show(
        { tag, title: "Runyard needs help", body: `${printable(what)}. ${printable(advice)}`, to: "/machines" },
        open,
      );
    }
  }

  return hearEvents((event, data) => {
    const popup = event === "job" ? endings.hear(JSON.parse(data) as Job) : null;
    if (popup) show(popup, open);
    // Where it cannot be asked for now, the next event comes with the yard.
    if (event === "troubles") void lookForTroubles().catch(() => {});
  });
}
