import { useQuery } from "@tanstack/react-query";
import { Search, X } from "lucide-react";
import { useRef } from "react";
import { jobStatuses } from "../../../src/core/job.ts";
import { counted } from "../../../src/core/number_text.ts";
import { printable } from "../../../src/core/printable.ts";
import { Button } from "../ui/button.tsx";
import { Choice, TextField } from "../ui/field.tsx";
import { useShortcuts } from "../ui/shortcuts.ts";
import { useTyped } from "../ui/use_typed.ts";
import { call } from "../yard/client.ts";
import { useSession } from "../yard/session.tsx";
import type { QueueSearch } from "./queue_search.ts";

interface QueueToolbarProps {
  search: QueueSearch;
  onChange(search: QueueSearch): void;
  total: number | null;
}

/** What the list of jobs shows. */
export function QueueToolbar({ search, onChange, total }: QueueToolbarProps) {
  const { user } = useSession();
  const pools = useQuery({ queryKey: ["pools"], queryFn: () => call("listPools") });
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
          label="Search in names and commands"
          placeholder="Search   /"
          className="w-full pl-8"
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
        />
      </div>
      <Choice
        label="Status"
        value={search.status ?? ""}
        options={[{ value: "", label: "Any status" }, ...jobStatuses.map((one) => ({ value: one, label: one }))]}
        onChange={(status) => onChange(changedBy(search, { status }))}
      />
      <Choice
        label="Owner"
        value={search.user ?? ""}
        options={[
          { value: "", label: "Everybody's" },
          { value: user, label: "Mine" },
          ...(search.user !== undefined && search.user !== user ? [{ value: search.user, label: search.user }] : []),
        ]}
        onChange={(owner) => onChange(changedBy(search, { user: owner }))}
      />
      <Choice
        label="Pool"
        value={search.pool ?? ""}
        options={[
          { value: "", label: "Any pool" },
          ...(pools.data?.pools ?? []).map(({ name }) => ({ value: name, label: name })),
        ]}
        onChange={(pool) => onChange(changedBy(search, { pool }))}
      />
      {search.tag !== undefined && (
        <Button onClick={() => onChange(changedBy(search, { tag: "" }))}>
          tag {printable(search.tag)}
          <X aria-label="Any tag" />
        </Button>
      )}
      <p role="status" className="ml-auto text-sm text-muted">
        {total === null ? "" : counted(total, "job")}
      </p>
    </div>
  );
}

/** The search with some of it changed; an empty text is none. */
function changedBy(search: QueueSearch, change: Record<string, string>): QueueSearch {
  const entries = Object.entries({ ...search, ...change }).filter(([, value]) => value !== "");
  return Object.fromEntries(entries) as QueueSearch;
}
