import { mkdir, statfs } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { syncFolder } from "../platform/durable_file.ts";
import { makePrivateFolder, objectionToFolder } from "../platform/private_folder.ts";
import { bad, good } from "../platform/result.ts";
import { adoptFile } from "./adopt.ts";
import { type Environments, openEnvironments } from "./environments.ts";
import { type NoticeFiles, openNoticeFiles } from "./notice_settings.ts";
import { openHandles } from "./open_handles.ts";
import { openOutputPacks, type Slice } from "./output_packs.ts";
import type { OutputPlace } from "./output_place.ts";
import { type Outputs, outputsIn } from "./outputs.ts";
import { asFileProblem, type FileResult } from "./problem.ts";

/** How many packs stay open. */
const MAX_OPEN = 64;

/** The yard's files in one folder. Where another process has the same folder open, neither harms the other. */
export interface Files {
  environments: Environments;
  /** Where notices go, which may be secret: kept as environments are, each as its `target`. */
  addresses: Environments;
  notices: NoticeFiles;
  /** The folder for snapshots: theirs alone. */
  snapshots: string;
  /** The folder for what is being taken in; made when it is needed. */
  uploads: string;
  outputs: Outputs;
  /** Appends the outputs of small runs to their job's pack: durable once answered, in the order of the chunks. */
  append(job: number, chunks: readonly Uint8Array[]): Promise<FileResult<Slice[]>>;
  /** Moves a large output to `output/<job>/<name>`, durably; never overwrites. The place is of kind `file`. */
  adopt(job: number, name: string, source: string): Promise<FileResult<OutputPlace>>;
  /** What this account may still write on the disk that holds the files, in bytes. */
  freeBytes(): Promise<FileResult<number>>;
  close(): Promise<void>;
}

/** Opens the yard's files below `root`, which is made where it is missing: `environments addresses notices packs output snapshots`, all 0700. */
export async function openFiles(root: string): Promise<FileResult<Files>> {
  const folders = {
    environments: join(root, "environments"),
    addresses: join(root, "addresses"),
    notices: join(root, "notices"),
    packs: join(root, "packs"),
    output: join(root, "output"),
    snapshots: join(root, "snapshots"),
  };
  const opened = await openFolders(root, Object.values(folders));
  if (!opened.ok) return opened;
  const environments = await openEnvironments(folders.environments);
  if (!environments.ok) return environments;
  const addresses = await openEnvironments(folders.addresses);
  if (!addresses.ok) return addresses;
  const notices = await openNoticeFiles(folders.notices);
  if (!notices.ok) return notices;
  const handles = openHandles(MAX_OPEN);
  const packs = openOutputPacks(folders.packs, handles);

  async function adopt(job: number, name: string, source: string): Promise<FileResult<OutputPlace>> {
    const adopted = await adoptFile(folders.output, job, name, source);
    return adopted.ok ? good({ kind: "file", path: relative(root, adopted.value) }) : adopted;
  }

  async function freeBytes(): Promise<FileResult<number>> {
    try {
      const { bavail, bsize } = await statfs(root);
      return good(bavail * bsize);
    } catch (error) {
      return bad(asFileProblem(error, "unreadable", root));
    }
  }

  return good({
    environments: environments.value,
    addresses: addresses.value,
    notices: notices.value,
    snapshots: folders.snapshots,
    uploads: join(root, "uploads"),
    outputs: outputsIn(root, folders.packs, handles),
    append: packs.append,
    adopt,
    freeBytes,
    close: handles.close,
  });
}

async function openFolders(root: string, folders: readonly string[]): Promise<FileResult<null>> {
  let path = root;
  try {
    const made = await mkdir(root, { recursive: true, mode: 0o700 });
    let objection = await objectionToFolder(root);
    for (const folder of folders) {
      if (objection !== null) break;
      path = folder;
      objection = await makePrivateFolder(folder);
    }
    if (objection !== null) return bad({ code: "not_ours", path, objection });
    await syncFolder(root);
    if (made !== undefined) await syncFolder(dirname(made));
    return good(null);
  } catch (error) {
    return bad(asFileProblem(error, "unwritable", path));
  }
}
