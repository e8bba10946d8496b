import type { Job } from "../../../src/api/job.ts";
import { valueText } from "../../../src/core/number_text.ts";
import { printable } from "../../../src/core/printable.ts";
import { IdLink } from "../ui/id_link.tsx";
import { RunsBar } from "../ui/runs_bar.tsx";
import { StatusBadge } from "../ui/status.tsx";
import type { Column } from "../ui/table.tsx";
import { Age, Eta } from "../ui/times.tsx";
import { PriorityCell } from "./priority_cell.tsx";

/** From this width of the table on, a column says how far each job is. */
const WITH_PROGRESS_PX = 620;

const name = { key: "name", label: "Name", width: 130, grow: 3, sort: "name" };

export const queueColumns: readonly Column<Job>[] = [
  {
    key: "id",
    label: "ID",
    width: 56,
    align: "right",
    sort: "id",
    from: 480,
    cell: ({ id }) => <span className="text-muted">{id}</span>,
  },
  {
    key: "status",
    label: "Status",
    width: 116,
    sort: "status",
    cell: (job) => <StatusBadge status={job.paused && job.endedAt === null ? "paused" : job.status} />,
  },
  // Where there is no room for a column of its own, a bar under the name says how far the job is.
  { ...name, until: WITH_PROGRESS_PX, cell: (job) => <NameAndBar job={job} /> },
  { ...name, from: WITH_PROGRESS_PX, cell: (job) => <Name job={job} /> },
  {
    key: "progress",
    label: "Progress",
    width: 168,
    grow: 1,
    from: WITH_PROGRESS_PX,
    cell: ({ runs }) => <RunsBar runs={runs} />,
  },
  {
    key: "eta",
    label: "ETA",
    width: 72,
    align: "right",
    from: 760,
    cell: ({ remaining }) => <Eta remaining={remaining} />,
  },
  { key: "best", label: "Best", width: 160, grow: 1, from: 1060, cell: (job) => <Best job={job} /> },
  { key: "pool", label: "Pool", width: 88, sort: "pool", from: 900, cell: ({ pool }) => printable(pool) },
  {
    key: "priority",
    label: "Priority",
    width: 84,
    align: "right",
    sort: "priority",
    from: 700,
    cell: (job) => <PriorityCell job={job} />,
  },
  { key: "user", label: "Owner", width: 96, sort: "user", from: 1000, cell: ({ user }) => printable(user) },
  {
    key: "age",
    label: "Age",
    width: 72,
    align: "right",
    sort: "submittedAt",
    from: 340,
    cell: ({ submittedAt }) => <Age at={submittedAt} />,
  },
];

function Name({ job }: { job: Job }) {
  const name = printable(job.name);
  return (
    <span className="flex min-w-0 items-center gap-2">
      <IdLink
        id={`${job.id}`}
        className="truncate font-medium hover:underline"
        title={`${name}\n${printable(job.command)}`}
      >
        {name}
      </IdLink>
      {job.tags.map((tag) => (
        <span
          key={tag}
          className="max-w-32 shrink-0 truncate rounded-sm border border-line px-1.5 text-xs text-muted max-lg:hidden"
        >
          {printable(tag)}
        </span>
      ))}
    </span>
  );
}

function NameAndBar({ job }: { job: Job }) {
  return (
    <span className="flex min-w-0 flex-col gap-0.5">
      <Name job={job} />
      <RunsBar runs={job.runs} isSlim />
    </span>
  );
}

function Best({ job: { best } }: { job: Job }) {
  if (!best) return null;
  return (
    <IdLink id={best.run} className="flex gap-1 hover:underline" title={`${printable(best.key)} of run ${best.run}`}>
      <span className="truncate text-muted">{printable(best.key)}</span>
      <span>{valueText(best.value)}</span>
    </IdLink>
  );
}
