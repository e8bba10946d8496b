import { ChevronRight } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import type { OptionFlag } from "./draft.ts";
import { useForm } from "./form_context.ts";
import type { FieldName } from "./judged_draft.ts";

interface SectionProps {
  title: string;
  /** What it is about, in a sentence. */
  about?: string;
  children: ReactNode;
}

/** A part of the form. */
export function Section({ title, about, children }: SectionProps) {
  return (
    <section aria-label={title} className="flex flex-col gap-3 rounded-lg border border-line bg-surface p-4">
      <div>
        <h2 className="font-semibold">{title}</h2>
        {about !== undefined && <p className="text-sm text-muted">{about}</p>}
      </div>
      {children}
    </section>
  );
}

interface MoreProps {
  title: string;
  /** What is in it: it says so where it is closed, and opens where one of them is wrong. */
  flags: readonly OptionFlag[];
  fields?: readonly FieldName[];
  children: ReactNode;
}

/** What few need, folded away. Closed, it says what was chosen in it. */
export function More({ title, flags, fields = flags, children }: MoreProps) {
  const { draft, mistakeAt } = useForm();
  const isWrong = fields.some((field) => mistakeAt(field) !== null);
  const said = flags.filter((flag) => (draft.options[flag] ?? "") !== "");
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    if (isWrong) setOpen(true);
  }, [isWrong]);
  return (
    <details open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)} className="group">
      <summary className="flex min-h-8 list-none items-center gap-1.5 rounded-md text-sm font-medium text-muted hover:text-ink [&::-webkit-details-marker]:hidden">
        <ChevronRight className="size-4 shrink-0 transition-transform group-open:rotate-90" aria-hidden="true" />
        {title}
        {!isOpen && said.length > 0 && (
          <span className="truncate font-normal">
            · {said.map((flag) => `${flag} ${summary(draft.options[flag] ?? "")}`.trim()).join(", ")}
          </span>
        )}
      </summary>
      <div className="mt-2 flex flex-col gap-3">{children}</div>
    </details>
  );
}

function summary(text: string): string {
  return text === "on" ? "" : text.replace(/\n/g, "; ");
}
