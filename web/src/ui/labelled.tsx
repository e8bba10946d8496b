import { type ComponentProps, type ReactNode, useId } from "react";

interface LabelledProps {
  label: string;
  /** What it takes, in a few words below it. */
  hint?: ReactNode;
  /** What is wrong with it; shown in place of the hint. */
  mistake?: string | null | undefined;
  className?: string;
}

const shape =
  "w-full min-w-0 rounded-md border border-edge bg-surface px-2.5 text-sm text-ink placeholder:text-muted disabled:opacity-50 aria-invalid:border-failed";

/** A line to type in, under its name. */
export function LabelledField({
  label,
  hint,
  mistake,
  className = "",
  ...rest
}: LabelledProps & Omit<ComponentProps<"input">, "className">) {
  const { id, noteId, marks } = useMarks(mistake, hint);
  return (
    <div className={`flex min-w-0 flex-col gap-1 ${className}`}>
      <label htmlFor={id} className="text-sm font-medium">
        {label}
      </label>
      <input
        id={id}
        type="text"
        spellCheck={false}
        autoComplete="off"
        className={`h-9 ${shape}`}
        {...marks}
        {...rest}
      />
      <Note id={noteId} hint={hint} mistake={mistake} />
    </div>
  );
}

/** A text of several lines to type in, under its name. */
export function LabelledText({
  label,
  hint,
  mistake,
  className = "",
  ...rest
}: LabelledProps & Omit<ComponentProps<"textarea">, "className">) {
  const { id, noteId, marks } = useMarks(mistake, hint);
  return (
    <div className={`flex min-w-0 flex-col gap-1 ${className}`}>
      <label htmlFor={id} className="text-sm font-medium">
        {label}
      </label>
      <textarea
        id={id}
        spellCheck={false}
        autoComplete="off"
        className={`resize-y py-1.5 font-mono leading-5 ${shape}`}
        {...marks}
        {...rest}
      />
      <Note id={noteId} hint={hint} mistake={mistake} />
    </div>
  );
}

/** Something to tick, with its name beside it. */
export function LabelledCheckbox({
  label,
  hint,
  className = "",
  ...rest
}: Omit<LabelledProps, "mistake"> & Omit<ComponentProps<"input">, "className">) {
  const { id, noteId, marks } = useMarks(null, hint);
  return (
    <div className={`flex items-start gap-2.5 ${className}`}>
      <input id={id} type="checkbox" className="mt-0.5 size-4 shrink-0 accent-accent" {...marks} {...rest} />
      <div className="min-w-0">
        <label htmlFor={id} className="block text-sm font-medium">
          {label}
        </label>
        <Note id={noteId} hint={hint} mistake={null} />
      </div>
    </div>
  );
}

function useMarks(mistake: string | null | undefined, hint: ReactNode) {
  const id = useId();
  const noteId = `${id}-note`;
  const isWrong = mistake !== null && mistake !== undefined;
  return {
    id,
    noteId,
    marks: {
      ...(isWrong && { "aria-invalid": true }),
      ...((isWrong || hint !== undefined) && { "aria-describedby": noteId }),
    },
  };
}

/** What stands below a field: what is wrong with it, or what it takes. */
export function Note({ id, hint, mistake }: { id: string; hint?: ReactNode; mistake?: string | null | undefined }) {
  if (mistake !== null && mistake !== undefined)
    return (
      <p id={id} className="flex gap-1.5 text-xs text-failed [overflow-wrap:anywhere]">
        <span aria-hidden="true" className="font-mono">
          ✗
        </span>
        {mistake}
      </p>
    );
  return hint === undefined ? null : (
    <p id={id} className="text-xs text-muted">
      {hint}
    </p>
  );
}
