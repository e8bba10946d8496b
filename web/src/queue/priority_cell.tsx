import { useRef, useState } from "react";
import type { Job } from "../../../src/api/job.ts";
import { tell } from "../ui/toast.tsx";
import { setJob } from "../yard/steer.ts";

/** A job's priority, changed where it stands: Enter or leaving it keeps it, Esc does not. */
export function PriorityCell({ job }: { job: Job }) {
  const [text, setText] = useState<string | null>(null);
  const isLeft = useRef(false);

  async function keep(): Promise<void> {
    if (isLeft.current || text === null) return;
    setText(null);
    const priority = Number(text);
    if (text.trim() === "" || priority === job.priority) return;
    if (!Number.isInteger(priority) || priority < 0 || priority > 1000) {
      tell(
        `"${text}" is no priority: it is a whole number from 0 to 1000, higher first. Job ${job.id} keeps ${job.priority}.`,
      );
      return;
    }
    await setJob(job.id, { priority });
  }

  // It has no say any more.
  if (job.endedAt !== null) return job.priority;
  return (
    <input
      type="text"
      inputMode="numeric"
      aria-label={`Priority of job ${job.id}`}
      className="-mr-1.5 w-14 rounded-md border border-transparent bg-transparent px-1.5 py-0.5 text-right hover:border-edge focus:border-edge focus:bg-surface"
      value={text ?? String(job.priority)}
      onFocus={(event) => {
        isLeft.current = false;
        event.target.select();
      }}
      onChange={(event) => setText(event.target.value)}
      onBlur={() => void keep()}
      onKeyDown={(event) => {
        if (event.key === "Enter") event.currentTarget.blur();
        if (event.key !== "Escape") return;
        isLeft.current = true;
        setText(null);
        event.currentTarget.blur();
      }}
    />
  );
}
