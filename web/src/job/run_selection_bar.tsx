import { Ban, Columns2, RotateCcw } from "lucide-react";
import { useState } from "react";
import type { Run } from "../../../src/api/run.ts";
import { counted } from "../../../src/core/number_text.ts";
import { hasEnded } from "../../../src/core/run.ts";
import { Button } from "../ui/button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { SelectionFrame } from "../ui/selection_frame.tsx";
import { steer } from "../yard/steer.ts";
import { numberOf } from "./run_columns.tsx";

interface RunSelectionBarProps {
  runs: readonly Run[];
  onClear(): void;
  onCompare(numbers: string): void;
}

const MOST_COMPARED = 12;

/** What can be done to all runs that are selected. */
export function RunSelectionBar({ runs, onClear, onCompare }: RunSelectionBarProps) {
  const [asked, setAsked] = useState<"cancel" | "retry" | null>(null);
  if (runs.length === 0) return null;
  const open = runs.filter(({ status }) => !hasEnded(status));
  const ended = runs.filter(({ status }) => hasEnded(status));
  const succeeded = ended.filter(({ status }) => status === "succeeded");
  const running = open.filter(({ status }) => status !== "queued");
  const select = (some: readonly Run[]) => some.map(({ id }) => id).join(",");
  const close = () => setAsked(null);
  return (
    <SelectionFrame noun="run" count={runs.length} onClear={onClear}>
      <Button
        disabled={runs.length < 2 || runs.length > MOST_COMPARED}
        title={runs.length > MOST_COMPARED ? `At most ${MOST_COMPARED} stand side by side` : undefined}
        onClick={() => onCompare(runs.map(numberOf).join(","))}
      >
        <Columns2 aria-hidden="true" /> Compare
      </Button>
      <Button
        disabled={ended.length === 0}
        onClick={() => (succeeded.length > 0 ? setAsked("retry") : void steer("retry", select(ended)))}
      >
        <RotateCcw aria-hidden="true" /> Run again
      </Button>
      <Button look="danger" disabled={open.length === 0} onClick={() => setAsked("cancel")}>
        <Ban aria-hidden="true" /> Cancel …
      </Button>
      <Confirm
        isOpen={asked === "cancel"}
        onClose={close}
        title={`Cancel ${counted(open.length, "run")}?`}
        action={`Cancel ${counted(open.length, "run")}`}
        onConfirm={() => void steer("cancel", select(open))}
      >
        <p>
          {running.length > 0
            ? `${counted(running.length, "run")} will be told to stop, and what ${running.length === 1 ? "it has" : "they have"} not saved is lost. `
            : ""}
          What waits will not start. What has ended keeps its results.
        </p>
      </Confirm>
      <Confirm
        isOpen={asked === "retry"}
        onClose={close}
        look="primary"
        title={`Run ${counted(ended.length, "run")} again?`}
        action={`Run ${counted(ended.length, "run")} again`}
        onConfirm={() => void steer("retry", select(ended))}
      >
        <p>
          {counted(succeeded.length, "run")} of {ended.length === 1 ? "it" : "them"} went well. The output of earlier
          attempts stays; a new result takes the place of the old one.
        </p>
      </Confirm>
    </SelectionFrame>
  );
}
