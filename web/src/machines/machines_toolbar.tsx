import { counted } from "../../../src/core/number_text.ts";
import { printable } from "../../../src/core/printable.ts";
import { changedSearch, type SearchChange } from "../ui/changed_search.ts";
import { Choice } from "../ui/field.tsx";
import { SearchField } from "../ui/search_field.tsx";
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
  const change = (some: SearchChange<MachinesSearch>) => onChange(changedSearch(search, some));
  return (
    <div className="flex flex-wrap items-center gap-2">
      <SearchField
        label="Search in machines, runs, people and processes"
        value={search.search ?? ""}
        onTyped={(typed) => change({ search: typed })}
      />
      <Choice
        label="State"
        value={search.state ?? ""}
        options={[
          { value: "", label: "Any state" },
          ...machineFilters.map((value) => ({ value, label: filterWords[value] })),
        ]}
        onChange={(state) => change({ state })}
      />
      {pools.length > 1 && (
        <Choice
          label="Pool"
          value={search.pool ?? ""}
          options={[{ value: "", label: "Any pool" }, ...pools.map((value) => ({ value, label: printable(value) }))]}
          onChange={(pool) => change({ pool })}
        />
      )}
      <Choice
        label="How far back"
        value={`${search.hours ?? 6}`}
        options={wallHours.map((hours) => ({ value: `${hours}`, label: hourWords[hours] }))}
        onChange={(hours) => change({ hours: hours === "6" ? "" : Number(hours) })}
      />
      <p role="status" className="ml-auto text-sm text-muted">
        {counted(shown, "machine")}
      </p>
    </div>
  );
}
