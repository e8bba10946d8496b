import type { ReactNode } from "react";
import { LabelledCheckbox, LabelledField, LabelledText } from "../ui/labelled.tsx";
import type { OptionFlag } from "./draft.ts";
import { useForm } from "./form_context.ts";

interface OptionFieldProps {
  flag: OptionFlag;
  label: string;
  hint?: ReactNode;
  placeholder?: string;
  className?: string;
}

/** An option of `runyard run`, as a line to type in. */
export function OptionField({ flag, ...rest }: OptionFieldProps) {
  const { draft, setOption, mistakeAt } = useForm();
  return (
    <LabelledField
      {...rest}
      value={draft.options[flag] ?? ""}
      mistake={mistakeAt(flag)}
      onChange={(event) => setOption(flag, event.target.value)}
    />
  );
}

/** One that may be given several times, a line each. */
export function OptionLines({ flag, ...rest }: OptionFieldProps) {
  const { draft, setOption, mistakeAt } = useForm();
  return (
    <LabelledText
      {...rest}
      rows={2}
      value={draft.options[flag] ?? ""}
      mistake={mistakeAt(flag)}
      onChange={(event) => setOption(flag, event.target.value)}
    />
  );
}

/** One that is on or off. */
export function OptionSwitch({ flag, ...rest }: Omit<OptionFieldProps, "placeholder">) {
  const { draft, setOption } = useForm();
  return (
    <LabelledCheckbox
      {...rest}
      checked={(draft.options[flag] ?? "") !== ""}
      onChange={(event) => setOption(flag, event.target.checked ? "on" : "")}
    />
  );
}
