import { X } from "lucide-react";
import { useSyncExternalStore } from "react";
import { problemOf } from "../yard/client.ts";
import { IconButton } from "./button.tsx";

interface Toast {
  id: number;
  text: string;
  /** Something did not work: it stays until it is closed. */
  isProblem: boolean;
  isGood: boolean;
  /** Where there is more of it, in the panel. */
  to: string | null;
}

/** What went well is told for so long; what did not, until it is closed. */
const SHOWN_MS = 6000;
const MOST = 4;

let toasts: readonly Toast[] = [];
let latest = 0;
const listeners = new Set<() => void>();

/** Says something that has happened, in a corner, whatever page is open. */
export function tell(text: string, { to = null, isGood = true }: { to?: string | null; isGood?: boolean } = {}): void {
  const id = add({ text, isProblem: false, isGood, to });
  setTimeout(() => drop(id), SHOWN_MS);
}

/** Says what did not work. */
export function tellProblem(error: unknown): void {
  add({ text: problemOf(error).detail, isProblem: true, isGood: false, to: null });
}

function add(toast: Omit<Toast, "id">): number {
  latest += 1;
  set([...toasts, { id: latest, ...toast }].slice(-MOST));
  return latest;
}

function drop(id: number): void {
  set(toasts.filter((toast) => toast.id !== id));
}

function set(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
  return (
    <section
      aria-label="Messages"
      aria-live="polite"
      className="pointer-events-none fixed right-4 bottom-20 left-4 z-50 flex flex-col items-end gap-2"
    >
      {shown.map(({ id, text, isProblem, isGood, to }) => (
        <div
          key={id}
          role={isProblem ? "alert" : "status"}
          className="pointer-events-auto flex max-w-md items-start gap-2 rounded-lg border border-line bg-raised py-2 pr-2 pl-4 shadow-float"
        >
          <span aria-hidden="true" className={`py-1 font-mono ${isGood ? "text-succeeded" : "text-failed"}`}>
            {isGood ? "✓" : "✗"}
          </span>
          <p className="py-1 whitespace-pre-line [overflow-wrap:anywhere]">{text}</p>
          {to !== null && (
            <a href={to} className="shrink-0 py-1 font-medium text-accent hover:underline">
              Open
            </a>
          )}
          <IconButton label="Close this message" onClick={() => drop(id)}>
            <X />
          </IconButton>
        </div>
      ))}
    </section>
  );
}
