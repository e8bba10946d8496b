import type { Run } from "../../../src/api/run.ts";
import { valueText } from "../../../src/core/number_text.ts";
import { printable } from "../../../src/core/printable.ts";
import { IdLink } from "../ui/id_link.tsx";
import { StatusBadge } from "../ui/status.tsx";
import type { Column } from "../ui/table.tsx";
import { At, Took } from "../ui/times.tsx";
import type { DescribedColumn } from "./columns_of.ts";
import { shortName } from "./plots/short_name.ts";

const titles: Record<string, string> = {
  status: "Status",
  cause: "Cause",
  exitCode: "Exit code",
  machine: "Machine",
  attempts: "Attempts",
  progress: "Progress",
  startedAt: "Started",
  endedAt: "Ended",
  took: "Took",
  line: "Line",
  command: "Command",
};

/** What a column is called for people. */
export function columnTitle(name: string): string {
  return titles[name] ?? printable(shortName(name));
}

/** The columns of a table of runs, the number always first. */
export function runColumns(names: readonly string[], known: readonly DescribedColumn[]): Column<Run>[] {
  const kinds = new Map(known.map(({ name, kind }) => [name, kind]));
  return [
    {
      key: "n",
      label: "Run",
      width: 84,
      align: "right",
      sort: "n",
      cell: (run) => (
        <IdLink id={run.id} className="font-medium hover:underline">
          {run.id}
        </IdLink>
      ),
    },
    ...names.map((name): Column<Run> => {
      const isNumber = kinds.get(name) === "number" && name !== "startedAt" && name !== "endedAt";
      const width = name === "command" ? 280 : name === "cause" || name === "status" ? 116 : 104;
      return {
        key: name,
        label: columnTitle(name),
        hint: name,
        width,
        grow: name === "command" ? 4 : 1,
        sort: name,
        ...(isNumber && { align: "right" as const }),
        cell: (run) => <RunCell run={run} name={name} />,
      };
    }),
  ];
}

export function numberOf({ id }: Pick<Run, "id">): string {
  return id.split(".")[1] ?? "1";
}

/** What stands in one cell of the table, and beside others where runs are compared. */
export function RunCell({ run, name }: { run: Run; name: string }) {
  switch (name) {
    case "status":
      return <StatusBadge status={run.status} />;
    case "cause":
      return run.cause && <span title={printable(run.cause.text)}>{printable(run.cause.text)}</span>;
    case "machine":
      return run.machine && printable(run.machine);
    case "progress":
      return run.progress?.of ? `${Math.round((100 * run.progress.done) / run.progress.of)} %` : null;
    case "startedAt":
    case "endedAt":
      return run[name] && <At at={run[name]} />;
    case "took":
      return <Took span={run} />;
    case "command":
      return <code title={printable(run.command)}>{printable(run.command)}</code>;
    default: {
      const text = toldText(run, name);
      return (
        <span
          title={text.length > 9 ? text : undefined}
          className={/^(NaN|-?Infinity)$/.test(text) ? "text-muted" : ""}
        >
          {text}
        </span>
      );
    }
  }
}

/** As text, alike for values that are alike. */
export function toldText(run: Run, name: string): string {
  if (name === "n") return run.id;
  if (name.startsWith("params.")) return printable(own(run.paramsText, shortName(name)) ?? "");
  if (name.startsWith("metrics.")) return valueText(own(run.metrics, shortName(name)));
  if (name.startsWith("result.")) return valueText(own(run.result, shortName(name)));
  return valueText((run as Record<string, unknown>)[name]);
}

function own<Value>(values: Record<string, Value>, name: string): Value | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}
