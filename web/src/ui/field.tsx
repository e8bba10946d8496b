import type { ComponentProps, SelectHTMLAttributes } from "react";
import { printable } from "../../../src/core/printable.ts";

const shape =
  "h-8 min-w-0 rounded-md border border-edge bg-surface px-2.5 text-sm text-ink placeholder:text-muted disabled:opacity-50 aria-invalid:border-failed";

/** A line to type in; `label` is its name for those who do not see what stands beside it. */
export function TextField({ label, className = "", ...rest }: ComponentProps<"input"> & { label: string }) {
  return <input type="text" aria-label={label} className={`${shape} ${className}`} {...rest} />;
}

interface ChoiceProps extends Omit<SelectHTMLAttributes<HTMLSelectElement>, "onChange"> {
  label: string;
  options: readonly { value: string; label: string }[];
  onChange(value: string): void;
}

/** One of a few. */
export function Choice({ label, options, onChange, className = "", ...rest }: ChoiceProps) {
  return (
    <select
      aria-label={label}
      className={`${shape} pr-7 ${className}`}
      onChange={(event) => onChange(event.target.value)}
      {...rest}
    >
      {options.map((option) => (
        <option key={option.value} value={option.value}>
          {printable(option.label)}
        </option>
      ))}
    </select>
  );
}
