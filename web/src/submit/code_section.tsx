import { type ReactNode, useId } from "react";
import { LabelledField } from "../ui/labelled.tsx";
import type { DraftCode } from "./draft.ts";
import { useForm } from "./form_context.ts";
import { Section } from "./section.tsx";
import { ZipField } from "./zip_field.tsx";

/** What runs work in. */
export function CodeSection() {
  const { draft, change, mistakeAt } = useForm();
  const { code } = draft;
  const name = useId();
  const row = (kind: DraftCode["kind"], label: string, about: string, chosen: DraftCode, more?: ReactNode) => (
    <div className="flex flex-col gap-2">
      <label className="flex items-start gap-2.5">
        <input
          type="radio"
          name={name}
          className="mt-0.5 size-4 shrink-0 accent-accent"
          checked={code.kind === kind}
          onChange={() => change({ code: chosen })}
        />
        <span className="min-w-0 text-sm">
          <span className="block font-medium">{label}</span>
          <span className="block text-muted">{about}</span>
        </span>
      </label>
      {code.kind === kind && more !== undefined && <div className="ml-6.5">{more}</div>}
    </div>
  );
  return (
    <Section title="What it works in">
      <fieldset className="flex min-w-0 flex-col gap-3">
        <legend className="sr-only">What it works in</legend>
        {code.kind === "job" &&
          row(
            "job",
            `The code of job ${code.job}`,
            "The same as was submitted with it, whatever has changed since.",
            code,
          )}
        {row("empty", "An empty folder", "Each run has one of its own; what it makes there are its results.", {
          kind: "empty",
        })}
        {row(
          "folder",
          "A folder on the yard's machine",
          "Runs work in the folder itself, with the code that is in it then.",
          { kind: "folder", path: code.kind === "folder" ? code.path : "" },
          <LabelledField
            label="Folder"
            value={code.kind === "folder" ? code.path : ""}
            placeholder="~/project"
            mistake={mistakeAt("folder")}
            hint="A whole path, or one below ~/, the home folder there."
            onChange={(event) => change({ code: { kind: "folder", path: event.target.value } })}
          />,
        )}
        {row(
          "upload",
          "A project that I upload",
          "As a zip. Each run works in a copy of it, on whatever machine.",
          code.kind === "upload" ? code : { kind: "upload", snapshot: null, text: "" },
          <ZipField />,
        )}
      </fieldset>
    </Section>
  );
}
