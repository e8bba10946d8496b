import { LabelledText } from "../ui/labelled.tsx";
import { useForm } from "./form_context.ts";
import { OptionField, OptionLines, OptionSwitch } from "./option_field.tsx";
import { More, Section } from "./section.tsx";

/** When it runs, for how long, and what it is called. */
export function OrderSection() {
  const { draft, change, mistakeAt } = useForm();
  return (
    <Section title="Order, limits and names">
      <div className="grid grid-cols-2 gap-3 sm:grid-cols-3">
        <OptionField flag="priority" label="Priority" placeholder="30" hint="0 to 1000, higher first" />
        <OptionField flag="time-limit" label="Time limit" placeholder="none" hint="90s, 2h30m, 3d" />
        <OptionField flag="retries" label="Retries" placeholder="0" hint="of a failed run" />
      </div>
      <div className="grid gap-3 sm:grid-cols-2">
        <OptionField flag="name" label="Name" placeholder="its command" hint="how the queue shows it" />
        <OptionField flag="tag" label="Tags" placeholder="none" hint="to find it again: old, digits" />
      </div>
      <More
        title="Waiting for other jobs, being told, how many at once"
        flags={["after", "after-any", "at-most", "expect", "notify", "paused"]}
      >
        <div className="grid gap-3 sm:grid-cols-2">
          <OptionField flag="after" label="After success of" placeholder="no job" hint="12, or 12,13" />
          <OptionField flag="after-any" label="After the end of" placeholder="no job" hint="however they end" />
          <OptionField flag="at-most" label="At most at once" placeholder="all" hint="runs of this job" />
          <OptionField flag="expect" label="A run takes about" placeholder="not known" hint="some policies go by it" />
        </div>
        <OptionLines
          flag="notify"
          label="Tell when it has ended"
          placeholder="me"
          hint="me, for the targets that you have set; or email:…, slack:…, a line each. failed=me: only if it failed."
        />
        <OptionSwitch flag="paused" label="Hold it" hint="It waits until it is resumed." />
      </More>
      <More
        title="Variables, output and results"
        flags={["out", "outputs", "keep", "resumable"]}
        fields={["out", "outputs", "keep", "resumable", "variables"]}
      >
        <LabelledText
          label="Variables"
          rows={2}
          value={draft.variables}
          placeholder={"WANDB_MODE=offline"}
          mistake={mistakeAt("variables")}
          hint="NAME=VALUE, a line each. They go along to other machines, and are not shown to anybody later."
          onChange={(event) => change({ variables: event.target.value })}
        />
        {draft.kind === "command" && (
          <OptionField
            flag="out"
            label="Output file"
            placeholder="kept by the yard"
            hint="a new file on the yard's machine, for a single run"
          />
        )}
        <OptionLines
          flag="outputs"
          label="Bring back only"
          placeholder="model.bin"
          hint="of what a run makes; a pattern a line: out/*.png"
        />
        <OptionSwitch
          flag="resumable"
          label="It goes on from its checkpoint"
          hint="A run may be stopped and started again."
        />
        <OptionSwitch flag="keep" label="Leave the folders of runs on their machines" />
      </More>
    </Section>
  );
}
