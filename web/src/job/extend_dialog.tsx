import { useState } from "react";
import type { Job } from "../../../src/api/job.ts";
import type { Axis } from "../../../src/core/axis.ts";
import { compileSpaces } from "../../../src/core/compiled_space.ts";
import { counted } from "../../../src/core/number_text.ts";
import { printable } from "../../../src/core/printable.ts";
import { parseSetting } from "../../../src/core/setting.ts";
import { extendSpace } from "../../../src/core/space_extension.ts";
import { describeSpaceProblem, isSpaceRefused } from "../../../src/core/space_problem.ts";
import { Button } from "../ui/button.tsx";
import { TextField } from "../ui/field.tsx";
import { Panel } from "../ui/panel.tsx";
import { tell, tellProblem } from "../ui/toast.tsx";
import { cache } from "../yard/cache.ts";
import { call } from "../yard/client.ts";
import { type Definition, paramsOf } from "./definition.ts";

interface ExtendDialogProps {
  isOpen: boolean;
  onClose(): void;
  job: Job;
  definition: Definition;
}

/** More combinations for a sweep: new values of its parameters. */
export function ExtendDialog({ isOpen, onClose, job, definition }: ExtendDialogProps) {
  const [texts, setTexts] = useState<Record<string, string>>({});
  const [isBusy, setBusy] = useState(false);
  const params = paramsOf(definition);
  const plan = planned(definition, params, texts);
  const isReady = "axes" in plan && plan.added > 0;

  async function extend(axes: Axis[]): Promise<void> {
    setBusy(true);
    try {
      const { added } = await call("extend", { params: { job: job.id }, body: { axes } });
      tell(added === 0 ? "All these combinations exist already." : `${counted(added, "run")} added to job ${job.id}.`);
      setTexts({});
      onClose();
      await cache.invalidateQueries({ queryKey: ["job", job.id] });
    } catch (error) {
      tellProblem(error);
    }
    setBusy(false);
  }

  return (
    <Panel isOpen={isOpen} onClose={onClose} title={`Extend job ${job.id}`}>
      <form
        className="mt-3 flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) void extend(plan.axes);
        }}
      >
        <p className="text-muted">
          New values of a parameter are run with all values of the others. What has been run already is not run again.
        </p>
        <div className="grid grid-cols-[auto_1fr] items-center gap-x-3 gap-y-2">
          {params.map((name) => (
            <div key={name} className="contents">
              <span className="font-medium">{printable(name)}</span>
              <TextField
                label={`New values of ${name}`}
                placeholder="0.1,0.2 or 1..5"
                value={texts[name] ?? ""}
                spellCheck={false}
                onChange={(event) => setTexts({ ...texts, [name]: event.target.value })}
              />
            </div>
          ))}
        </div>
        <div role="status" className="min-h-16 text-sm">
          {"problem" in plan ? (
            <p className="text-failed">
              <span aria-hidden="true">✗ </span>
              {plan.problem}
            </p>
          ) : plan.axes.length === 0 ? (
            <p className="text-muted">Values are separated by commas; 1..5 is a range.</p>
          ) : plan.added === 0 ? (
            <p className="text-muted">All these combinations exist already.</p>
          ) : (
            <>
              <p>
                {counted(plan.added, "run")} more: {counted(job.runs.total + plan.added, "run")} in all. The first:
              </p>
              <ul className="mt-1 text-muted">
                {plan.first.map((text) => (
                  <li key={text}>
                    <code>{printable(text)}</code>
                  </li>
                ))}
              </ul>
            </>
          )}
        </div>
        <Button type="submit" look="primary" disabled={!isReady || isBusy} className="self-end">
          {isReady ? `Add ${counted(plan.added, "run")}` : "Add"}
        </Button>
      </form>
    </Panel>
  );
}

/** What would come of it, worked out as the yard will. */
function planned(
  { spaces }: Definition,
  params: readonly string[],
  texts: Record<string, string>,
): { axes: Axis[]; added: number; first: string[] } | { problem: string } {
  const axes: Axis[] = [];
  for (const name of params) {
    const text = texts[name]?.trim() ?? "";
    if (text === "") continue;
    const axis = parseSetting(`${name}=${text}`);
    if (isSpaceRefused(axis)) return { problem: describeSpaceProblem(axis.problem) };
    axes.push(axis);
  }
  if (axes.length === 0) return { axes, added: 0, first: [] };
  const extension = extendSpace(spaces, axes);
  if (isSpaceRefused(extension)) return { problem: describeSpaceProblem(extension.problem) };
  const before = compileSpaces(spaces);
  const after = compileSpaces([...spaces, ...extension.spaces]);
  if (isSpaceRefused(before) || isSpaceRefused(after)) return { axes, added: extension.added, first: [] };
  const first = Array.from({ length: Math.min(3, extension.added) }, (_, i) =>
    after
      .at(before.total + i)
      .map(([name, { text }]) => `${name}=${text}`)
      .join(" "),
  );
  return { axes, added: extension.added, first };
}
