import { Hourglass } from "lucide-react";
import { useState } from "react";
import type { Attempt, Run } from "../../../src/api/run.ts";
import { Choice } from "../ui/field.tsx";
import { Notice } from "../ui/problem.tsx";
import { Segments } from "../ui/segments.tsx";
import { LogView } from "./log_view.tsx";

interface RunLogProps {
  job: number;
  n: number;
  /** Whose output is shown; null: it has had none yet. */
  attempt: string | null;
  attempts: readonly Attempt[];
  onAttempt(attempt: string): void;
  run: Run;
}

type Shown = "out" | "err" | "both";

/** What a run prints, of the attempt and the worker that is chosen. */
export function RunLog({ job, n, attempt, attempts, onAttempt, run }: RunLogProps) {
  const [shown, setShown] = useState<Shown>("out");
  const [rank, setRank] = useState(0);
  if (attempt === null)
    return (
      <Notice title="It has not started" icon={<Hourglass className="size-6" aria-hidden="true" />}>
        <p>What it prints will show here. Why it waits stands on the page of its job.</p>
      </Notice>
    );
  const isLatest = attempt === attempts.at(-1)?.id;
  const worker = isLatest ? run.workers.find((one) => one.rank === rank)?.attempt : undefined;
  const source = { job, n, attempt: worker ?? attempt };
  return (
    <div className="flex min-h-0 flex-1 flex-col gap-2">
      <div className="flex flex-wrap items-center gap-2">
        <Segments<Shown>
          label="Which output"
          value={shown}
          options={[
            { value: "out", label: "Output" },
            { value: "err", label: "Errors" },
            { value: "both", label: "Both" },
          ]}
          onChange={setShown}
        />
        {attempts.length > 1 && (
          <Choice
            label="Attempt"
            value={attempt}
            options={attempts.map((one) => ({ value: one.id, label: `Attempt ${one.try}` }))}
            onChange={onAttempt}
          />
        )}
        {isLatest && run.workers.length > 1 && (
          <Choice
            label="Worker"
            value={`${rank}`}
            options={run.workers.map((one) => ({ value: `${one.rank}`, label: `Worker ${one.rank}` }))}
            onChange={(chosen) => setRank(Number(chosen))}
          />
        )}
      </div>
      <div className="flex min-h-0 flex-1 gap-3 max-xl:flex-col">
        {shown !== "err" && <LogView source={{ ...source, stream: "out" }} />}
        {shown !== "out" && <LogView source={{ ...source, stream: "err" }} />}
      </div>
    </div>
  );
}
