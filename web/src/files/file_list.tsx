import { ExternalLink, File, FileQuestion, FileText, Folder, FolderSearch, Image, Link2 } from "lucide-react";
import type { FileEntry } from "../../../src/api/file.ts";
import { grouped } from "../../../src/core/number_text.ts";
import { printable } from "../../../src/core/printable.ts";
import { formatBytes } from "../../../src/core/quantity.ts";
import { Button } from "../ui/button.tsx";
import { Notice } from "../ui/problem.tsx";
import { Age } from "../ui/times.tsx";
import { fileKind } from "./file_kind.ts";

interface Listed {
  path: string;
  entries: FileEntry[];
  next: string | null;
  elsewhere: string[];
}

interface FileListProps {
  answer: Listed;
  onFolder(name: string): void;
  onFile(name: string): void;
  /** Null: no more can be shown. */
  onMore: (() => void) | null;
}

/** What a place that files lie in is, for people. */
const places: Record<string, string> = {
  results: "what the run made or changed",
  work: "its folder, as it is now",
  checkpoints: "what it keeps for its next attempt",
  collected: "results, where the batch puts them",
  out: "its output file",
};

/** What lies in a folder. Links and devices are named, and lead nowhere. */
export function FileList({ answer, onFolder, onFile, onMore }: FileListProps) {
  const { path, entries, next, elsewhere } = answer;
  const isTop = path === "";
  return (
    <div className="flex min-h-0 flex-1 flex-col gap-3 overflow-auto">
      {entries.length === 0 ? (
        <Notice
          title={isTop ? "There are no files to look at" : "Nothing is in this folder"}
          icon={<FolderSearch className="size-6" aria-hidden="true" />}
        >
          {elsewhere.map((text) => (
            <p key={text} className="[overflow-wrap:anywhere]">
              {printable(text)}
            </p>
          ))}
          {isTop && elsewhere.length === 0 && (
            <p>The run has left none so far: it worked in code that it did not change.</p>
          )}
        </Notice>
      ) : (
        <ul aria-label="Files" className="divide-y divide-line rounded-lg border border-line bg-surface">
          {entries.map((entry) => (
            <li key={`${entry.kind} ${entry.name}`}>
              <Entry entry={entry} isTop={isTop} onFolder={onFolder} onFile={onFile} />
            </li>
          ))}
        </ul>
      )}
      {next !== null &&
        (onMore ? (
          <Button className="self-start" onClick={onMore}>
            Show more of this folder
          </Button>
        ) : (
          <p className="text-sm text-muted">The first {grouped(entries.length)} are shown. All are in the download.</p>
        ))}
      {entries.length > 0 &&
        elsewhere.map((text) => (
          <p key={text} className="flex gap-2 text-sm text-muted [overflow-wrap:anywhere]">
            <ExternalLink className="mt-0.5 size-4 shrink-0" aria-hidden="true" />
            {printable(text)}
          </p>
        ))}
    </div>
  );
}

interface EntryProps {
  entry: FileEntry;
  isTop: boolean;
  onFolder(name: string): void;
  onFile(name: string): void;
}

function Entry({ entry, isTop, onFolder, onFile }: EntryProps) {
  const { name, kind, sizeBytes, modifiedAt, target, at } = entry;
  const Icon = iconOf(entry);
  const shown = (
    <>
      <Icon
        className={`size-4 shrink-0 ${kind === "folder" ? "text-accent" : "text-muted"}`}
        {...(kind === "folder" ? { role: "img", "aria-label": "Folder" } : { "aria-hidden": true })}
      />
      <span className="min-w-0 flex-1">
        <span className="block truncate font-medium">{printable(name)}</span>
        {noteOf(entry, isTop) !== null && (
          <span className="block truncate text-xs text-muted" title={at ?? target ?? undefined}>
            {noteOf(entry, isTop)}
          </span>
        )}
      </span>
      {sizeBytes !== null && <span className="shrink-0 text-sm text-muted">{formatBytes(sizeBytes)}</span>}
      {modifiedAt !== null && kind === "file" && (
        <span className="w-16 shrink-0 text-right text-sm text-muted max-sm:hidden">
          <Age at={modifiedAt} />
        </span>
      )}
    </>
  );
  const row = "flex min-h-11 w-full items-center gap-3 px-3 py-1.5 text-left";
  if (kind !== "folder" && kind !== "file") return <div className={row}>{shown}</div>;
  return (
    <button
      type="button"
      className={`${row} outline-offset-[-2px] hover:bg-sunken`}
      onClick={() => (kind === "folder" ? onFolder(name) : onFile(name))}
    >
      {shown}
    </button>
  );
}

function noteOf({ name, kind, target, at }: FileEntry, isTop: boolean): string | null {
  if (isTop) return [places[name], at === null ? null : printable(at)].filter(Boolean).join(" · ");
  if (kind === "link") return `a link to ${printable(target ?? "somewhere")}, which is not followed`;
  return kind === "other" ? "neither a file nor a folder, or its name is no text: it cannot be shown" : null;
}

function iconOf({ name, kind }: FileEntry) {
  if (kind === "folder") return Folder;
  if (kind === "link") return Link2;
  if (kind === "other") return FileQuestion;
  const shown = fileKind(name).kind;
  if (shown === "image") return Image;
  return /\.(txt|log|json|csv|tsv|md|py|ya?ml|html|svg)$/i.test(name) ? FileText : File;
}
