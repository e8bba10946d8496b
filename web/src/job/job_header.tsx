import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Job } from "../../../src/api/job.ts";
import { grouped, valueText } from "../../../src/core/number_text.ts";
import { printable } from "../../../src/core/printable.ts";
import { RunsBar } from "../ui/runs_bar.tsx";
import { StatusBadge } from "../ui/status.tsx";
import { Age, Eta } from "../ui/times.tsx";

interface JobHeaderProps {
  job: Job;
  actions: ReactNode;
  onShow(where: string): void;
}

const counts = [
  { key: "succeeded", word: "succeeded", glyph: "✓", colour: "text-succeeded", where: "status=succeeded" },
  { key: "failed", word: "failed", glyph: "✗", colour: "text-failed", where: "status=failed" },
  { key: "running", word: "running", glyph: "●", colour: "text-running", where: "status=starting|running" },
  { key: "queued", word: "waiting", glyph: "○", colour: "text-waiting", where: "status=queued" },
  { key: "cancelled", word: "cancelled", glyph: "–", colour: "text-ended", where: "status=cancelled" },
  { key: "skipped", word: "skipped", glyph: "–", colour: "text-ended", where: "status=skipped" },
] as const;

/** What the job is, how its runs stand, and what can be done. */
export function JobHeader({ job, actions, onShow }: JobHeaderProps) {
  const { best, remaining } = job;
  return (
    <header className="flex flex-col gap-3">
      <div className="flex flex-wrap items-start gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 basis-72">
          <h1 className="flex flex-wrap items-baseline gap-x-3 text-xl font-semibold">
            <span className="min-w-0 truncate" title={printable(job.name)}>
              {printable(job.name)}
            </span>
            <span className="text-base font-normal text-muted">job {job.id}</span>
            <span className="text-base">
              <StatusBadge status={job.paused && job.endedAt === null ? "paused" : job.status} />
            </span>
          </h1>
          <p className="mt-1 flex flex-wrap gap-x-3 text-sm text-muted">
            <span>{printable(job.user)}</span>
            <span>pool {printable(job.pool)}</span>
            <span>priority {job.priority}</span>
            <span>
              submitted <Age at={job.submittedAt} /> ago
            </span>
            {job.tags.map((tag) => (
              <span key={tag} className="rounded-sm border border-line px-1.5 text-xs leading-5">
                {printable(tag)}
              </span>
            ))}
          </p>
        </div>
        {actions}
      </div>
      <div className="flex flex-wrap items-center gap-x-6 gap-y-2 rounded-lg border border-line bg-surface px-4 py-2.5">
        <div className="min-w-48 flex-1 basis-56">
          <RunsBar runs={job.runs} />
        </div>
        <ul className="flex flex-wrap gap-x-1 gap-y-1 text-sm" aria-label="Runs by status">
          {counts
            .filter(({ key }) => job.runs[key] > 0)
            .map(({ key, word, glyph, colour, where }) => (
              <li key={key}>
                <button
                  type="button"
                  className="flex h-7 items-center gap-1.5 rounded-md px-2 hover:bg-sunken"
                  title={`Show those that are ${word}`}
                  onClick={() => onShow(where)}
                >
                  <span aria-hidden="true" className={`font-mono ${colour}`}>
                    {glyph}
                  </span>
                  <span className="font-medium">{grouped(job.runs[key])}</span>
                  <span className="text-muted">{word}</span>
                </button>
              </li>
            ))}
        </ul>
        {remaining && (
          <p className="text-sm">
            <span className="text-muted">ends in</span> <Eta remaining={remaining} />
          </p>
        )}
        {best && (
          <p className="text-sm">
            <span className="text-muted">best {printable(best.key)}</span>{" "}
            <Link
              to="/jobs/$job/runs/$n"
              params={{ job: `${job.id}`, n: best.run.split(".")[1] ?? "1" }}
              className="font-medium hover:underline"
              title={`Run ${best.run}`}
            >
              {valueText(best.value)}
            </Link>
          </p>
        )}
      </div>
    </header>
  );
}
