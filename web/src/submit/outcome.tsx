import { Play } from "lucide-react";
import { counted, grouped } from "../../../src/core/number_text.ts";
import { printable } from "../../../src/core/printable.ts";
import { Button } from "../ui/button.tsx";
import { Command } from "../ui/command.tsx";
import { CopyButton } from "../ui/copy_button.tsx";
import { Words } from "../ui/words.tsx";
import type { JudgedDraft } from "./judged_draft.ts";

interface OutcomeProps {
  judged: JudgedDraft;
  jobs: number;
  isSending: boolean;
  /** Why the yard did not take it; empty: nothing of the kind. */
  refusals: readonly string[];
}

/** What the form comes to: how many runs, the button that queues them, the line that does the same, and the first commands. */
export function Outcome({ judged, jobs, isSending, refusals }: OutcomeProps) {
  const { total, preview, line, unsaid } = judged;
  return (
    <section
      aria-label="What comes of it"
      className="flex flex-col gap-4 rounded-lg border border-line bg-surface p-4 lg:max-h-[calc(100dvh-6rem)] lg:overflow-auto"
    >
      <div>
        <h2 className="text-sm font-medium text-muted">What comes of it</h2>
        <p role="status" className="text-xl font-semibold">
          {total === null ? "Nothing yet" : `${jobs > 1 ? `${counted(jobs, "job")}, ` : ""}${counted(total, "run")}`}
        </p>
        <Wrong judged={judged} />
      </div>
      <SubmitButton className="max-lg:hidden" total={total} isSending={isSending} />
      <Refusals texts={refusals} />
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
      {total !== null && <Preview commands={preview} total={total} />}
    </section>
  );
}

/** Where the rest is out of sight: the line and the button, always at the bottom of a small screen. */
export function OutcomeBar({ judged, isSending }: Pick<OutcomeProps, "judged" | "isSending">) {
  const { total, line } = judged;
  return (
    <div className="sticky bottom-0 z-10 -mx-3 -mb-3 flex items-center gap-2 border-t border-line bg-raised px-3 py-2 shadow-float sm:-mx-4 sm:-mb-4 sm:px-4 lg:hidden">
      <div className="min-w-0 flex-1">
        {line === null ? (
          <p className="truncate text-sm text-muted">The command line stands here as you type.</p>
        ) : (
          <code
            // What scrolls has to be reachable by keyboard.
            tabIndex={0}
            aria-label="The same on the command line"
            role="group"
            className="block overflow-x-auto rounded-sm text-sm whitespace-pre"
          >
            {line.replaceAll("\n", " ⏎ ")}
          </code>
        )}
      </div>
      {line !== null && <CopyButton text={line} label="Copy the command line" />}
      <SubmitButton total={total} isSending={isSending} />
    </div>
  );
}

function SubmitButton({
  total,
  isSending,
  className = "",
}: {
  total: number | null;
  isSending: boolean;
  className?: string;
}) {
  return (
    <Button type="submit" look="primary" className={`h-10 text-base ${className}`} disabled={isSending}>
      <Play aria-hidden="true" />
      {isSending ? "Queueing …" : total === null ? "Queue it" : `Queue ${counted(total, "run")}`}
    </Button>
  );
}

function Wrong({ judged: { mistakes, textMistakes } }: { judged: JudgedDraft }) {
  const wrong = mistakes.size + textMistakes.length;
  if (wrong === 0) return null;
  return (
    <p className="text-sm text-failed">
      <span aria-hidden="true" className="mr-1.5 font-mono">
        ✗
      </span>
      {counted(wrong, "mistake")} in the form
    </p>
  );
}

function Preview({ commands, total }: { commands: readonly string[]; total: number }) {
  return (
    <div>
      <h3 className="mb-1.5 text-sm font-medium">What runs</h3>
      <ol className="flex flex-col divide-y divide-line rounded-md border border-line text-sm">
        {commands.map((command, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a run is known by its number
          <li key={i} className="flex gap-2.5 px-2.5 py-1.5">
            <span aria-hidden="true" className="w-4 shrink-0 text-right text-muted">
              {i + 1}
            </span>
            <code className="min-w-0 [overflow-wrap:anywhere]">
              <Words text={printable(command)} />
            </code>
          </li>
        ))}
        {total > commands.length && (
          <li className="px-2.5 py-1.5 text-muted">and {grouped(total - commands.length)} more</li>
        )}
      </ol>
    </div>
  );
}

function Refusals({ texts }: { texts: readonly string[] }) {
  if (texts.length === 0) return null;
  return (
    <div role="alert" className="flex flex-col gap-1 rounded-md bg-failed-soft p-3 text-sm">
      <p className="font-medium text-failed">
        <span aria-hidden="true" className="mr-1.5 font-mono">
          ✗
        </span>
        Nothing was queued
      </p>
      <ul className="flex flex-col gap-1">
        {texts.map((text) => (
          <li key={text} className="whitespace-pre-line [overflow-wrap:anywhere]">
            {text}
          </li>
        ))}
      </ul>
    </div>
  );
}
