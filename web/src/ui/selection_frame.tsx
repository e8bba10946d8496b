import { X } from "lucide-react";
import type { ReactNode } from "react";
import { counted } from "../../../src/core/number_text.ts";
import { IconButton } from "./button.tsx";

interface SelectionFrameProps {
  /** Of what. */
  noun: "job" | "run";
  count: number;
  onClear(): void;
  /** What can be done to all of them. */
  children: ReactNode;
}

/** Holds what can be done to everything that is selected, under the list. */
export function SelectionFrame({ noun, count, onClear, children }: SelectionFrameProps) {
  return (
    <section
      aria-label={`Selected ${noun}s`}
      className="flex flex-wrap items-center gap-2 rounded-lg border border-line bg-raised px-3 py-2 shadow-float"
    >
      <p role="status" className="mr-2 text-sm font-medium">
        {counted(count, noun)} selected
      </p>
      {children}
      <IconButton label="Select none" className="ml-auto" onClick={onClear}>
        <X />
      </IconButton>
    </section>
  );
}
