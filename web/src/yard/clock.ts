import { useSyncExternalStore } from "react";

/** How far the yard's clock is ahead of this browser's. Ages and times left are told by the yard's. */
let aheadMs = 0;

export function setYardTime(iso: string): void {
  aheadMs = Date.parse(iso) - Date.now();
}

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | null = null;
let second = 0;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(tick, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  };
}

function tick(): void {
  second += 1;
  for (const listener of listeners) listener();
}

export function yardNow(): number {
  return Date.now() + aheadMs;
}

/** The yard's time, epoch ms; renders anew each second. */
export function useNow(): number {
  useSyncExternalStore(subscribe, () => second);
  return yardNow();
}
