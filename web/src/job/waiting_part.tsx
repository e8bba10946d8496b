import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleCheck } from "lucide-react";
import type { Explanation } from "../../../src/api/run.ts";
import { counted } from "../../../src/core/number_text.ts";
import { printable } from "../../../src/core/printable.ts";
import { Loading } from "../ui/loading.tsx";
import { Notice, Problem } from "../ui/problem.tsx";
import { StatusBadge } from "../ui/status.tsx";
import { call } from "../yard/client.ts";

/** Why those runs wait that wait, and where those are that are on their way. */
export function WaitingPart({ job }: { job: number }) {
  const { data, error } = useQuery({
    queryKey: ["job", job, "explain"],
    queryFn: ({ signal }) => call("explain", { query: { select: `${job}` }, signal }),
  });
  if (error) return <Problem title="Why runs wait cannot be told" error={error} />;
  if (!data) return <Loading what="why runs wait" />;
  const groups = byReason(data.runs.filter(({ status }) => ["queued", "starting", "running"].includes(status)));
  if (groups.length === 0) {
    return (
      <Notice title="Nothing waits" icon={<CircleCheck className="size-6 text-succeeded" aria-hidden="true" />}>
        <p>All runs of this job have ended.</p>
      </Notice>
    );
  }
  return (
    <ul className="flex flex-col gap-2">
      {groups.map(({ status, text, runs, ids }) => (
        <li
          key={`${status} ${text}`}
          className="flex flex-wrap items-baseline gap-x-4 gap-y-1 rounded-lg border border-line bg-surface px-4 py-3"
        >
          <span className="w-24 shrink-0">
            <StatusBadge status={status} />
          </span>
          <span className="w-24 shrink-0 text-right font-medium">{counted(runs, "run")}</span>
          <span className="min-w-60 flex-1">
            {printable(text)}
            <span className="ml-2 text-sm text-muted">
              {ids.slice(0, 3).map((id, i) => (
                <span key={id}>
                  {i > 0 && ", "}
                  <Link
                    to="/jobs/$job/runs/$n"
                    params={{ job: `${job}`, n: id.split(".")[1] ?? "1" }}
                    className="hover:underline"
                  >
                    {id}
                  </Link>
                </span>
              ))}
              {runs > 3 && " …"}
            </span>
          </span>
        </li>
      ))}
    </ul>
  );
}

function byReason(explained: readonly Explanation[]) {
  const groups = new Map<string, { status: Explanation["status"]; text: string; runs: number; ids: string[] }>();
  for (const { id, status, runs, because } of explained) {
    const key = `${status} ${because.text}`;
    const group = groups.get(key) ?? { status, text: because.text, runs: 0, ids: [] };
    groups.set(key, group);
    group.runs += runs;
    group.ids.push(id);
  }
  const order = ["queued", "starting", "running"];
  return [...groups.values()].sort((a, b) => order.indexOf(a.status) - order.indexOf(b.status) || b.runs - a.runs);
}
