import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleCheck, RotateCcw, Rows3 } from "lucide-react";
import { useState } from "react";
import type { Failures } from "../../../src/api/run_table.ts";
import { counted, grouped } from "../../../src/core/number_text.ts";
import { printable } from "../../../src/core/printable.ts";
import { parseNumbers } from "../../../src/core/run_table/spans.ts";
import { Button } from "../ui/button.tsx";
import { Loading } from "../ui/loading.tsx";
import { Notice, Problem } from "../ui/problem.tsx";
import { Age } from "../ui/times.tsx";
import { call } from "../yard/client.ts";
import { retryExactly } from "./retry_exactly.ts";

interface FailuresPartProps {
  job: number;
  onShow(where: string): void;
}

/** What failed, by why: one card for all that failed alike. */
export function FailuresPart({ job, onShow }: FailuresPartProps) {
  const { data, error } = useQuery({
    queryKey: ["plots", job, "failures"],
    queryFn: ({ signal }) => call("failures", { params: { job }, signal }),
    // Of very many, each answer has read the output of some more.
    refetchInterval: ({ state }) => ((state.data?.unread ?? 0) > 0 ? 500 : false),
  });
  if (error) return <Problem title="The failures cannot be shown" error={error} />;
  if (!data) return <Loading what="the failures" />;
  if (data.groups.length === 0) {
    return (
      <Notice title="No run has failed" icon={<CircleCheck className="size-6 text-succeeded" aria-hidden="true" />}>
        <p>If some do, they stand here by why they did.</p>
      </Notice>
    );
  }
  const total = data.groups.reduce((sum, { runs }) => sum + runs, 0);
  return (
    <div className="flex flex-col gap-3">
      <ul className="flex flex-col gap-3">
        {data.groups.map((group) => (
          <FailureCard
            key={`${group.cause.text} ${group.says}`}
            job={job}
            group={group}
            total={total}
            onShow={onShow}
          />
        ))}
      </ul>
      {data.unread > 0 && (
        <p role="status" className="text-sm text-muted">
          The output of {counted(data.unread, "run")} is still being read; until then they stand by the cause alone.
        </p>
      )}
    </div>
  );
}

type Group = Failures["groups"][number];

function FailureCard({
  job,
  group,
  total,
  onShow,
}: {
  job: number;
  group: Group;
  total: number;
  onShow(where: string): void;
}) {
  const { cause, says, runs, firstAt, lastAt, examples, selectors } = group;
  const [isBusy, setBusy] = useState(false);
  return (
    <li className="rounded-lg border border-line bg-surface p-4">
      <div className="flex flex-wrap items-baseline gap-x-3 gap-y-1">
        <h2 className="font-semibold">
          <span aria-hidden="true" className="mr-1.5 font-mono text-failed">
            ✗
          </span>
          {printable(cause.text)}
        </h2>
        <span className="text-muted">
          {counted(runs, "run")}
          {total > runs && `, ${share(runs, total)} of those that failed`}
        </span>
        {lastAt !== null && firstAt !== null && (
          <span className="ml-auto text-sm text-muted">
            {firstAt === lastAt ? (
              ""
            ) : (
              <>
                first <Age at={firstAt} /> ago,{" "}
              </>
            )}
            last <Age at={lastAt} /> ago
          </span>
        )}
      </div>
      {total > runs && (
        <div aria-hidden="true" className="mt-2 h-1.5 overflow-hidden rounded-full bg-sunken">
          <div className="h-full rounded-full bg-failed" style={{ width: `max(2px, ${(100 * runs) / total}%)` }} />
        </div>
      )}
      {says !== null && (
        <p className="mt-3 rounded-md border border-line bg-sunken px-3 py-2">
          <span className="sr-only">Last words: </span>
          <code className="[overflow-wrap:anywhere]">{printable(says)}</code>
        </p>
      )}
      <div className="mt-3 flex flex-wrap items-center gap-x-3 gap-y-2">
        <p className="flex flex-wrap gap-x-2 text-sm text-muted">
          {runs > examples.length ? "For example" : "Runs"}
          {examples.map((id) => (
            <Link
              key={id}
              to="/jobs/$job/runs/$n"
              params={{ job: `${job}`, n: id.split(".")[1] ?? "1" }}
              className="font-medium text-ink underline decoration-line underline-offset-2 hover:decoration-ink"
            >
              {id}
            </Link>
          ))}
        </p>
        <span className="ml-auto flex gap-2">
          <Button onClick={() => onShow(whereOf(job, group))}>
            <Rows3 aria-hidden="true" /> In the table
          </Button>
          <Button
            disabled={isBusy}
            onClick={() => {
              setBusy(true);
              void retryExactly(job, selectors).finally(() => setBusy(false));
            }}
          >
            <RotateCcw aria-hidden="true" /> Retry {runs === 1 ? "it" : `these ${grouped(runs)}`}
          </Button>
        </span>
      </div>
    </li>
  );
}

function share(part: number, whole: number): string {
  const percent = (100 * part) / whole;
  return percent < 1 ? "less than 1 %" : `${Math.round(percent)} %`;
}

const MOST_NAMED = 100;

/** Exactly these, as far as they can be named in a line; else all of the cause. */
function whereOf(job: number, { cause, selectors }: Group): string {
  const numbers = parseNumbers(selectors.join(",").replaceAll(`${job}.`, ""), MOST_NAMED + 1) ?? [];
  if (numbers.length <= MOST_NAMED) return `n=${numbers.join("|")}`;
  const code = /^exit code (\d+)$/.exec(cause.text)?.[1];
  return `status=failed, cause=${cause.code}${code === undefined ? "" : `, exitCode=${code}`}`;
}
