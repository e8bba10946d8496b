import { Panel } from "../ui/panel.tsx";

/** How conditions on runs are written, with parameters of this job. */
export function WhereHelp({
  isOpen,
  onClose,
  params,
}: {
  isOpen: boolean;
  onClose(): void;
  params: readonly string[];
}) {
  const param = `params.${params[0] ?? "lr"}`;
  const examples: [condition: string, what: string][] = [
    [`${param}>=0.01`, "a number: = != < <= > >="],
    ["status=failed|cancelled", "one of these"],
    ["cause=out_of_gpu_memory", "why it failed, by its code"],
    ["result.accuracy>0.9", "what a run told as its result"],
    ["metrics.loss<0.3", "the last value of a metric"],
    ["took>2h30m", "how long it took"],
    ["startedAt>2026-01-31T12:00Z", "when it started"],
    ["machine~lab", "a part of the text"],
    ["result.accuracy!=", "something stands there"],
    ["search=adam", "a part of any text"],
  ];
  return (
    <Panel isOpen={isOpen} onClose={onClose} title="Which runs are shown">
      <p className="mt-2 text-muted">
        Conditions are joined by commas, and all of them have to hold. They choose for the table, the plots and the
        export alike; what is drawn on a plot is written here.
      </p>
      <dl className="mt-3 grid grid-cols-[auto_1fr] items-baseline gap-x-4 gap-y-1.5">
        {examples.map(([condition, what]) => (
          <div key={condition} className="contents">
            <dt>
              <code>{condition}</code>
            </dt>
            <dd className="text-muted">{what}</dd>
          </div>
        ))}
      </dl>
      <p className="mt-3 text-muted">
        What has a comma or a sign like = in it stands in double quotes: <code>params."a,b"="x = y"</code>
      </p>
    </Panel>
  );
}
