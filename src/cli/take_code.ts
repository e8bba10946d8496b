import { mkdirSync } from "node:fs";
import { formatBytes } from "../core/quantity.ts";
import { describeSnapshotProblem } from "../snapshots/problem.ts";
import { describeSurvey, type Survey } from "../snapshots/survey.ts";
import { surveyFolder } from "../snapshots/survey_folder.ts";
import { takeSnapshot } from "../snapshots/take_snapshot.ts";
import { ask } from "./ask.ts";
import type { Connection } from "./connect.ts";
import { INTERRUPTED, stopWith, wrongUsage } from "./stop.ts";
import { canAsk, note } from "./terminal.ts";

/** Above this one is asked first. */
const LARGE_BYTES = 500 * 1024 * 1024;

/** Takes a snapshot of a folder's code into the yard's files and returns its id. Says what goes along and what does not. */
export async function takeCode(
  connection: Connection,
  folder: string,
  how: { yes: boolean; quiet: boolean; only?: readonly string[] },
): Promise<string> {
  const { home } = connection;
  if (!home) {
    const why = `The yard at ${connection.url()} is reached over the network, and a snapshot is handed over as files`;
    throw wrongUsage(
      `${why}. Leave out --snapshot (of retry: --code now), or give this command on the yard's own machine.`,
    );
  }
  const survey = await surveyFolder(folder, { avoid: [home.folder], include: how.only ?? [] });
  if (!survey.ok) throw wrongUsage(describeSnapshotProblem(survey.problem));
  if (how.only) keepBelow(survey.value, how.only);
  if (!how.quiet) note(`Code: ${describeSurvey(survey.value)}`);
  if (survey.value.totalBytes > LARGE_BYTES && !how.yes) await agreeTo(survey.value.totalBytes);
  mkdirSync(home.files, { recursive: true, mode: 0o700 });
  const snapshot = await takeSnapshot(survey.value, `${home.files}/snapshots`);
  if (!snapshot.ok) throw wrongUsage(describeSnapshotProblem(snapshot.problem));
  return snapshot.value.id;
}

/** Only what lies below these paths goes along. */
function keepBelow(survey: Survey, paths: readonly string[]): void {
  const isBelow = (path: string) => paths.some((one) => path === one || path.startsWith(`${one}/`));
  survey.files = survey.files.filter(({ path }) => isBelow(path));
  survey.links = survey.links.filter(({ path }) => isBelow(path));
  survey.emptyFolders = survey.emptyFolders.filter(isBelow);
  survey.totalBytes = survey.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

async function agreeTo(totalBytes: number): Promise<void> {
  const what = `The snapshot would hold ${formatBytes(totalBytes)}`;
  if (!canAsk()) throw wrongUsage(`${what}. Name what should stay behind in .runyardignore, or agree with --yes.`);
  const answer = await ask(`${what}. Take it?`);
  if (answer === "interrupted")
    throw stopWith({ code: "interrupted", message: "Nothing was queued.", exitCode: INTERRUPTED });
  if (answer === "no")
    throw stopWith({
      code: "declined",
      message: "Nothing was queued. Name what should stay behind in .runyardignore.",
      exitCode: 1,
    });
}
