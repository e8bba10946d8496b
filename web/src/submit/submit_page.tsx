import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { Loading } from "../ui/loading.tsx";
import { Problem } from "../ui/problem.tsx";
import { call } from "../yard/client.ts";
import { type Definition, draftOfJob } from "./draft_of_job.ts";
import { SubmitForm } from "./submit_form.tsx";
import type { SubmitSearch } from "./submit_search.ts";

/** A form that submits a job, and shows the command line that does the same. */
export function SubmitPage() {
  const { from }: SubmitSearch = useSearch({ from: "/new" });
  return (
    <div className="mx-auto flex w-full max-w-[90rem] flex-col gap-4 p-3 sm:p-4">
      <header>
        <h1 className="text-xl font-semibold">{from === undefined ? "New job" : `A job like ${from}`}</h1>
        <p className="text-sm text-muted">
          {from === undefined
            ? "Queue a command, a sweep over parameters, or many commands at once."
            : "It is filled in as that one was submitted. Change what you like; that one stays as it is."}
        </p>
      </header>
      {from === undefined ? <SubmitForm key="new" begin={null} notes={[]} /> : <Clone key={from} from={from} />}
    </div>
  );
}

function Clone({ from }: { from: number }) {
  // Asked for once: what is typed is not to be overwritten when something becomes of the job.
  const shown = useQuery({
    queryKey: ["clone", from],
    queryFn: () => call("showJob", { params: { job: from } }),
  });
  const cloned = useMemo(
    () => shown.data && draftOfJob(shown.data.job, shown.data.definition as unknown as Definition),
    [shown.data],
  );
  if (cloned) return <SubmitForm begin={cloned.draft} notes={cloned.notes} />;
  if (shown.error) return <Problem title={`Job ${from} cannot be taken as a beginning`} error={shown.error} />;
  return <Loading what={`job ${from}`} />;
}
