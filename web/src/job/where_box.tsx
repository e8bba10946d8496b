import { CircleHelp, Filter, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { isWhereProblem, parseWhere, SEARCH } from "../../../src/core/run_table/condition.ts";
import { whyNoColumn } from "../../../src/core/run_table/table.ts";
import { IconButton } from "../ui/button.tsx";
import { TextField } from "../ui/field.tsx";
import { useShortcuts } from "../ui/shortcuts.ts";
import { WhereHelp } from "./where_help.tsx";

/** While somebody types, the yard is not asked for every letter. */
const TYPING_MS = 250;

interface WhereBoxProps {
  where: string;
  onWhere(where: string): void;
  /** Of the job. */
  params: readonly string[];
}

/** Where conditions on runs are typed: for the table and the plots alike. */
export function WhereBox({ where, onWhere, params }: WhereBoxProps) {
  const [text, setText] = useState(where);
  const [isHelpOpen, setHelpOpen] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => setText(where), [where]);
  const problem = problemIn(text, params);
  const latest = useRef(onWhere);
  latest.current = onWhere;
  useEffect(() => {
    if (text.trim() === where.trim() || problem !== null) return;
    const timer = setTimeout(() => latest.current(text.trim()), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text, where, problem]);
  useShortcuts({ "/": () => field.current?.focus() });
  return (
    <div className="relative min-w-56 flex-1">
      <Filter aria-hidden="true" className="pointer-events-none absolute top-2 left-2.5 size-4 text-muted" />
      <TextField
        ref={field}
        label="Show runs where"
        placeholder="status=failed, params.lr>=0.01, search=…   /"
        className="w-full pr-18 pl-8 font-mono [font-feature-settings:'liga'_0,'calt'_0]"
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        value={text}
        aria-invalid={problem !== null}
        aria-describedby={problem === null ? undefined : "where-problem"}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") event.currentTarget.blur();
          if (event.key === "Enter" && problem === null) onWhere(text.trim());
        }}
      />
      <span className="absolute top-0 right-0 flex">
        {text !== "" && (
          <IconButton
            label="Show all runs"
            onClick={() => {
              setText("");
              onWhere("");
            }}
          >
            <X />
          </IconButton>
        )}
        <IconButton label="How to choose runs" onClick={() => setHelpOpen(true)}>
          <CircleHelp />
        </IconButton>
      </span>
      {problem !== null && (
        <p id="where-problem" role="status" className="mt-1 text-sm text-failed">
          <span aria-hidden="true">✗ </span>
          {problem}
        </p>
      )}
      <WhereHelp isOpen={isHelpOpen} onClose={() => setHelpOpen(false)} params={params} />
    </div>
  );
}

/** Why a text of conditions cannot be used; null: it can. */
function problemIn(text: string, params: readonly string[]): string | null {
  const parsed = parseWhere(text);
  if (isWhereProblem(parsed)) return `Character ${parsed.at}: ${parsed.problem}`;
  for (const { column } of parsed) {
    const problem = column === SEARCH ? null : whyNoColumn(column, params);
    if (problem !== null) return `${problem.charAt(0).toUpperCase()}${problem.slice(1)}`;
  }
  return null;
}
