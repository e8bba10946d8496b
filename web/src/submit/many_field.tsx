import { useRef } from "react";
import { counted, grouped } from "../../../src/core/number_text.ts";
import { LabelledText } from "../ui/labelled.tsx";
import { useForm } from "./form_context.ts";

const SHOWN = 20;

/** Many commands in one text. Each mistake leads to its place; while there is one, nothing of the text is queued. */
export function ManyField() {
  const { draft, change, judged, mistakeAt } = useForm();
  const area = useRef<HTMLTextAreaElement>(null);
  const { textMistakes } = judged;
  const isWrong = draft.text.trim() !== "" && textMistakes.length > 0;

  function goTo(line: number, column: number): void {
    const start =
      draft.text
        .split("\n")
        .slice(0, line - 1)
        .join("\n").length +
      (line > 1 ? 1 : 0) +
      column -
      1;
    const end = draft.text.indexOf("\n", start);
    area.current?.focus();
    area.current?.setSelectionRange(start, end === -1 ? draft.text.length : end);
  }

  return (
    <div className="flex flex-col gap-2">
      <LabelledText
        ref={area}
        label="Commands"
        rows={Math.min(24, Math.max(8, draft.text.split("\n").length + 1))}
        wrap="off"
        value={draft.text}
        placeholder={"python3 train.py --lr 0.1\npython3 train.py --lr 0.01 && python3 test.py"}
        mistake={
          isWrong ? `${counted(textMistakes.length, "mistake")}: nothing of the text is queued.` : mistakeAt("command")
        }
        hint={
          <>
            A shell command a line makes one job with a run for each. Jobs with a name and an output file each are
            written <code>name;; output file;; command;;;</code>
          </>
        }
        onChange={(event) => change({ text: event.target.value })}
      />
      {isWrong && (
        <ul aria-label="Mistakes in the text" className="flex flex-col gap-1 rounded-md bg-failed-soft p-2 text-sm">
          {textMistakes.slice(0, SHOWN).map(({ line, column, message }) => (
            <li key={`${line}:${column} ${message}`} className="flex gap-2">
              <button
                type="button"
                className="shrink-0 rounded-sm font-mono text-failed underline underline-offset-2"
                onClick={() => goTo(line, column)}
              >
                Line {line}:{column}
              </button>
              <span className="[overflow-wrap:anywhere]">{message}</span>
            </li>
          ))}
          {textMistakes.length > SHOWN && (
            <li className="text-muted">and {grouped(textMistakes.length - SHOWN)} more</li>
          )}
        </ul>
      )}
    </div>
  );
}
