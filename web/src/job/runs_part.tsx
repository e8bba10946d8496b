import { useNavigate } from "@tanstack/react-router";
import { SearchX } from "lucide-react";
import { useCallback, useMemo, useState } from "react";
import type { Job } from "../../../src/api/job.ts";
import type { Run } from "../../../src/api/run.ts";
import { counted, grouped } from "../../../src/core/number_text.ts";
import { Button } from "../ui/button.tsx";
import { Loading } from "../ui/loading.tsx";
import { Notice, Problem } from "../ui/problem.tsx";
import { Table } from "../ui/table.tsx";
import { useSelection } from "../ui/use_selection.ts";
import { useRows } from "../yard/rows.ts";
import type { DescribedColumn } from "./columns_of.ts";
import { runsQuery } from "./job_queries.ts";
import { numberOf, runColumns } from "./run_columns.tsx";
import { RunSelectionBar } from "./run_selection_bar.tsx";

interface RunsPartProps {
  job: Job;
  where: string;
  sort: string;
  columns: readonly string[];
  known: readonly DescribedColumn[];
  onSort(sort: string): void;
  onShowAll(): void;
  onCompare(numbers: string): void;
}

/** The runs as a table whose columns are what they were given and what they told. */
export function RunsPart({ job, where, sort, columns, known, onSort, onShowAll, onCompare }: RunsPartProps) {
  const navigate = useNavigate();
  const [[first, last], setRange] = useState<[number, number]>([0, 0]);
  const { key, load } = runsQuery(job.id, where, sort);
  const rows = useRows<Run>(key, load, first, last);
  const selection = useSelection(rows, idOf);
  const shown = useMemo(() => runColumns(columns, known), [columns, known]);
  const onRange = useCallback((from: number, to: number) => setRange([from, to]), []);
  if (rows.error && rows.total === null) return <Problem title="The runs cannot be shown" error={rows.error} />;
  if (rows.total === null) return <Loading what="the runs" />;
  return (
    <>
      <Table
        label="Runs"
        columns={shown}
        rows={rows}
        rowHeight={34}
        idOf={idOf}
        onRange={onRange}
        sort={sort}
        onSort={onSort}
        selected={selection.ids}
        onSelect={selection.select}
        onOpen={(run) => void navigate({ to: "/jobs/$job/runs/$n", params: { job: `${job.id}`, n: numberOf(run) } })}
        empty={<NothingFound onShowAll={onShowAll} />}
      />
      <p role="status" className="text-sm text-muted">
        {rows.total === job.runs.total
          ? counted(rows.total, "run")
          : `${grouped(rows.total)} of ${counted(job.runs.total, "run")}`}
      </p>
      <RunSelectionBar runs={selection.rows} onClear={selection.clear} onCompare={onCompare} />
    </>
  );
}

function idOf(run: Run): string {
  return run.id;
}

function NothingFound({ onShowAll }: { onShowAll(): void }) {
  return (
    <Notice title="No run is like this" icon={<SearchX className="size-6" aria-hidden="true" />}>
      <p>None fulfils all of the conditions above.</p>
      <Button onClick={onShowAll}>Show all runs</Button>
    </Notice>
  );
}
