import { ChevronRight, Download } from "lucide-react";
import { printable } from "../../../src/core/printable.ts";
import { buttonClass } from "../ui/button.tsx";
import { downloadPath, type FilePlace } from "./file_bytes.ts";

interface FilePathProps {
  path: string;
  /** The file that is shown; null: the folder is. */
  file: string | null;
  place: Omit<FilePlace, "path">;
  onOpen(path: string | undefined): void;
  onCloseFile(): void;
}

/** Where one is, each folder on the way to be gone back to, and what is there as a download. */
export function FilePath({ path, file, place, onOpen, onCloseFile }: FilePathProps) {
  const names = path === "" ? [] : path.split("/");
  const steps = ["Files", ...names].map((name, depth) => ({
    name,
    path: depth === 0 ? undefined : names.slice(0, depth).join("/"),
  }));
  const shown = file === null ? path : [...names, file].join("/");
  return (
    <div className="flex flex-wrap items-center justify-between gap-2">
      <nav aria-label="Folders" className="min-w-0">
        <ol className="flex flex-wrap items-center gap-1 text-sm">
          {steps.map(({ name, path: to }, depth) => (
            <li key={to ?? ""} className="flex min-w-0 items-center gap-1">
              {depth > 0 && <ChevronRight className="size-3.5 shrink-0 text-muted" aria-hidden="true" />}
              {file === null && depth === steps.length - 1 ? (
                <span aria-current="page" className="truncate font-medium">
                  {printable(name)}
                </span>
              ) : (
                <button
                  type="button"
                  className="min-h-6 truncate rounded-sm text-accent hover:underline"
                  onClick={() => (depth === steps.length - 1 ? onCloseFile() : onOpen(to))}
                >
                  {printable(name)}
                </button>
              )}
            </li>
          ))}
          {file !== null && (
            <li className="flex min-w-0 items-center gap-1">
              <ChevronRight className="size-3.5 shrink-0 text-muted" aria-hidden="true" />
              <span aria-current="page" className="truncate font-medium">
                {printable(file)}
              </span>
            </li>
          )}
        </ol>
      </nav>
      {shown !== "" && (
        <a
          className={buttonClass()}
          href={downloadPath(file === null && shown !== "out" ? "archiveFiles" : "readFile", { ...place, path: shown })}
          download
        >
          <Download aria-hidden="true" />
          {file === null ? "Download the folder" : "Download"}
        </a>
      )}
    </div>
  );
}
