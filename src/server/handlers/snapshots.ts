import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { isRefused, type Refused, refuse } from "../../core/failure.ts";
import { makePrivateFolder } from "../../platform/private_folder.ts";
import { describeSnapshotProblem, type SnapshotProblem } from "../../snapshots/problem.ts";
import { describeSurvey, type Survey } from "../../snapshots/survey.ts";
import { surveyArrived } from "../../snapshots/survey_folder.ts";
import { takeSnapshot } from "../../snapshots/take_snapshot.ts";
import { type Unpacked, unpackZip } from "../../snapshots/unpack_zip.ts";
import { usualZipLimits } from "../../snapshots/zip_entries.ts";
import { describeZipProblem } from "../../snapshots/zip_problem.ts";
import { insertAudit } from "../../store/audit.ts";
import type { Handlers, Request, Yard } from "../yard.ts";

const LARGEST_ZIP_BYTES = 1024 ** 3;
/** What an earlier yard has left when it was killed is nobody's by then. */
const LEFT_BEHIND_MS = 24 * 60 * 60 * 1000;

/** Code that comes as a zip, for those who have no terminal on the yard's machine. */
export function snapshotHandlers(yard: Yard): Pick<Handlers, "uploadSnapshot"> {
  return {
    async uploadSnapshot({ incoming, outgoing, who }) {
      if (!/^application\/zip\b/.test(incoming.headers["content-type"] ?? "")) {
        const detail = "Send the zip itself as the body, with the header content-type: application/zip";
        return refuse({ code: "bad_request", detail });
      }
      const room = await roomFor(yard);
      if (isRefused(room)) return room;
      const place = await uploadPlace(yard);
      try {
        const zip = join(place, "project.zip");
        const received = await receive({ incoming, outgoing }, zip, Math.min(LARGEST_ZIP_BYTES, room));
        if (received !== null) return received;
        const folder = join(place, "project");
        await mkdir(folder, { mode: 0o700 });
        const unpacked = await unpackZip(zip, folder, {
          ...usualZipLimits,
          // Once as it lies here, once as contents of the snapshot.
          bytes: Math.min(usualZipLimits.bytes, Math.floor((await roomLeft(yard)) / 2)),
        });
        if (!unpacked.ok) return refuse({ code: "bad_zip", detail: describeZipProblem(unpacked.problem) });
        return await keep(folder, unpacked.value, who.user);
      } finally {
        await rm(place, { recursive: true, force: true });
      }
    },
  };

  async function keep(folder: string, { top, leftOut }: Unpacked, user: string) {
    const survey = await surveyArrived(folder);
    if (!survey.ok) return refuseSnapshot(survey.problem);
    const all = { ...survey.value, leftOut: [...survey.value.leftOut, ...leftOut] };
    // There is no folder here in which a run could find what was left out.
    const snapshot = await takeSnapshot({ ...all, leftOut: [] } satisfies Survey, yard.files.snapshots);
    if (!snapshot.ok) return refuseSnapshot(snapshot.problem);
    const { id, files, totalBytes } = snapshot.value;
    await yard.store.write((db) => {
      const entry = { action: "upload", target: `snapshot ${id.slice(0, 12)}`, detail: { files, totalBytes } };
      return insertAudit(db, { at: yard.clock.now(), user, ...entry });
    });
    return {
      snapshot: id,
      files,
      totalBytes,
      top,
      leftOut: all.leftOut.map(({ path, kind, sizeBytes }) => ({ path, kind, sizeBytes })),
      text: describeSurvey(all),
    };
  }
}

function refuseSnapshot(problem: SnapshotProblem): Refused {
  return refuse({ code: "bad_zip", detail: describeSnapshotProblem(problem) });
}

async function roomFor(yard: Yard): Promise<number | Refused> {
  const left = await roomLeft(yard);
  if (left > 0) return left;
  return refuse({ code: "disk_full", freeBytes: left + yard.floorBytes, floorBytes: yard.floorBytes });
}

/** Bytes above the floor of the yard's disk. */
async function roomLeft({ files, floorBytes }: Yard): Promise<number> {
  const free = await files.freeBytes();
  return free.ok ? free.value - floorBytes : 0;
}

/** A new folder for one upload. */
async function uploadPlace({ files, clock }: Yard): Promise<string> {
  await makePrivateFolder(files.uploads);
  for (const name of await readdir(files.uploads)) {
    const old = join(files.uploads, name);
    const found = await stat(old).catch(() => null);
    if (found && clock.now() - found.mtimeMs > LEFT_BEHIND_MS) await rm(old, { recursive: true, force: true });
  }
  const place = join(files.uploads, randomUUID());
  await mkdir(place, { mode: 0o700 });
  return place;
}

/** Takes the body in as it comes. Null: it is there, whole. */
async function receive(
  { incoming, outgoing }: Pick<Request<"uploadSnapshot">, "incoming" | "outgoing">,
  path: string,
  most: number,
): Promise<Refused | null> {
  const file = await open(path, "wx", 0o600);
  let bytes = 0;
  try {
    if (Number(incoming.headers["content-length"] ?? 0) > most) return tooLarge();
    // Not destroyed where it is left: its connection is to carry the answer.
    for await (const part of incoming.iterator({ destroyOnReturn: false })) {
      bytes += part.length;
      if (bytes > most) return tooLarge();
      await file.writeFile(part);
    }
    return null;
  } catch (error) {
    if (!incoming.destroyed) throw error;
    return refuse({ code: "bad_request", detail: "The zip did not arrive whole. Send it again." });
  } finally {
    await file.close();
  }

  function tooLarge(): Refused {
    outgoing.setHeader("connection", "close");
    incoming.resume();
    return refuse({ code: "too_large", limitBytes: most });
  }
}
