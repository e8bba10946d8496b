import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import { jobStatuses } from "../../../src/core/job.ts";
import { counted } from "../../../src/core/number_text.ts";
import { printable } from "../../../src/core/printable.ts";
import { Button } from "../ui/button.tsx";
import { changedSearch, type SearchChange } from "../ui/changed_search.ts";
import { Choice } from "../ui/field.tsx";
import { SearchField } from "../ui/search_field.tsx";
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
  const change = (some: SearchChange<QueueSearch>) => onChange(changedSearch(search, some));
  return (
    <div className="flex flex-wrap items-center gap-2">
      <SearchField
        label="Search in names and commands"
        value={search.search ?? ""}
        onTyped={(typed) => change({ search: typed })}
      />
      <Choice
        label="Status"
        value={search.status ?? ""}
        options={[{ value: "", label: "Any status" }, ...jobStatuses.map((one) => ({ value: one, label: one }))]}
        onChange={(status) => change({ status })}
      />
      <Choice
        label="Owner"
        value={search.user ?? ""}
        options={[
          { value: "", label: "Everybody's" },
          { value: user, label: "Mine" },
          ...(search.user !== undefined && search.user !== user ? [{ value: search.user, label: search.user }] : []),
        ]}
        onChange={(owner) => change({ user: owner })}
      />
      <Choice
        label="Pool"
        value={search.pool ?? ""}
        options={[
          { value: "", label: "Any pool" },
          ...(pools.data?.pools ?? []).map(({ name }) => ({ value: name, label: name })),
        ]}
        onChange={(pool) => change({ pool })}
      />
      {search.tag !== undefined && (
        <Button onClick={() => change({ tag: "" })}>
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
