import { Ban, ListOrdered, Pause, Play, RotateCcw, Tag } from "lucide-react";
import { useState } from "react";
import type { Job } from "../../../src/api/job.ts";
import { counted } from "../../../src/core/number_text.ts";
import { Button } from "../ui/button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { TextField } from "../ui/field.tsx";
import { Panel } from "../ui/panel.tsx";
import { SelectionFrame } from "../ui/selection_frame.tsx";
import { tell } from "../ui/toast.tsx";
import { setJob, steer } from "../yard/steer.ts";

interface SelectionBarProps {
  jobs: readonly Job[];
  onClear(): void;
}

type Asked = "cancel" | "priority" | "tag" | null;

/** What can be done to all jobs that are selected. */
export function SelectionBar({ jobs, onClear }: SelectionBarProps) {
  const [asked, setAsked] = useState<Asked>(null);
  if (jobs.length === 0) return null;
  const select = jobs.map(({ id }) => id).join(",");
  const many = counted(jobs.length, "job");
  const sum = (key: "running" | "queued" | "failed") => jobs.reduce((total, { runs }) => total + runs[key], 0);
  const close = () => setAsked(null);
  return (
    <SelectionFrame noun="job" count={jobs.length} onClear={onClear}>
      <Button onClick={() => void steer("pause", select)}>
        <Pause aria-hidden="true" /> Pause
      </Button>
      <Button onClick={() => void steer("resume", select)}>
        <Play aria-hidden="true" /> Resume
      </Button>
      <Button disabled={sum("failed") === 0} onClick={() => void steer("retry_failed", select)}>
        <RotateCcw aria-hidden="true" /> Retry failed
      </Button>
      <Button onClick={() => setAsked("priority")}>
        <ListOrdered aria-hidden="true" /> Priority …
      </Button>
      <Button onClick={() => setAsked("tag")}>
        <Tag aria-hidden="true" /> Tag …
      </Button>
      <Button look="danger" onClick={() => setAsked("cancel")}>
        <Ban aria-hidden="true" /> Cancel …
      </Button>
      <Confirm
        isOpen={asked === "cancel"}
        onClose={close}
        title={`Cancel ${many}?`}
        action={`Cancel ${many}`}
        onConfirm={() => void steer("cancel", select)}
      >
        <p>{whatIsLost(sum("running"), sum("queued"))}</p>
      </Confirm>
      <AskText
        isOpen={asked === "priority"}
        onClose={close}
        title={`Priority of ${many}`}
        hint="A whole number from 0 to 1000, higher first. 30 is usual."
        label="Priority"
        isGood={(text) => /^\d{1,4}$/.test(text) && Number(text) <= 1000}
        onAnswer={(text) => void forEach(jobs, ({ id }) => setJob(id, { priority: Number(text) }), "changed")}
      />
      <AskText
        isOpen={asked === "tag"}
        onClose={close}
        title={`Tag ${many}`}
        hint="One word or a few. It is added to the tags that each has."
        label="Tag"
        isGood={(text) => text.trim() !== "" && text.length <= 100}
        onAnswer={(text) =>
          void forEach(jobs, ({ id, tags }) => setJob(id, { tags: [...new Set([...tags, text.trim()])] }), "tagged")
        }
      />
    </SelectionFrame>
  );
}

/** In so many words, before anything is cancelled. */
function whatIsLost(running: number, waiting: number): string {
  const whose = running === 1 ? "it has" : "they have";
  return [
    running > 0 ? `${counted(running, "run")} will be told to stop, and what ${whose} not saved is lost.` : "",
    waiting > 0 ? `${counted(waiting, "waiting run")} will not start.` : "",
    "What has ended keeps its results.",
  ]
    .filter((sentence) => sentence !== "")
    .join(" ");
}

async function forEach(jobs: readonly Job[], act: (job: Job) => Promise<boolean>, done: string): Promise<void> {
  let count = 0;
  for (const job of jobs) if (await act(job)) count += 1;
  if (count > 0) tell(`${counted(count, "job")} ${done}.`);
}

interface AskTextProps {
  isOpen: boolean;
  onClose(): void;
  title: string;
  hint: string;
  label: string;
  isGood(text: string): boolean;
  onAnswer(text: string): void;
}

function AskText({ isOpen, onClose, title, hint, label, isGood, onAnswer }: AskTextProps) {
  const [text, setText] = useState("");
  return (
    <Panel isOpen={isOpen} onClose={onClose} title={title}>
      <form
        className="mt-3 flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          if (!isGood(text)) return;
          onAnswer(text);
          setText("");
          onClose();
        }}
      >
        <p className="text-muted">{hint}</p>
        <TextField
          label={label}
          value={text}
          aria-invalid={text !== "" && !isGood(text)}
          onChange={(event) => setText(event.target.value)}
        />
        <Button type="submit" look="primary" disabled={!isGood(text)} className="self-end">
          Set
        </Button>
      </form>
    </Panel>
  );
}
