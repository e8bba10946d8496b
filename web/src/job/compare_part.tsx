import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Columns2 } from "lucide-react";
import { useState } from "react";
import type { Run } from "../../../src/api/run.ts";
import { printable } from "../../../src/core/printable.ts";
import { parseNumbers } from "../../../src/core/run_table/spans.ts";
import { Loading } from "../ui/loading.tsx";
import { Notice, Problem } from "../ui/problem.tsx";
import { call } from "../yard/client.ts";
import type { DescribedColumn } from "./columns_of.ts";
import { columnTitle, numberOf, RunCell, toldText } from "./run_columns.tsx";

const MOST = 12;
const own = ["status", "cause", "exitCode", "took", "attempts", "machine", "startedAt", "code"];

/** Runs side by side, with what differs marked. */
export function ComparePart({
  job,
  numbers,
  known,
}: {
  job: number;
  numbers: string;
  known: readonly DescribedColumn[];
}) {
  const [isBrief, setBrief] = useState(false);
  const chosen = parseNumbers(numbers, MOST) ?? [];
  const { data, error } = useQuery({
    queryKey: ["job", job, "compare", chosen],
    queryFn: ({ signal }) =>
      call("runTable", { params: { job }, query: { where: `n=${chosen.join("|")}`, limit: MOST }, signal }),
    enabled: chosen.length > 0,
  });
  if (chosen.length === 0) {
    return (
      <Notice title="Nothing to compare yet" icon={<Columns2 className="size-6" aria-hidden="true" />}>
        <p>Select some runs in the table, and press Compare.</p>
      </Notice>
    );
  }
  if (error) return <Problem title="The runs cannot be shown" error={error} />;
  if (!data) return <Loading what="the runs" />;
  const { runs } = data;
  const told = known.filter(({ name, present }) => present > 0 && /^(params|result|metrics)\./s.test(name));
  const groups = [
    { title: "Parameters", names: namesOf(told, "params.") },
    { title: "Results", names: namesOf(told, "result.") },
    { title: "Last metrics", names: namesOf(told, "metrics.") },
    { title: "How it ran", names: own },
  ];
  return (
    <div className="flex min-h-0 flex-1 flex-col gap-2">
      <label className="flex min-h-6 items-center gap-2 text-sm">
        <input type="checkbox" className="size-4 accent-accent" checked={isBrief} onChange={() => setBrief(!isBrief)} />
        Only what differs
      </label>
      <section
        className="min-h-0 overflow-auto rounded-lg border border-line bg-surface"
        tabIndex={0}
        aria-label="Comparison"
      >
        <table className="border-separate border-spacing-0 text-sm">
          <thead className="text-xs text-muted">
            <tr>
              <th
                scope="col"
                className="sticky top-0 left-0 z-20 min-w-40 border-b border-line bg-surface px-3 py-2 text-left"
              >
                <span className="sr-only">What</span>
              </th>
              {runs.map((run) => (
                <th
                  key={run.id}
                  scope="col"
                  className="sticky top-0 z-10 border-b border-line bg-surface px-3 py-2 text-right"
                >
                  <Link
                    to="/jobs/$job/runs/$n"
                    params={{ job: `${job}`, n: numberOf(run) }}
                    className="text-sm font-semibold text-ink hover:underline"
                  >
                    Run {run.id}
                  </Link>
                </th>
              ))}
            </tr>
          </thead>
          {groups.map(({ title, names }) => (
            <Group key={title} title={title} names={names} runs={runs} isBrief={isBrief} />
          ))}
        </table>
      </section>
    </div>
  );
}

function namesOf(columns: readonly DescribedColumn[], prefix: string): string[] {
  return columns.map(({ name }) => name).filter((name) => name.startsWith(prefix));
}

interface GroupProps {
  title: string;
  names: readonly string[];
  runs: readonly Run[];
  isBrief: boolean;
}

function Group({ title, names, runs, isBrief }: GroupProps) {
  const lines = names
    .map((name) => ({ name, differs: new Set(runs.map((run) => alike(run, name))).size > 1 }))
    .filter(({ name, differs }) => (differs || !isBrief) && runs.some((run) => alike(run, name) !== ""));
  if (lines.length === 0) return null;
  return (
    <tbody>
      <tr>
        <th
          scope="colgroup"
          colSpan={runs.length + 1}
          className="sticky left-0 border-b border-line bg-canvas px-3 py-1 text-left text-xs font-semibold"
        >
          {title}
        </th>
      </tr>
      {lines.map(({ name, differs }) => (
        <tr key={name} className={differs ? "bg-accent-soft" : ""}>
          <th
            scope="row"
            className={`sticky left-0 max-w-56 truncate border-b border-line px-3 py-1.5 text-left font-normal text-muted ${differs ? "bg-accent-soft" : "bg-surface"}`}
            title={printable(name)}
          >
            <span aria-hidden="true" className="mr-1.5 inline-block w-3 font-mono text-accent">
              {differs ? "≠" : ""}
            </span>
            {columnTitle(name)}
            {differs && <span className="sr-only"> (differs)</span>}
          </th>
          {runs.map((run) => (
            <td key={run.id} className="max-w-64 truncate border-b border-line px-3 py-1.5 text-right">
              {name === "code" ? printable(run.code ?? "").slice(0, 12) : <RunCell run={run} name={name} />}
            </td>
          ))}
        </tr>
      ))}
    </tbody>
  );
}

/** What has to be the same for the runs not to differ. */
function alike(run: Run, name: string): string {
  if (name === "cause") return run.cause?.text ?? "";
  if (name === "took")
    return run.startedAt === null || run.endedAt === null
      ? ""
      : String(Date.parse(run.endedAt) - Date.parse(run.startedAt));
  return toldText(run, name);
}
