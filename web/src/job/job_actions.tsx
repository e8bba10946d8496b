import { Link } from "@tanstack/react-router";
import { Ban, CopyPlus, Download, Pause, Play, Plus, RotateCcw } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import type { Job } from "../../../src/api/job.ts";
import { counted } from "../../../src/core/number_text.ts";
import { Button, buttonClass } from "../ui/button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { MenuButton } from "../ui/menu_button.tsx";
import { steer } from "../yard/steer.ts";
import { type Definition, paramsOf } from "./definition.ts";

const loadExport = () => import("./export_menu.tsx");
const ExportMenu = lazy(async () => ({ default: (await loadExport()).ExportMenu }));
/** With it come the parsers of parameters. */
const ExtendDialog = lazy(async () => ({ default: (await import("./extend_dialog.tsx")).ExtendDialog }));

interface JobActionsProps {
  job: Job;
  definition: Definition;
  /** What of the runs is exported, in which order. */
  where: string;
  sort: string;
}

/** What can be done to the job. */
export function JobActions({ job, definition, where, sort }: JobActionsProps) {
  const [asked, setAsked] = useState<"cancel" | "extend" | null>(null);
  const { runs } = job;
  const isOpen = job.endedAt === null;
  const select = `${job.id}`;
  const exported = (
    <>
      <Download aria-hidden="true" /> Export
    </>
  );
  return (
    <div className="flex flex-wrap gap-2">
      {isOpen && (
        <Button onClick={() => void steer(job.paused ? "resume" : "pause", select)}>
          {job.paused ? <Play aria-hidden="true" /> : <Pause aria-hidden="true" />}
          {job.paused ? "Resume" : "Pause"}
        </Button>
      )}
      {runs.failed > 0 && (
        <Button onClick={() => void steer("retry_failed", select)}>
          <RotateCcw aria-hidden="true" /> Retry failed
        </Button>
      )}
      {paramsOf(definition).length > 0 && (
        <Button onClick={() => setAsked("extend")}>
          <Plus aria-hidden="true" /> Extend …
        </Button>
      )}
      <Link className={buttonClass()} to="/new" search={{ from: job.id }}>
        <CopyPlus aria-hidden="true" /> Clone and edit
      </Link>
      <MenuButton label={exported} className={buttonClass()} load={loadExport}>
        <ExportMenu label={exported} job={job.id} where={where} sort={sort} />
      </MenuButton>
      {isOpen && (
        <Button look="danger" onClick={() => setAsked("cancel")}>
          <Ban aria-hidden="true" /> Cancel …
        </Button>
      )}
      <Confirm
        isOpen={asked === "cancel"}
        onClose={() => setAsked(null)}
        title={`Cancel job ${job.id}?`}
        action={`Cancel ${counted(runs.running + runs.queued, "run")}`}
        onConfirm={() => void steer("cancel", select)}
      >
        <p>
          {counted(runs.running, "run")} will be told to stop, and what {runs.running === 1 ? "it has" : "they have"}{" "}
          not saved is lost. {counted(runs.queued, "waiting run")} will not start. What has ended keeps its results.
        </p>
      </Confirm>
      {asked === "extend" && (
        <Suspense>
          <ExtendDialog isOpen onClose={() => setAsked(null)} job={job} definition={definition} />
        </Suspense>
      )}
    </div>
  );
}
