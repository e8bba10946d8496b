import { ScatterChart } from "lucide-react";
import { type ReactNode, useMemo, useState } from "react";
import type { Job } from "../../../src/api/job.ts";
import { counted, grouped } from "../../../src/core/number_text.ts";
import { printable } from "../../../src/core/printable.ts";
import { Choice } from "../ui/field.tsx";
import { Loading } from "../ui/loading.tsx";
import { Notice, Problem } from "../ui/problem.tsx";
import { ColumnChooser } from "./column_chooser.tsx";
import { type DescribedColumn, plottable, usualTarget } from "./columns_of.ts";
import { ColourKey } from "./plots/colour_key.tsx";
import { asOptions, CurvesPlot } from "./plots/curves_plot.tsx";
import { ImportanceBars } from "./plots/importance_bars.tsx";
import { ParallelPlot } from "./plots/parallel_plot.tsx";
import { scaleOf } from "./plots/scale.ts";
import { ScatterPlot } from "./plots/scatter_plot.tsx";
import { shortName } from "./plots/short_name.ts";
import { useColumns } from "./plots/use_columns.ts";

interface PlotsPartProps {
  job: Job;
  where: string;
  sort: string;
  known: readonly DescribedColumn[];
  onWhere(where: string): void;
}

const MOST_AXES = 7;
const ALL_BEHIND = 500;

/** What the runs look like together. What is drawn on a plot chooses for all of them, and for the table. */
export function PlotsPart({ job, where, sort, known, onWhere }: PlotsPartProps) {
  const params = useMemo(() => plottable(known, "params."), [known]);
  const told = useMemo(() => [...plottable(known, "result."), ...plottable(known, "metrics.")], [known]);
  const others = ["took", "n"].filter((name) => known.some((column) => column.name === name && column.present > 0));
  const all = [...params, ...told, ...others];
  const [target, setTarget] = useState<string | null>(null);
  const of = target ?? usualTarget(known) ?? others[0] ?? "n";
  const [axes, setAxes] = useState<readonly string[] | null>(null);
  const [x, setX] = useState<string | null>(null);
  const [y, setY] = useState<string | null>(null);
  const names = useMemo(
    () => [...(axes ?? params.slice(0, MOST_AXES)).filter((name) => name !== of), of],
    [axes, params, of],
  );
  const [across, up] = [x ?? params[0] ?? "n", y ?? of];
  const asked = useMemo(() => [...new Set([...names, across, up])], [names, across, up]);
  const chosen = useColumns(job.id, asked, where);
  const behind = useColumns(job.id, asked, "", ALL_BEHIND);
  const colours = useMemo(() => [...params, ...told], [params, told]);
  const metrics = useMemo(
    () =>
      known
        .filter(({ name, present }) => name.startsWith("metrics.") && present > 0)
        .map(({ name }) => shortName(name)),
    [known],
  );
  const cells = chosen.data?.values[of];
  const colourScale = useMemo(() => scaleOf(cells ?? []), [cells]);
  if (job.runs.total === 1 && metrics.length === 0) return <NothingToPlot />;
  if (chosen.error) return <Problem title="The runs cannot be plotted" error={chosen.error} />;
  if (!chosen.data || !behind.data) return <Loading what="the plots" />;
  const { n, values, matching, sampled } = chosen.data;
  const isWhole = asked.every((name) => values[name] && behind.data?.values[name]);
  const many = sampled ? `${grouped(n.length)} of ${counted(matching, "run")}, evenly taken` : counted(n.length, "run");
  return (
    <div className="grid gap-4 xl:grid-cols-2">
      <Figure
        title="Parallel coordinates"
        note={`${many}. Draw along an axis to choose; press it to take that back.`}
        controls={
          <>
            <Choice
              label="Coloured by"
              value={of}
              options={[...new Set([...told, ...others])].map((name) => ({
                value: name,
                label: `by ${printable(shortName(name))}`,
              }))}
              onChange={setTarget}
            />
            <ColumnChooser label="Axes" names={all} chosen={names} onChoose={setAxes} />
          </>
        }
        isWide
      >
        {isWhole && (
          <ParallelPlot
            names={names}
            chosen={values}
            all={behind.data.values}
            where={where}
            onWhere={onWhere}
            label={`${many} by ${names.map(shortName).join(", ")}. The table of runs has the same numbers; the conditions above choose among them as drawing on an axis does.`}
          />
        )}
        <ColourKey title={shortName(of)} scale={colourScale} />
      </Figure>
      <Figure
        title="Any two"
        note={`${many}. Draw a rectangle to choose, press a point to open its run.`}
        controls={
          <>
            <Choice label="Across" value={across} options={asOptions(all)} onChange={setX} />
            <Choice label="Up" value={up} options={asOptions(all)} onChange={setY} />
          </>
        }
      >
        {isWhole && (
          <ScatterPlot
            job={job.id}
            x={across}
            y={up}
            colour={of}
            n={n}
            values={values}
            where={where}
            onWhere={onWhere}
          />
        )}
      </Figure>
      <Figure
        title="What matters"
        note={`How much of ${printable(shortName(of))} goes with each parameter.`}
        controls={null}
      >
        <ImportanceBars job={job.id} of={of} where={where} />
      </Figure>
      <Figure
        title="Curves"
        note="Point at a curve to see whose it is, press it to open its run."
        controls={null}
        isWide
      >
        <CurvesPlot job={job.id} metrics={metrics} colours={colours} where={where} sort={sort} />
      </Figure>
    </div>
  );
}

interface FigureProps {
  title: string;
  note: string;
  controls: ReactNode;
  isWide?: boolean;
  children: ReactNode;
}

function Figure({ title, note, controls, isWide = false, children }: FigureProps) {
  return (
    <section
      aria-label={title}
      className={`flex min-w-0 flex-col gap-3 rounded-lg border border-line bg-surface p-4 ${isWide ? "xl:col-span-2" : ""}`}
    >
      <div className="flex flex-wrap items-start gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 basis-60">
          <h2 className="font-semibold">{title}</h2>
          <p className="text-sm text-muted">{note}</p>
        </div>
        <div className="flex flex-wrap gap-2">{controls}</div>
      </div>
      {children}
    </section>
  );
}

function NothingToPlot() {
  return (
    <Notice title="Nothing to plot" icon={<ScatterChart className="size-6" aria-hidden="true" />}>
      <p>Plots compare the runs of a sweep, and show metrics that scripts tell.</p>
    </Notice>
  );
}
