import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useDeferredValue, useMemo, useRef, useState } from "react";
import type { SubmissionInput } from "../../../src/api/job.ts";
import { isRefusedCall } from "../../../src/client/client.ts";
import { isTextMistaken, parseJobText } from "../../../src/core/job_text.ts";
import { counted } from "../../../src/core/number_text.ts";
import { tell } from "../ui/toast.tsx";
import { cache } from "../yard/cache.ts";
import { call, problemOf } from "../yard/client.ts";
import { CodeSection } from "./code_section.tsx";
import { CommandSection } from "./command_section.tsx";
import { type Draft, emptyDraft } from "./draft.ts";
import { type Form, FormContext } from "./form_context.ts";
import { judgeDraft } from "./judged_draft.ts";
import { OrderSection } from "./order_section.tsx";
import { Outcome, OutcomeBar } from "./outcome.tsx";
import { PoolsSection } from "./pools_section.tsx";

/** What was typed and not submitted is there again when one comes back to the page: in this tab, as long as it is open. */
let unfinished: Draft | null = null;

interface SubmitFormProps {
  /** What it is filled in with; null: what was left unfinished, or nothing. */
  begin: Draft | null;
  /** What is to be said of that. */
  notes: readonly string[];
}

/** The form of a new job, with what comes of it beside it. */
export function SubmitForm({ begin, notes }: SubmitFormProps) {
  const navigate = useNavigate();
  const [draft, setDraft] = useState<Draft>(begin ?? unfinished ?? emptyDraft);
  const [isTold, setTold] = useState(false);
  const [isSending, setSending] = useState(false);
  const [refusals, setRefusals] = useState<readonly string[]>([]);
  // A text of very many commands takes a moment to be read: typing does not wait for that.
  const read = useDeferredValue(draft);
  const judged = useMemo(() => judgeDraft(read), [read]);
  const element = useRef<HTMLFormElement>(null);

  const form: Form = {
    draft,
    judged,
    change(wishes) {
      const next = { ...draft, ...wishes };
      unfinished = next;
      setDraft(next);
      setRefusals([]);
    },
    setOption: (flag, text) => form.change({ options: { ...draft.options, [flag]: text } }),
    mistakeAt: (field) => judged.mistakes.get(field) ?? (isTold ? (judged.missing.get(field) ?? null) : null),
  };

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (isSending) return;
    setTold(true);
    const { submissions } = judgeDraft(draft);
    if (submissions.length === 0) {
      // Where the first mistake is, once it stands there.
      requestAnimationFrame(() => element.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
      return;
    }
    setSending(true);
    try {
      const jobs = await send(submissions);
      unfinished = null;
      void cache.invalidateQueries({ queryKey: ["jobs"] });
      const [first] = jobs;
      const runs = jobs.reduce((sum, job) => sum + job.runs.total, 0);
      tell(`${jobs.length === 1 ? `Job ${first?.id}` : counted(jobs.length, "job")}: ${counted(runs, "run")} queued.`);
      if (jobs.length === 1 && first) await navigate({ to: "/jobs/$job", params: { job: `${first.id}` } });
      else await navigate({ to: "/" });
    } catch (error) {
      setRefusals(refusalsOf(error, draft));
      requestAnimationFrame(() => element.current?.querySelector("[role=alert]")?.scrollIntoView({ block: "nearest" }));
    } finally {
      setSending(false);
    }
  }

  return (
    <FormContext value={form}>
      <form
        ref={element}
        noValidate
        aria-label="New job"
        className="grid grid-cols-[minmax(0,1fr)] items-start gap-4 lg:grid-cols-[minmax(0,1fr)_minmax(20rem,26rem)] 2xl:grid-cols-[minmax(0,48rem)_minmax(26rem,40rem)]"
        onSubmit={(event) => void submit(event)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.currentTarget.requestSubmit();
        }}
      >
        <div className="flex min-w-0 flex-col gap-4">
          {notes.map((note) => (
            <p key={note} className="rounded-md border border-line bg-waiting-soft px-3 py-2 text-sm">
              <span aria-hidden="true" className="mr-2 font-mono text-waiting">
                !
              </span>
              {note}
            </p>
          ))}
          <CommandSection />
          <CodeSection />
          <PoolsSection />
          <OrderSection />
        </div>
        <div className="min-w-0 lg:sticky lg:top-4">
          <Outcome judged={judged} jobs={jobsOf(read)} isSending={isSending} refusals={refusals} />
        </div>
        <OutcomeBar judged={judged} isSending={isSending} />
      </form>
    </FormContext>
  );
}

async function send(submissions: readonly SubmissionInput[]) {
  const [only, ...others] = submissions;
  if (only && others.length === 0) return [(await call("submit", { body: only })).job];
  return (await call("submitAll", { body: { jobs: [...submissions] } })).jobs;
}

function jobsOf(draft: Draft): number {
  if (draft.kind === "command") return 1;
  const parsed = parseJobText(draft.text);
  return isTextMistaken(parsed) || parsed.kind === "lines" ? 1 : parsed.jobs.length;
}

/** Of jobs in a text each with the line that it begins in. */
function refusalsOf(error: unknown, draft: Draft): string[] {
  const problems = isRefusedCall(error) ? error.problem.problems : undefined;
  if (!problems) return [problemOf(error).detail];
  const parsed = draft.kind === "text" ? parseJobText(draft.text) : null;
  const jobs = parsed && !isTextMistaken(parsed) && parsed.kind === "jobs" ? parsed.jobs : [];
  return problems.map(({ at, detail }) => {
    const job = jobs[at];
    return job ? `Line ${job.line}, ${job.name}: ${detail}` : detail;
  });
}
