import { useState } from "react";
import { counted, grouped } from "../../../src/core/number_text.ts";
import { printable } from "../../../src/core/printable.ts";
import { Button } from "../ui/button.tsx";

/** JSON as a tree of what it consists of, which unfolds. */
export function JsonView({ value }: { value: unknown }) {
  return (
    <div
      role="group"
      aria-label="JSON"
      // What scrolls has to be reachable by keyboard.
      tabIndex={0}
      className="min-h-0 flex-1 overflow-auto rounded-lg border border-line bg-surface p-3 font-mono text-sm leading-6"
    >
      <Node name={null} value={value} depth={0} />
    </div>
  );
}

const UNFOLDED_DEPTH = 2;
const AT_ONCE = 200;

function Node({ name, value, depth }: { name: string | null; value: unknown; depth: number }) {
  const [most, setMost] = useState(AT_ONCE);
  // What is folded is not drawn at all: a file may hold very much.
  const [isOpen, setOpen] = useState(depth < UNFOLDED_DEPTH);
  const label = name !== null && <span className="text-accent">{printable(name)}: </span>;
  if (typeof value !== "object" || value === null)
    return (
      <div className="pl-5 [overflow-wrap:anywhere] whitespace-pre-wrap">
        {label}
        <Leaf value={value} />
      </div>
    );
  const entries = Object.entries(value);
  const isList = Array.isArray(value);
  const size = isList ? counted(entries.length, "item") : counted(entries.length, "key");
  return (
    <details open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary className="rounded-sm">
        {label}
        <span className="text-muted">
          {isList ? "[" : "{"} {size} {isList ? "]" : "}"}
        </span>
      </summary>
      {isOpen && (
        <div className="ml-1.5 border-l border-line pl-3">
          {entries.slice(0, most).map(([key, item]) => (
            <Node key={key} name={key} value={item} depth={depth + 1} />
          ))}
          {entries.length > most && (
            <Button look="quiet" onClick={() => setMost(most + 10 * AT_ONCE)}>
              {grouped(entries.length - most)} more
            </Button>
          )}
        </div>
      )}
    </details>
  );
}

function Leaf({ value }: { value: unknown }) {
  if (typeof value === "string") return <span className="text-succeeded">{JSON.stringify(printable(value))}</span>;
  return <span className="text-waiting">{String(value)}</span>;
}
