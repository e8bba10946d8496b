import { FolderArchive, Upload } from "lucide-react";
import { useId, useRef, useState } from "react";
import { printable } from "../../../src/core/printable.ts";
import { Button } from "../ui/button.tsx";
import { Note } from "../ui/labelled.tsx";
import { problemOf } from "../yard/client.ts";
import { useForm } from "./form_context.ts";
import { uploadZip } from "./upload_zip.ts";

/** A zip of the project: dropped here, or chosen. It is on the yard before the job is submitted, and says what of it went along. */
export function ZipField() {
  const { draft, change, mistakeAt } = useForm();
  const input = useRef<HTMLInputElement>(null);
  const noteId = useId();
  const [share, setShare] = useState<number | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [isOver, setOver] = useState(false);
  const { code } = draft;
  const done = code.kind === "upload" && code.snapshot !== null ? code.text : null;

  async function send(file: File | undefined): Promise<void> {
    if (!file || share !== null) return;
    setProblem(null);
    setShare(0);
    try {
      const { snapshot, text, top } = await uploadZip(file, setShare);
      const folder = top === null ? "" : ` in ${printable(top)}/`;
      change({ code: { kind: "upload", snapshot, text: `${printable(file.name)}${folder}: ${printable(text)}` } });
    } catch (error) {
      setProblem(problemOf(error).detail);
    } finally {
      setShare(null);
    }
  }

  return (
    <div className="flex flex-col gap-1">
      <div
        role="group"
        aria-label="Project as a zip"
        className={`flex flex-wrap items-center gap-3 rounded-lg border border-dashed p-3 ${isOver ? "border-accent bg-accent-soft" : "border-edge"}`}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          void send(event.dataTransfer.files[0]);
        }}
      >
        <FolderArchive className="size-5 shrink-0 text-muted" aria-hidden="true" />
        <p role="status" className="min-w-0 flex-1 text-sm [overflow-wrap:anywhere]">
          {share !== null ? `Uploading … ${Math.floor(100 * share)} %` : (done ?? "Drop a zip of the project here.")}
        </p>
        <Button disabled={share !== null} aria-describedby={noteId} onClick={() => input.current?.click()}>
          <Upload aria-hidden="true" />
          {done === null ? "Choose a zip" : "Choose another"}
        </Button>
        <input
          ref={input}
          type="file"
          accept=".zip,application/zip"
          aria-label="Zip of the project"
          tabIndex={-1}
          className="sr-only"
          onChange={(event) => {
            void send(event.target.files?.[0]);
            // The same file, changed, is chosen anew.
            event.target.value = "";
          }}
        />
      </div>
      <Note
        id={noteId}
        mistake={problem ?? mistakeAt("upload")}
        hint="What .gitignore and .runyardignore name stays out, and so do .git, .env and keys."
      />
    </div>
  );
}
