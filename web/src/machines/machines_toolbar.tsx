import { Search } from "lucide-react";
import { useRef } from "react";
import { counted } from "../../../src/core/number_text.ts";
import { printable } from "../../../src/core/printable.ts";
import { Choice, TextField } from "../ui/field.tsx";
import { useShortcuts } from "../ui/shortcuts.ts";
import { useTyped } from "../ui/use_typed.ts";
import { type MachinesSearch, type WallHours, wallHours } from "./machines_search.ts";
import { type MachineFilter, machineFilters } from "./wall.ts";

const filterWords: Record<MachineFilter, string> = {
  free: "With room",
  working: "Working",
  wasted: "With waste",
  others: "Taken by others",
  quarantined: "Quarantined",
  drained: "Drained",
  unreachable: "Unreachable",
};

const hourWords: Record<WallHours, string> = { 1: "Last hour", 6: "Last 6 hours", 24: "Last day", 168: "Last week" };

interface MachinesToolbarProps {
  search: MachinesSearch;
  onChange(search: MachinesSearch): void;
  pools: readonly string[];
  /** How many machines are shown. */
  shown: number;
}

/** What the wall shows. */
export function MachinesToolbar({ search, onChange, pools, shown }: MachinesToolbarProps) {
  const [text, setText] = useTyped(search.search ?? "", (typed) => onChange(changedBy(search, { search: typed })));
  const field = useRef<HTMLInputElement>(null);
  useShortcuts({ "/": () => field.current?.focus() });
  return (
    <div className="flex flex-wrap items-center gap-2">
      <div className="relative min-w-40 flex-1 sm:max-w-72">
        <Search aria-hidden="true" className="pointer-events-none absolute top-2 left-2.5 size-4 text-muted" />
        <TextField
          ref={field}
          type="search"
          label="Search in machines, runs, people and processes"
          placeholder="Search   /"
          className="w-full pl-8"
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
        />
      </div>
      <Choice
        label="State"
        value={search.state ?? ""}
        options={[
          { value: "", label: "Any state" },
          ...machineFilters.map((value) => ({ value, label: filterWords[value] })),
        ]}
        onChange={(state) => onChange(changedBy(search, { state }))}
      />
      {pools.length > 1 && (
        <Choice
          label="Pool"
          value={search.pool ?? ""}
          options={[{ value: "", label: "Any pool" }, ...pools.map((value) => ({ value, label: printable(value) }))]}
          onChange={(pool) => onChange(changedBy(search, { pool }))}
        />
      )}
      <Choice
        label="How far back"
        value={`${search.hours ?? 6}`}
        options={wallHours.map((hours) => ({ value: `${hours}`, label: hourWords[hours] }))}
        onChange={(hours) => onChange(changedBy(search, { hours: hours === "6" ? "" : Number(hours) }))}
      />
      <p role="status" className="ml-auto text-sm text-muted">
        {counted(shown, "machine")}
      </p>
    </div>
  );
}

/** The search with some of it changed; an empty text is none. */
function changedBy(search: MachinesSearch, change: Record<string, string | number>): MachinesSearch {
  const entries = Object.entries({ ...search, ...change }).filter(([, value]) => value !== "");
  return Object.fromEntries(entries) as MachinesSearch;
}
