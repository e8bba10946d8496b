import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useMemo } from "react";
import type { Run } from "../../../src/api/run.ts";
import { grouped } from "../../../src/core/number_text.ts";
import { isWhereProblem, parseNames, quotedName } from "../../../src/core/run_table/condition.ts";
import { changedSearch } from "../ui/changed_search.ts";
import { Loading } from "../ui/loading.tsx";
import { Problem } from "../ui/problem.tsx";
import type { call } from "../yard/client.ts";
import { PAGE } from "../yard/rows.ts";
import { ColumnChooser } from "./column_chooser.tsx";
import { expectedColumns, usualColumns } from "./columns_of.ts";
import { ComparePart } from "./compare_part.tsx";
import { type Definition, paramsOf } from "./definition.ts";
import { FailuresPart } from "./failures_part.tsx";
import { JobActions } from "./job_actions.tsx";
import { JobHeader } from "./job_header.tsx";
import { jobQuery, runsQuery } from "./job_queries.ts";
import type { JobPart, JobSearch } from "./job_search.ts";
import { useColumns, usePlotsInStep } from "./plots/use_columns.ts";
import { RunsPart } from "./runs_part.tsx";
import { WaitingPart } from "./waiting_part.tsx";
import { WhereBox } from "./where_box.tsx";

// What is not on the first page is loaded when it is looked at.
const PlotsPart = lazy(async () => ({ default: (await import("./plots_part.tsx")).PlotsPart }));
const DefinitionPart = lazy(async () => ({ default: (await import("./definition_part.tsx")).DefinitionPart }));

/** One job with all of its runs. */
export function JobPage() {
  const { job: text } = useParams({ from: "/jobs/$job" });
  const id = Number(text);
  const { data, error, refetch } = useQuery(jobQuery(id));
  if (error) return <Problem page title={`Job ${text} cannot be shown`} error={error} retry={() => void refetch()} />;
  if (!data) return <Loading page what={`job ${text}`} />;
  return <Parts job={data.job} definition={data.definition as unknown as Definition} />;
}

type Shown = Awaited<ReturnType<typeof call<"showJob">>>["job"];

function Parts({ job, definition }: { job: Shown; definition: Definition }) {
  const search: JobSearch = useSearch({ from: "/jobs/$job" });
  const navigate = useNavigate();
  const { part = "runs", where = "", sort = "n", compare = "" } = search;
  const params = useMemo(() => paramsOf(definition), [definition]);
  usePlotsInStep(job.id);
  const columns = useColumns(job.id, [], "").data?.columns;
  const rows = useFirstRows(job.id, where, sort, columns === undefined && part === "runs");
  const known = useMemo(() => columns ?? expectedColumns(params, rows), [columns, params, rows]);
  const chosen = useMemo(() => chosenColumns(search.columns) ?? usualColumns(known), [search.columns, known]);
  const change = (next: Partial<JobSearch>, replace = true) => {
    void navigate({ to: "/jobs/$job", params: { job: `${job.id}` }, search: changedSearch(search, next), replace });
  };
  const show = (some: string) => change({ part: "runs", where: some }, false);
  const chooses = part === "runs" || part === "plots";
  return (
    <div
      className={`flex flex-col gap-3 p-3 sm:p-4 ${part === "runs" || part === "compare" ? "min-h-[36rem] flex-1" : ""}`}
    >
      <JobHeader
        job={job}
        onShow={show}
        actions={<JobActions job={job} definition={definition} where={chooses ? where : ""} sort={sort} />}
      />
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <PartLinks id={job.id} search={search} part={part} failed={job.runs.failed} waiting={job.runs.queued} />
        {chooses && <WhereBox where={where} params={params} onWhere={(next) => change({ where: next })} />}
        {part === "runs" && (
          <ColumnChooser
            label="Columns"
            names={known.filter(({ name, present }) => name !== "n" && present > 0).map(({ name }) => name)}
            chosen={chosen}
            onChoose={(names) => change({ columns: names === null ? "" : names.map(quotedName).join(",") })}
          />
        )}
      </div>
      {part === "runs" && (
        <RunsPart
          job={job}
          where={where}
          sort={sort}
          columns={chosen}
          known={known}
          onSort={(next) => change({ sort: next === "n" ? "" : next })}
          onShowAll={() => change({ where: "" })}
          onCompare={(numbers) => change({ part: "compare", compare: numbers }, false)}
        />
      )}
      <Suspense fallback={<Loading what={part} />}>
        {part === "plots" && (
          <PlotsPart job={job} where={where} sort={sort} known={known} onWhere={(next) => change({ where: next })} />
        )}
        {part === "definition" && <DefinitionPart job={job} definition={definition} />}
      </Suspense>
      {part === "compare" && <ComparePart job={job.id} numbers={compare} known={known} />}
      {part === "failures" && <FailuresPart job={job.id} onShow={show} />}
      {part === "waiting" && <WaitingPart job={job.id} />}
    </div>
  );
}

const none: readonly Run[] = [];

/** Those that the table shows first. */
function useFirstRows(id: number, where: string, sort: string, enabled: boolean): readonly Run[] {
  const { key, load } = runsQuery(id, where, sort);
  const first = useQuery({
    queryKey: [...key, "rows", 0],
    queryFn: ({ signal }) => load(0, PAGE, signal),
    enabled,
  });
  return first.data?.rows ?? none;
}

interface PartLinksProps {
  id: number;
  search: JobSearch;
  part: JobPart;
  failed: number;
  waiting: number;
}

function PartLinks({ id, search, part, failed, waiting }: PartLinksProps) {
  const parts: { part: JobPart; label: string; count?: number }[] = [
    { part: "runs", label: "Runs" },
    { part: "plots", label: "Plots" },
    ...(search.compare !== undefined ? [{ part: "compare" as const, label: "Compare" }] : []),
    { part: "failures", label: "Failures", count: failed },
    { part: "waiting", label: "Waiting", count: waiting },
    { part: "definition", label: "Definition" },
  ];
  return (
    <nav aria-label="Parts of the job" className="flex flex-wrap gap-1">
      {parts.map((one) => (
        <Link
          key={one.part}
          to="/jobs/$job"
          params={{ job: `${id}` }}
          search={{ ...search, part: one.part }}
          aria-current={one.part === part ? "page" : undefined}
          className="flex h-8 items-center gap-1.5 rounded-md px-2.5 text-sm font-medium text-muted hover:bg-sunken hover:text-ink aria-[current=page]:bg-accent-soft aria-[current=page]:text-ink"
        >
          {one.label}
          {one.count !== undefined && one.count > 0 && <span className="text-xs text-muted">{grouped(one.count)}</span>}
        </Link>
      ))}
    </nav>
  );
}

/** Null: nobody has said. */
function chosenColumns(text: string | undefined): string[] | null {
  const names = text === undefined ? [] : parseNames(text);
  return isWhereProblem(names) || names.length === 0 ? null : names;
}
