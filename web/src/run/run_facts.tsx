import type { ReactNode } from "react";
import type { Run } from "../../../src/api/run.ts";
import { valueText } from "../../../src/core/number_text.ts";
import { printable } from "../../../src/core/printable.ts";
import { formatBytes } from "../../../src/core/quantity.ts";
import { Command } from "../ui/command.tsx";
import { At } from "../ui/times.tsx";

/** What is known of a run, beside what it prints. */
export function RunFacts({ run }: { run: Run }) {
  const sections: { title: string; rows: [name: string, value: ReactNode][] }[] = [
    { title: "Parameters", rows: Object.entries(run.paramsText).map(([name, text]) => [name, printable(text)]) },
    { title: "Results", rows: Object.entries(run.result).map(([name, value]) => [name, valueText(value)]) },
    { title: "Last metrics", rows: Object.entries(run.metrics).map(([name, value]) => [name, valueText(value)]) },
    {
      title: "Details",
      rows: [
        ["Pool", printable(run.pool)],
        ...row("Exit code", run.exitCode),
        ...row("Started", run.startedAt && <At at={run.startedAt} />),
        ...row("Ended", run.endedAt && <At at={run.endedAt} />),
        ...row("Memory, at most", run.memoryPeakBytes && formatBytes(run.memoryPeakBytes)),
        ...row("GPU memory, at most", run.gpuMemoryPeakBytes && formatBytes(run.gpuMemoryPeakBytes)),
        ...row("Code", run.code && <code title={run.code}>{run.code.slice(0, 12)}</code>),
      ],
    },
  ];
  return (
    <div className="flex flex-col gap-4">
      <section>
        <Heading>Command</Heading>
        <Command text={run.command} />
      </section>
      {sections
        .filter(({ rows }) => rows.length > 0)
        .map(({ title, rows }) => (
          <section key={title}>
            <Heading>{title}</Heading>
            <dl className="divide-y divide-line rounded-lg border border-line bg-surface text-sm">
              {rows.map(([name, value]) => (
                <div key={name} className="flex items-baseline gap-4 px-3 py-1.5">
                  <dt className="min-w-0 flex-1 truncate text-muted" title={printable(name)}>
                    {printable(name)}
                  </dt>
                  <dd className="min-w-0 text-right [overflow-wrap:anywhere]">{value}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      {run.workers.length > 1 && <Workers run={run} />}
    </div>
  );
}

function Workers({ run }: { run: Run }) {
  return (
    <section>
      <Heading>Workers</Heading>
      <ul className="divide-y divide-line rounded-lg border border-line bg-surface text-sm">
        {run.workers.map(({ rank, machine, gpus, status, exitCode }) => (
          <li key={rank} className="flex gap-4 px-3 py-1.5">
            <span className="text-muted">{rank}</span>
            <span className="min-w-0 flex-1 truncate">
              {printable(machine ?? "a machine that is gone")}
              {gpus.length > 0 && `, GPU ${gpus.join(", ")}`}
            </span>
            <span>{exitCode === null ? status : `exit code ${exitCode}`}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Heading({ children }: { children: ReactNode }) {
  return <h2 className="mb-1.5 text-sm font-semibold">{children}</h2>;
}

function row(name: string, value: ReactNode): [string, ReactNode][] {
  return value === null || value === 0 || value === "" ? (value === 0 ? [[name, 0]] : []) : [[name, value]];
}
