import { useQuery } from "@tanstack/react-query";
import { Ban, RotateCcw, Save } from "lucide-react";
import { useState } from "react";
import type { Run } from "../../../src/api/run.ts";
import { hasEnded } from "../../../src/core/run.ts";
import { Button } from "../ui/button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { call } from "../yard/client.ts";
import { steer } from "../yard/steer.ts";

/** What can be done to a run. */
export function RunActions({ job, run }: { job: number; run: Run }) {
  const [asked, setAsked] = useState<"cancel" | "save" | "retry" | null>(null);
  const shown = useQuery({ queryKey: ["job", job], queryFn: () => call("showJob", { params: { job } }) });
  const isResumable = shown.data?.definition["resumable"] === true;
  const close = () => setAsked(null);
  const isWaiting = run.status === "queued";
  if (hasEnded(run.status))
    return (
      <>
        <Button onClick={() => (run.status === "succeeded" ? setAsked("retry") : void steer("retry", run.id))}>
          <RotateCcw aria-hidden="true" /> Run again
        </Button>
        <Confirm
          isOpen={asked === "retry"}
          onClose={close}
          title={`Run ${run.id} again?`}
          action="Run it again"
          look="primary"
          onConfirm={() => void steer("retry", run.id)}
        >
          <p>
            It has succeeded. What it printed stays with its attempt; the result that it tells next takes the place of
            this one.
          </p>
        </Confirm>
      </>
    );
  return (
    <div className="flex gap-2">
      {isResumable && !isWaiting && (
        <Button onClick={() => setAsked("save")}>
          <Save aria-hidden="true" /> Stop with checkpoint …
        </Button>
      )}
      <Button look="danger" onClick={() => (isWaiting ? void steer("cancel", run.id) : setAsked("cancel"))}>
        <Ban aria-hidden="true" /> {isWaiting ? "Cancel" : "Cancel …"}
      </Button>
      <Confirm
        isOpen={asked === "cancel"}
        onClose={close}
        title={`Cancel run ${run.id}?`}
        action="Cancel the run"
        onConfirm={() => void steer("cancel", run.id)}
      >
        <p>
          It is told to stop (SIGTERM) and killed 10 s later. What it has not saved by then is lost; what it printed
          stays.
        </p>
      </Confirm>
      <Confirm
        isOpen={asked === "save"}
        onClose={close}
        title={`Stop run ${run.id} with a checkpoint?`}
        action="Stop the run"
        look="primary"
        onConfirm={() => void steer("stop_with_checkpoint", run.id)}
      >
        <p>It is told to stop (SIGTERM) and has a minute to save its state. Run it again, and it goes on from there.</p>
      </Confirm>
    </div>
  );
}
