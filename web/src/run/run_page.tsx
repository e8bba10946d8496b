import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import type { Attempt, Run } from "../../../src/api/run.ts";
import { printable } from "../../../src/core/printable.ts";
import { RunFiles } from "../files/run_files.tsx";
import { Loading } from "../ui/loading.tsx";
import { Problem } from "../ui/problem.tsx";
import { StatusBadge } from "../ui/status.tsx";
import { Tabs } from "../ui/tabs.tsx";
import { Eta, Took } from "../ui/times.tsx";
import { call } from "../yard/client.ts";
import { AttemptsTimeline } from "./attempts_timeline.tsx";
import { RunActions } from "./run_actions.tsx";
import { RunFacts } from "./run_facts.tsx";
import { RunGpuUse } from "./run_gpu_use.tsx";
import { RunLog } from "./run_log.tsx";
import { RunMetrics } from "./run_metrics.tsx";
import { RunProgress } from "./run_progress.tsx";
import type { RunSearch, RunTab } from "./run_search.ts";

/** One run: what it prints and tells while it does, and everything that is known of it. */
export function RunPage() {
  const { job, n } = useParams({ from: "/jobs/$job/runs/$n" });
  const numbers = { job: Number(job), n: Number(n) };
  const shown = useQuery({
    queryKey: ["job", numbers.job, "run", numbers.n],
    queryFn: () => call("showRun", { params: numbers }),
  });
  if (shown.data) return <RunView {...numbers} run={shown.data.run} attempts={shown.data.attempts} />;
  return (
    <>
      <h1 className="sr-only">
        Run {job}.{n}
      </h1>
      {shown.error ? (
        <Problem title={`Run ${job}.${n} cannot be shown`} error={shown.error} />
      ) : (
        <Loading what={`run ${job}.${n}`} />
      )}
    </>
  );
}

interface RunViewProps {
  job: number;
  n: number;
  run: Run;
  attempts: readonly Attempt[];
}

function RunView({ job, n, run, attempts }: RunViewProps) {
  const search: RunSearch = useSearch({ from: "/jobs/$job/runs/$n" });
  const navigate = useNavigate({ from: "/jobs/$job/runs/$n" });
  const [attempt, setAttempt] = useState<string | null>(null);
  const latest = attempts.at(-1)?.id ?? null;
  const looked = attempt ?? latest;
  return (
    <div className="flex flex-col gap-3 p-3 sm:p-4 lg:min-h-0 lg:flex-1">
      <header className="flex flex-wrap items-start gap-x-6 gap-y-2">
        <div className="w-full min-w-0 sm:w-auto sm:flex-1">
          <nav aria-label="Where this is" className="flex items-center gap-1.5 text-sm text-muted">
            <Link to="/" className="hover:underline">
              Queue
            </Link>
            <span aria-hidden="true">/</span>
            <Link to="/jobs/$job" params={{ job: `${job}` }} className="truncate hover:underline">
              {job} {printable(run.name)}
            </Link>
          </nav>
          <h1 className="mt-0.5 flex flex-wrap items-center gap-x-3 text-xl font-semibold">
            Run {run.id}
            <span className="text-base font-normal">
              <StatusBadge status={run.status} />
            </span>
          </h1>
          <p className="mt-0.5 flex flex-wrap gap-x-4 text-sm text-muted">
            {run.cause && (
              <span className={run.status === "failed" ? "text-failed" : ""}>{printable(run.cause.text)}</span>
            )}
            {run.machine !== null && (
              <span>
                on {printable(run.machine)}
                {run.gpus.length > 0 && `, GPU ${run.gpus.join(", ")}`}
              </span>
            )}
            {run.startedAt !== null && (
              <span>
                <Took span={run} />
                {run.endedAt === null ? " so far" : ""}
              </span>
            )}
            {run.remaining && (
              <span>
                ETA <Eta remaining={run.remaining} />
              </span>
            )}
          </p>
        </div>
        <RunActions job={job} run={run} />
      </header>
      <RunProgress run={run} />
      <div className="flex gap-4 max-lg:flex-col lg:min-h-0 lg:flex-1">
        {/* Below one another, what is looked at keeps most of the screen, however long the command beside it is. */}
        <div className="flex min-h-0 min-w-0 flex-1 flex-col max-lg:h-[75dvh] max-lg:flex-none">
          <Tabs<RunTab>
            label={`What run ${run.id} has`}
            current={search.tab ?? "output"}
            onChange={(tab) => void navigate({ search: { tab }, replace: true })}
            tabs={[
              {
                key: "output",
                label: "Output",
                content: (
                  <RunLog
                    key={looked}
                    job={job}
                    n={n}
                    attempt={looked}
                    attempts={attempts}
                    onAttempt={setAttempt}
                    run={run}
                  />
                ),
              },
              {
                key: "metrics",
                label: "Metrics",
                content: <RunMetrics job={job} n={n} run={run} />,
              },
              {
                key: "files",
                label: "Files",
                content: (
                  <RunFiles
                    key={looked}
                    job={job}
                    n={n}
                    attempt={looked}
                    path={search.path}
                    onPath={(path) =>
                      void navigate({ search: { tab: "files", ...(path !== undefined && { path }) }, replace: true })
                    }
                  />
                ),
              },
              {
                key: "gpus",
                label: "GPU use",
                content: <RunGpuUse job={job} n={n} run={run} />,
              },
              {
                key: "attempts",
                label: attempts.length > 1 ? `Attempts (${attempts.length})` : "Attempts",
                content: <AttemptsTimeline run={run} attempts={attempts} />,
              },
            ]}
          />
        </div>
        <aside aria-label="About this run" className="w-full shrink-0 overflow-auto lg:w-80 xl:w-96">
          <RunFacts run={run} />
        </aside>
      </div>
    </div>
  );
}
