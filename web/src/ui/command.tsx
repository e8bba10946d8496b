import { printableLines } from "../../../src/core/printable.ts";
import { CopyButton } from "./copy_button.tsx";
import { Words } from "./words.tsx";

/** A command line to be read, and copied as it is. */
export function Command({ text, label = "Copy the command" }: { text: string; label?: string }) {
  return (
    <div className="flex items-start gap-2 rounded-md border border-line bg-sunken py-1.5 pr-1.5 pl-3">
      <code className="min-w-0 flex-1 overflow-x-auto py-0.5 whitespace-pre-wrap [overflow-wrap:anywhere]">
        <Words text={printableLines(text)} />
      </code>
      <CopyButton text={text} label={label} />
    </div>
  );
}
