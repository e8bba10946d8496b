import type { ReactNode } from "react";
import type { Job } from "../../../src/api/job.ts";
import { describeDemand } from "../../../src/core/demand.ts";
import { counted } from "../../../src/core/number_text.ts";
import { printable } from "../../../src/core/printable.ts";
import { formatDuration } from "../../../src/core/quantity.ts";
import { Command } from "../ui/command.tsx";
import { CopyButton } from "../ui/copy_button.tsx";
import { At } from "../ui/times.tsx";
import { axisText, commandText, type Definition } from "./definition.ts";

/** The job as it was submitted. */
export function DefinitionPart({ job, definition }: { job: Job; definition: Definition }) {
  const {
    spaces,
    demand,
    cwd,
    snapshot,
    commit,
    retries,
    timeLimitMs,
    expectedMs,
    atMost,
    resumable,
    named = [],
  } = definition;
  const facts: [string, ReactNode][] = [
    ["Folder", <code key="cwd">{printable(cwd)}</code>],
    ["Code", codeText(snapshot, commit)],
    ["One run asks for", printable(describeDemand(demand))],
    ["Pool", printable(job.pool)],
    ["Submitted", <At key="at" at={job.submittedAt} />],
    ["Retries", retries === 0 ? "none" : String(retries)],
    ["Time limit", timeLimitMs === null ? "none" : formatDuration(timeLimitMs)],
    ["Expected to take", expectedMs === null ? "not said" : formatDuration(expectedMs)],
    ["At once", atMost === null ? "as many as there is room for" : `at most ${atMost}`],
    ["Goes on where it was stopped", resumable ? "yes" : "no"],
    ["Variables that go along", named.length === 0 ? "none were named" : named.map(printable).join(", ")],
    [
      "Waits for",
      job.after.length === 0
        ? "nothing"
        : job.after.map((one) => `job ${one.job}${one.any ? " (any end)" : ""}`).join(", "),
    ],
    ["Tags", job.tags.length === 0 ? "none" : job.tags.map(printable).join(", ")],
  ];
  const json = JSON.stringify(definition, null, 2);
  return (
    <div className="grid gap-4 lg:grid-cols-2">
      <section className="flex flex-col gap-3 rounded-lg border border-line bg-surface p-4">
        <h2 className="font-semibold">Command</h2>
        <Command text={printable(commandText(definition))} />
        {spaces.map((space, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: parts are only ever added behind
          <div key={i}>
            <h2 className="mt-1 mb-2 font-semibold">{i === 0 ? "Parameters" : `Extension ${i}`}</h2>
            {space.axes.length === 0 ? (
              <p className="text-muted">None: all runs are alike.</p>
            ) : (
              <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1.5">
                {space.axes.map(({ name, values }) => (
                  <div key={name} className="contents">
                    <dt className="font-medium">{printable(name)}</dt>
                    <dd className="text-muted [overflow-wrap:anywhere]">{printable(axisText(values))}</dd>
                  </div>
                ))}
              </dl>
            )}
            <p className="mt-2 text-sm text-muted">{spaceText(space)}</p>
          </div>
        ))}
      </section>
      <section className="rounded-lg border border-line bg-surface p-4">
        <h2 className="mb-2 font-semibold">How it runs</h2>
        <dl className="grid grid-cols-[minmax(0,2fr)_minmax(0,3fr)] gap-x-4 gap-y-1.5 sm:grid-cols-[auto_1fr]">
          {facts.map(([what, value]) => (
            <div key={what} className="contents">
              <dt className="text-muted">{what}</dt>
              <dd className="[overflow-wrap:anywhere]">{value}</dd>
            </div>
          ))}
        </dl>
        <details className="mt-4">
          <summary className="text-sm text-muted">All of it as JSON</summary>
          <div className="relative mt-2">
            <pre className="max-h-80 overflow-auto rounded-md border border-line bg-sunken p-3 text-sm">
              {printableLinesOf(json)}
            </pre>
            <span className="absolute top-1 right-1">
              <CopyButton text={json} label="Copy the JSON" />
            </span>
          </div>
        </details>
      </section>
    </div>
  );
}

function printableLinesOf(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

function codeText(snapshot: string | null, commit: string | null): string {
  if (snapshot !== null)
    return `snapshot ${snapshot.slice(0, 12)}${commit === null ? "" : `, commit ${commit.slice(0, 12)}`}`;
  return commit === null ? "as it is in the folder" : `as it is in the folder; it was commit ${commit.slice(0, 12)}`;
}

function spaceText({ zip, exclude, sample, repeat }: Definition["spaces"][number]): string {
  const said = [
    ...zip.map((names) => `${names.join(" and ")} go together`),
    ...(exclude.length > 0 ? [`${counted(exclude.length, "exclusion")}`] : []),
    ...(sample ? [`a sample of ${sample.count} (seed ${sample.seed})`] : []),
    ...(repeat > 1 ? [`each ${repeat} times`] : []),
  ];
  return said.length === 0 ? "Every combination." : `${printable(said.join("; "))}.`;
}
