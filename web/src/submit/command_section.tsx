import { Plus, Trash2 } from "lucide-react";
import { Button, IconButton } from "../ui/button.tsx";
import { LabelledText, Note } from "../ui/labelled.tsx";
import { Segments } from "../ui/segments.tsx";
import { useForm } from "./form_context.ts";
import { ManyField } from "./many_field.tsx";
import { OptionField, OptionLines } from "./option_field.tsx";
import { More, Section } from "./section.tsx";

const kinds = [
  { value: "command", label: "One command" },
  { value: "text", label: "Many at once" },
] as const;

/** What is to run: one command with parameters, or many in one text. */
export function CommandSection() {
  const { draft, change } = useForm();
  return (
    <Section title="What runs">
      <Segments label="What runs" value={draft.kind} options={kinds} onChange={(kind) => change({ kind })} />
      {draft.kind === "text" ? (
        <ManyField />
      ) : (
        <>
          <CommandField />
          <Parameters />
          <More title="Fewer combinations, or each several times" flags={["runs", "sample", "seed", "zip", "exclude"]}>
            <div className="grid gap-3 sm:grid-cols-3">
              <OptionField flag="runs" label="Each so often" placeholder="1" />
              <OptionField flag="sample" label="Only so many" hint="drawn at random" placeholder="all" />
              <OptionField flag="seed" label="Seed of the draw" hint="the same draws the same" placeholder="0" />
            </div>
            <OptionLines
              flag="zip"
              label="Advance together"
              hint="Names with commas between; a line for each group."
              placeholder="model,batch"
            />
            <OptionLines
              flag="exclude"
              label="Leave out"
              hint="Combinations that have all these values; a line for each."
              placeholder="lr=0.1,layers=16"
            />
          </More>
        </>
      )}
    </Section>
  );
}

function CommandField() {
  const { draft, change, mistakeAt } = useForm();
  return (
    <LabelledText
      label="Command"
      rows={Math.min(10, Math.max(2, draft.command.split("\n").length))}
      value={draft.command}
      placeholder="python3 train.py --epochs 20"
      mistake={mistakeAt("command")}
      hint={
        <>
          For a shell: <code>&&</code>, <code>|</code> and <code>$HOME</code> work. A parameter stands where{" "}
          <code>{"{name}"}</code> stands, or is added as <code>--name=value</code>.
        </>
      }
      onChange={(event) => change({ command: event.target.value })}
    />
  );
}

function Parameters() {
  const { draft, change, mistakeAt } = useForm();
  const { parameters } = draft;
  const set = (key: number, wishes: { name?: string; values?: string }) =>
    change({ parameters: parameters.map((row) => (row.key === key ? { ...row, ...wishes } : row)) });
  const add = () =>
    change({
      parameters: [...parameters, { key: Math.max(0, ...parameters.map(({ key }) => key)) + 1, name: "", values: "" }],
    });
  const whole = mistakeAt("parameters");
  return (
    <fieldset className="flex min-w-0 flex-col gap-2">
      <legend className="mb-1 text-sm font-medium">Parameters</legend>
      {parameters.map(({ key, name, values }, i) => {
        const mistake = mistakeAt(`parameter-${key}`);
        const id = `parameter-${key}-note`;
        const marks = mistake === null ? {} : { "aria-invalid": true, "aria-describedby": id };
        return (
          <div key={key} className="flex flex-col gap-1">
            <div className="flex items-center gap-2">
              <input
                aria-label={`Name of parameter ${i + 1}`}
                className={`w-28 shrink-0 sm:w-40 ${box}`}
                value={name}
                placeholder="lr"
                spellCheck={false}
                autoComplete="off"
                {...marks}
                onChange={(event) => set(key, { name: event.target.value })}
              />
              <span aria-hidden="true" className="text-muted">
                =
              </span>
              <input
                aria-label={`Values of parameter ${i + 1}`}
                className={`flex-1 ${box}`}
                value={values}
                placeholder="0.1,0.01   1..5   log:1e-5..1e-1:5"
                spellCheck={false}
                autoComplete="off"
                {...marks}
                onChange={(event) => set(key, { values: event.target.value })}
              />
              <IconButton
                label={`Remove parameter ${name || i + 1}`}
                onClick={() => change({ parameters: parameters.filter((row) => row.key !== key) })}
              >
                <Trash2 />
              </IconButton>
            </div>
            <Note id={id} mistake={mistake} />
          </div>
        );
      })}
      {whole !== null && <Note id="parameters-note" mistake={whole} />}
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <Button onClick={add}>
          <Plus aria-hidden="true" />
          Add a parameter
        </Button>
        {parameters.length > 0 && (
          <p className="text-xs text-muted">
            <code>0.1,0.01</code> a list, <code>1..5</code> a range, <code>0..100:25</code> with a step,{" "}
            <code>log:1e-5..1e-1:5</code> five values. All combinations run.
          </p>
        )}
      </div>
    </fieldset>
  );
}

const box =
  "h-9 min-w-0 rounded-md border border-edge bg-surface px-2.5 font-mono text-sm text-ink placeholder:text-muted aria-invalid:border-failed";
