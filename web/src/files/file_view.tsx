import { useQuery } from "@tanstack/react-query";
import { FileX } from "lucide-react";
import { useEffect, useState } from "react";
import { printableLines } from "../../../src/core/printable.ts";
import { formatBytes } from "../../../src/core/quantity.ts";
import { Button } from "../ui/button.tsx";
import { Loading } from "../ui/loading.tsx";
import { Notice, Problem } from "../ui/problem.tsx";
import { type FilePlace, type FileStart, startOfFile } from "./file_bytes.ts";
import { fileKind, isBinary, LARGEST_IMAGE_BYTES, SHOWN_TEXT_BYTES, textOf } from "./file_kind.ts";
import { JsonView } from "./json_view.tsx";

/** A file as far as it can be looked at: a picture, JSON, or its text. Nothing in it is executed or laid out. */
export function FileView({ place, name }: { place: FilePlace; name: string }) {
  const kind = fileKind(name);
  const { job, n, attempt, path } = place;
  const most = kind.kind === "image" ? LARGEST_IMAGE_BYTES : SHOWN_TEXT_BYTES;
  const read = useQuery({
    queryKey: ["job", job, "run", n, "file", attempt, path],
    queryFn: ({ signal }) => startOfFile(place, most, signal),
    gcTime: 0,
  });
  if (read.error && !read.data)
    return <Problem title="The file cannot be read" error={read.error} retry={() => void read.refetch()} />;
  if (!read.data) return <Loading what="the file" />;
  const { bytes, sizeBytes } = read.data;
  const isCut = bytes.length < sizeBytes;
  if (kind.kind === "image")
    return isCut ? <TooLarge sizeBytes={sizeBytes} /> : <Picture bytes={bytes} type={kind.type} name={name} />;
  if (sizeBytes === 0)
    return (
      <Notice title="The file is empty" icon={<FileX className="size-6" aria-hidden="true" />}>
        <p>It has no bytes at all.</p>
      </Notice>
    );
  if (isBinary(bytes))
    return (
      <Notice title="This is no text" icon={<FileX className="size-6" aria-hidden="true" />}>
        <p>Its {formatBytes(sizeBytes)} can be downloaded, and looked at with the program that they are for.</p>
      </Notice>
    );
  return <Text start={read.data} isJson={kind.kind === "json" && !isCut} />;
}

function TooLarge({ sizeBytes }: { sizeBytes: number }) {
  return (
    <Notice title="The picture is very large" icon={<FileX className="size-6" aria-hidden="true" />}>
      <p>It has {formatBytes(sizeBytes)}. Download it to look at it.</p>
    </Notice>
  );
}

function Picture({ bytes, type, name }: { bytes: Uint8Array<ArrayBuffer>; type: string; name: string }) {
  const [url, setUrl] = useState<string | null>(null);
  const [size, setSize] = useState<string | null>(null);
  const [isBroken, setBroken] = useState(false);
  useEffect(() => {
    // The type is ours, whatever the bytes are: what is no such picture is shown as none.
    const made = URL.createObjectURL(new Blob([bytes], { type }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [bytes, type]);
  if (isBroken)
    return (
      <Notice title="This is no such picture" icon={<FileX className="size-6" aria-hidden="true" />}>
        <p>
          Its name says {type.slice(6).toUpperCase()}, and its bytes are something else. Download it to look into it.
        </p>
      </Notice>
    );
  return (
    <figure className="flex min-h-0 flex-1 flex-col gap-2 overflow-auto">
      {url !== null && (
        <img
          src={url}
          alt={name}
          className="max-h-[70dvh] max-w-full self-start rounded-lg border border-line bg-surface object-contain"
          onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) => setSize(`${naturalWidth} × ${naturalHeight}`)}
          onError={() => setBroken(true)}
        />
      )}
      <figcaption className="text-sm text-muted">
        {[size, formatBytes(bytes.length)].filter((part) => part !== null).join(", ")}
      </figcaption>
    </figure>
  );
}

function Text({ start: { bytes, sizeBytes }, isJson }: { start: FileStart; isJson: boolean }) {
  const isCut = bytes.length < sizeBytes;
  const text = textOf(bytes, isCut);
  const [isTree, setTree] = useState(true);
  const json = isJson ? parsed(text) : undefined;
  return (
    <div className="flex min-h-0 flex-1 flex-col gap-2">
      {isCut && (
        <p className="text-sm text-muted">
          The first {formatBytes(bytes.length)} of {formatBytes(sizeBytes)} are shown. All of it is in the download.
        </p>
      )}
      {json !== undefined && (
        <Button className="self-start" onClick={() => setTree(!isTree)}>
          {isTree ? "Show it as written" : "Show it as a tree"}
        </Button>
      )}
      {json === undefined || !isTree ? (
        <pre
          // What scrolls has to be reachable by keyboard.
          tabIndex={0}
          className="min-h-0 flex-1 overflow-auto rounded-lg border border-line bg-surface p-3 text-sm leading-5"
        >
          {printableLines(text)}
        </pre>
      ) : (
        <JsonView value={json} />
      )}
    </div>
  );
}

/** Undefined: it is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
