import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Loading } from "../ui/loading.tsx";
import { Problem } from "../ui/problem.tsx";
import { call } from "../yard/client.ts";
import { FileList } from "./file_list.tsx";
import { FilePath } from "./file_path.tsx";
import { FileView } from "./file_view.tsx";

interface RunFilesProps {
  job: number;
  n: number;
  /** Null: the latest attempt. */
  attempt: string | null;
  /** What is looked at: names divided by `/`. Absent: the places that its files lie in. */
  path: string | undefined;
  onPath(path: string | undefined): void;
}

/** What a run has left: its folders, and a file of them to look at. */
export function RunFiles({ job, n, attempt, path, onPath }: RunFilesProps) {
  const [file, setFile] = useState<string | null>(null);
  const folder = path ?? "";
  const [limit, setLimit] = useState(200);
  const listed = useQuery({
    queryKey: ["job", job, "run", n, "files", attempt, folder, limit],
    queryFn: () =>
      call("listFiles", { params: { job, n }, query: { path: folder, limit, ...(attempt !== null && { attempt }) } }),
    placeholderData: (before) => (before?.path === folder ? before : undefined),
  });
  const open = (next: string | undefined) => {
    setFile(null);
    setLimit(200);
    onPath(next);
  };
  const place = { job, n, attempt };

  return (
    <div className="flex min-h-0 flex-1 flex-col gap-3">
      <FilePath path={folder} file={file} place={place} onOpen={open} onCloseFile={() => setFile(null)} />
      {file !== null ? (
        <FileView
          key={`${folder}/${file}`}
          place={{ ...place, path: folder === "" ? file : `${folder}/${file}` }}
          name={file}
        />
      ) : listed.data ? (
        <FileList
          answer={listed.data}
          onFolder={(name) => open(folder === "" ? name : `${folder}/${name}`)}
          onFile={setFile}
          onMore={limit < 1000 ? () => setLimit(1000) : null}
        />
      ) : listed.error ? (
        <Problem title="The files cannot be listed" error={listed.error} retry={() => void listed.refetch()} />
      ) : (
        <Loading what="the files" />
      )}
    </div>
  );
}
