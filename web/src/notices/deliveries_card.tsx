import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { NoticeShown } from "../../../src/api/notice.ts";
import { printable } from "../../../src/core/printable.ts";
import { formatDuration } from "../../../src/core/quantity.ts";
import { Loading } from "../ui/loading.tsx";
import { Problem } from "../ui/problem.tsx";
import { Age } from "../ui/times.tsx";
import { call } from "../yard/client.ts";
import { useNow } from "../yard/clock.ts";
import { Card } from "./card.tsx";

const MOST = 30;

/** What one was told of last, and what came of it. */
export function DeliveriesCard() {
  const { data, error } = useQuery({
    queryKey: ["notices", "deliveries"],
    queryFn: () => call("listNotices", { query: { limit: MOST } }),
  });
  return (
    <Card title="What you were told" about="The latest first. What fails is tried again for a day.">
      {data === undefined ? (
        error ? (
          <Problem title="It cannot be shown" error={error} />
        ) : (
          <Loading what="what you were told" />
        )
      ) : data.notices.length === 0 ? (
        <p className="rounded-md bg-sunken px-3 py-4 text-center text-sm text-muted">
          Nothing yet. It stands here once a job of yours has ended.
        </p>
      ) : (
        <ul className="divide-y divide-line rounded-md border border-line">
          {data.notices.map((notice) => (
            <Delivery key={notice.id} notice={notice} />
          ))}
        </ul>
      )}
    </Card>
  );
}

const looks: Record<NoticeShown["state"], { glyph: string; colour: string; word: string }> = {
  told: { glyph: "✓", colour: "text-succeeded", word: "told" },
  waiting: { glyph: "○", colour: "text-waiting", word: "waits" },
  given_up: { glyph: "✗", colour: "text-failed", word: "given up" },
};

function Delivery({ notice }: { notice: NoticeShown }) {
  const { subject, job, target, state, problem, createdAt } = notice;
  const { glyph, colour, word } = looks[state];
  return (
    <li className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-4 gap-y-0.5 px-3 py-2 text-sm sm:grid-cols-[6.5rem_minmax(0,1fr)_minmax(0,18rem)_4rem] sm:items-baseline">
      <span className={`font-medium whitespace-nowrap max-sm:col-start-1 max-sm:row-start-2 ${colour}`}>
        <span aria-hidden="true" className="mr-1.5 font-mono">
          {glyph}
        </span>
        {word}
      </span>
      <span className="min-w-0 max-sm:col-start-1 max-sm:row-start-1">
        {job === null ? (
          <span className="[overflow-wrap:anywhere]">{printable(subject)}</span>
        ) : (
          <Link
            to="/jobs/$job"
            params={{ job: String(job) }}
            className="[overflow-wrap:anywhere] underline decoration-line underline-offset-2 hover:decoration-current"
          >
            {printable(subject)}
          </Link>
        )}
        {problem !== null && (
          <span className="block text-xs text-muted [overflow-wrap:anywhere]">
            {printable(problem)} <NextTry notice={notice} />
          </span>
        )}
      </span>
      <span className="min-w-0 truncate text-muted max-sm:col-span-2" title={printable(target)}>
        {printable(target)}
      </span>
      <span className="text-right whitespace-nowrap text-muted max-sm:col-start-2 max-sm:row-start-1">
        <Age at={createdAt} />
      </span>
    </li>
  );
}

function NextTry({ notice: { nextTryAt } }: { notice: NoticeShown }) {
  const now = useNow();
  if (nextTryAt === null) return null;
  const leftMs = Math.max(0, Math.ceil((Date.parse(nextTryAt) - now) / 1000) * 1000);
  return leftMs === 0 ? "It is tried again now." : `It is tried again in ${formatDuration(leftMs)}.`;
}
