import { ChevronDown, ChevronUp, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { counted } from "../../../src/core/number_text.ts";
import { printable } from "../../../src/core/printable.ts";
import { formatBytes } from "../../../src/core/quantity.ts";
import { IconButton } from "../ui/button.tsx";
import { TextField } from "../ui/field.tsx";
import { tellProblem } from "../ui/toast.tsx";
import { call } from "../yard/client.ts";
import type { LogSource } from "./log_reader.ts";

interface LogSearchProps {
  source: LogSource;
  /** What is to be marked in the lines that are shown. */
  onMark(text: string): void;
  onGoTo(at: number): void;
  onClose(): void;
}

interface Found {
  lines: { at: number; text: string }[];
  /** Where the search goes on; null: all of it was looked at. */
  next: number | null;
}

const nothing: Found = { lines: [], next: null };

/** Looks for a text in all of an output, also in what is not shown: the yard looks through a stretch at a time. */
export function LogSearch({ source, onMark, onGoTo, onClose }: LogSearchProps) {
  const { job, n, attempt, stream } = source;
  const [text, setText] = useState("");
  const [found, setFound] = useState<Found | null>(null);
  const [at, setAt] = useState(0);
  const [isBusy, setBusy] = useState(false);
  /** How far it has looked, in bytes. */
  const [reached, setReached] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  const latest = useRef<AbortController | null>(null);
  useEffect(() => {
    field.current?.focus();
    return () => latest.current?.abort();
  }, []);

  async function search(from: number, before: Found): Promise<void> {
    latest.current?.abort();
    const asked = new AbortController();
    latest.current = asked;
    setBusy(true);
    try {
      let more: Found = { lines: [], next: from };
      while (more.lines.length === 0 && more.next !== null) {
        setReached(more.next);
        const query = { text, stream, attempt, from: more.next, limit: 200 };
        more = await call("searchOutput", { params: { job, n }, query, signal: asked.signal });
      }
      const all = { lines: [...before.lines, ...more.lines], next: more.next };
      setFound(all);
      if (more.lines.length > 0) show(before.lines.length, all);
    } catch (error) {
      if (!asked.signal.aborted) tellProblem(error);
    }
    if (latest.current === asked) setBusy(false);
  }

  function show(index: number, { lines }: Found): void {
    const line = lines[index];
    if (!line) return;
    setAt(index);
    onGoTo(line.at);
  }

  function move(step: number): void {
    if (!found || found.lines.length === 0) return;
    const to = at + step;
    if (to >= found.lines.length && found.next !== null) void search(found.next, found);
    else show((to + found.lines.length) % found.lines.length, found);
  }

  return (
    <form
      role="search"
      className="flex flex-wrap items-center gap-1 border-b border-line bg-sunken px-2 py-1.5"
      onSubmit={(event) => {
        event.preventDefault();
        if (text === "") return;
        onMark(text);
        if (found && !isBusy) move(1);
        else void search(0, nothing);
      }}
    >
      <TextField
        ref={field}
        type="search"
        label="Search in the output"
        placeholder="Search, then Enter"
        className="min-w-32 flex-1"
        value={text}
        onChange={(event) => {
          latest.current?.abort();
          setText(event.target.value);
          setFound(null);
          setBusy(false);
        }}
        onKeyDown={(event) => event.key === "Escape" && onClose()}
      />
      <p role="status" className="min-w-24 px-2 text-xs text-muted">
        {isBusy
          ? `Searching${reached === 0 ? "" : `, ${formatBytes(reached)} looked through`} …`
          : found
            ? told(found, at)
            : ""}
      </p>
      <IconButton label="Previous one" disabled={!found || found.lines.length === 0} onClick={() => move(-1)}>
        <ChevronUp />
      </IconButton>
      <IconButton label="Next one" disabled={!found || found.lines.length === 0} onClick={() => move(1)}>
        <ChevronDown />
      </IconButton>
      <IconButton label="Close the search" onClick={onClose}>
        <X />
      </IconButton>
      {found?.lines[at] && (
        <p className="w-full truncate px-1 font-mono text-xs text-muted">{printable(found.lines[at].text)}</p>
      )}
    </form>
  );
}

function told({ lines, next }: Found, at: number): string {
  if (lines.length === 0) return "It is not in there.";
  return `${at + 1} of ${counted(lines.length, "line")}${next === null ? "" : ", there is more"}`;
}
