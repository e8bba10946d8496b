import { Play } from "lucide-react";
import { counted, grouped } from "../../../src/core/number_text.ts";
import { printable } from "../../../src/core/printable.ts";
import { Button } from "../ui/button.tsx";
import { Command } from "../ui/command.tsx";
import type { JudgedDraft } from "./judged_draft.ts";

interface OutcomeProps {
  judged: JudgedDraft;
  jobs: number;
  isSending: boolean;
  /** Why the yard did not take it; empty: nothing of the kind. */
  refusals: readonly string[];
}

/** What the form comes to: how many runs, the first of them, the line that does the same, and the button that does it. */
export function Outcome({ judged, jobs, isSending, refusals }: OutcomeProps) {
  const { total, preview, line, unsaid, mistakes, textMistakes } = judged;
  const wrong = mistakes.size + textMistakes.length;
  return (
    <section aria-label="What comes of it" className="flex flex-col gap-4 rounded-lg border border-line bg-surface p-4">
      <div>
        <h2 className="text-sm font-medium text-muted">What comes of it</h2>
        <p role="status" className="text-xl font-semibold">
          {total === null ? "Nothing yet" : `${jobs > 1 ? `${counted(jobs, "job")}, ` : ""}${counted(total, "run")}`}
        </p>
        {wrong > 0 && (
          <p className="text-sm text-failed">
            <span aria-hidden="true" className="mr-1.5 font-mono">
              ✗
            </span>
            {counted(wrong, "mistake")} in the form
          </p>
        )}
      </div>
      {preview.length > 0 && total !== null && (
        <div>
          <h3 className="mb-1.5 text-sm font-medium">Commands</h3>
          <ol className="flex flex-col divide-y divide-line rounded-md border border-line text-sm">
            {preview.map((command, i) => (
              // Of two runs with one command, as by "each so often", each is shown.
              // biome-ignore lint/suspicious/noArrayIndexKey: a run is known by its number
              <li key={i} className="flex gap-2.5 px-2.5 py-1.5">
                <span aria-hidden="true" className="w-4 shrink-0 text-right text-muted">
                  {i + 1}
                </span>
                <code className="min-w-0 [overflow-wrap:anywhere]">{printable(command)}</code>
              </li>
            ))}
            {total > preview.length && (
              <li className="px-2.5 py-1.5 text-muted">and {grouped(total - preview.length)} more</li>
            )}
          </ol>
        </div>
      )}
      <div>
        <h3 className="mb-1.5 text-sm font-medium">The same on the command line</h3>
        {line === null ? (
          <p className="text-sm text-muted">It is written here as you type.</p>
        ) : (
          <Command text={line} label="Copy the command line" />
        )}
        {unsaid.map((what) => (
          <p key={what} className="mt-1 text-sm text-muted">
            It does not say {what}.
          </p>
        ))}
      </div>
      {refusals.length > 0 && (
        <div role="alert" className="flex flex-col gap-1 rounded-md bg-failed-soft p-3 text-sm">
          <p className="font-medium text-failed">Nothing was queued</p>
          <ul className="flex flex-col gap-1">
            {refusals.map((text) => (
              <li key={text} className="whitespace-pre-line [overflow-wrap:anywhere]">
                {text}
              </li>
            ))}
          </ul>
        </div>
      )}
      <Button type="submit" look="primary" className="h-10 text-base" disabled={isSending}>
        <Play aria-hidden="true" />
        {isSending ? "Queueing …" : total === null ? "Queue it" : `Queue ${counted(total, "run")}`}
      </Button>
    </section>
  );
}
