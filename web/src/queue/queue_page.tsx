import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Inbox, SearchX } from "lucide-react";
import { useCallback, useState } from "react";
import type { Job } from "../../../src/api/job.ts";
import { Button, buttonClass } from "../ui/button.tsx";
import { Command } from "../ui/command.tsx";
import { Loading } from "../ui/loading.tsx";
import { Notice, Problem } from "../ui/problem.tsx";
import { Table } from "../ui/table.tsx";
import { useSelection } from "../ui/use_selection.ts";
import { useRows } from "../yard/rows.ts";
import { setJob } from "../yard/steer.ts";
import { priorityAt } from "./priority_at.ts";
import { queueColumns } from "./queue_columns.tsx";
import { jobsQuery } from "./queue_queries.ts";
import type { QueueSearch, QueueSort } from "./queue_search.ts";
import { QueueToolbar } from "./queue_toolbar.tsx";
import { SelectionBar } from "./selection_bar.tsx";
import { YardNotices } from "./yard_notices.tsx";

/** All jobs, as rows of a list that takes any number of them. */
export function QueuePage() {
  const search: QueueSearch = useSearch({ from: "/" });
  const navigate = useNavigate();
  const { sort = "-id", ...filter } = search;
  const [[first, last], setRange] = useState<[number, number]>([0, 0]);
  const { key, load } = jobsQuery(search);
  const rows = useRows<Job>(key, load, first, last);
  const selection = useSelection(rows, idOf);
  const onRange = useCallback((from: number, to: number) => setRange([from, to]), []);
  const change = (next: QueueSearch) => void navigate({ to: "/", search: next, replace: true });
  const isFiltered = Object.keys(filter).length > 0;

  return (
    <div className="flex min-h-0 flex-1 flex-col gap-3 p-3 sm:p-4">
      <h1 className="sr-only">Queue</h1>
      <YardNotices />
      <QueueToolbar search={search} onChange={change} total={rows.total} />
      {rows.total === null && rows.error ? (
        <Problem title="The queue cannot be shown" error={rows.error} />
      ) : rows.total === null ? (
        <Loading what="the queue" />
      ) : (
        <Table
          label="Jobs"
          columns={queueColumns}
          rows={rows}
          idOf={idOf}
          onRange={onRange}
          sort={sort}
          onSort={(next) => change({ ...search, sort: next as QueueSort })}
          selected={selection.ids}
          onSelect={selection.select}
          onOpen={(job) => void navigate({ to: "/jobs/$job", params: { job: `${job.id}` } })}
          onMove={
            sort === "-priority"
              ? (job, above, below) => void setJob(job.id, { priority: priorityAt(job, above, below) })
              : undefined
          }
          empty={
            isFiltered ? (
              <NothingFound onClear={() => change(search.sort ? { sort: search.sort } : {})} />
            ) : (
              <NothingYet />
            )
          }
        />
      )}
      <SelectionBar jobs={selection.rows} onClear={selection.clear} />
    </div>
  );
}

function idOf(job: Job): string {
  return `${job.id}`;
}

function NothingYet() {
  return (
    <Notice title="The queue is empty" icon={<Inbox className="size-6" aria-hidden="true" />}>
      <p>What is submitted shows here, and stays when it is done. Submit something from a terminal:</p>
      <div className="w-full text-left">
        <Command text="runyard sweep --set lr=0.1,0.01 -- python train.py" />
      </div>
      <Link to="/new" className={buttonClass("primary")}>
        Or fill in a form
      </Link>
    </Notice>
  );
}

function NothingFound({ onClear }: { onClear(): void }) {
  return (
    <Notice title="No job is like this" icon={<SearchX className="size-6" aria-hidden="true" />}>
      <p>None has all that is asked for above.</p>
      <Button onClick={onClear}>Show all jobs</Button>
    </Notice>
  );
}
