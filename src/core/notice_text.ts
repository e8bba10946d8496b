import { jobStatus } from "./job.ts";
import type { EndedJob, Notice } from "./notice.ts";
import { printable } from "./printable.ts";
import { formatDuration } from "./quantity.ts";
import { describeCause, type UnixMs } from "./run.ts";
import { describeTrouble } from "./trouble.ts";

/** A notice for people: what happened, then what to do. */
export interface NoticeText {
  /** One line, of printable characters. */
  subject: string;
  /** Lines, each of printable characters. */
  text: string;
}

const LONGEST_NAME = 100;
const LONGEST_LINE = 1000;
/** Text of others on one line, where nothing in it starts another one. */
export function onOneLine(text: string, most = LONGEST_LINE): string {
  const line = printable(text.toWellFormed()).trim();
  const characters = [...line.slice(0, 2 * most)];
  return characters.length <= most ? line.slice(0, 2 * most) : `${characters.slice(0, most - 1).join("")}…`;
}

export function wordNotice(notice: Notice): NoticeText {
  switch (notice.event) {
    case "test":
      return {
        subject: "Runyard: a test",
        text: `This is the notice that ${onOneLine(notice.user, LONGEST_NAME)} asked for. Notices arrive here.`,
      };
    case "needs_help": {
      const { what, advice } = describeTrouble(notice.trouble);
      return {
        subject: `Runyard needs help: ${onOneLine(what, 200)}`,
        text: `${onOneLine(what)}.\n${onOneLine(advice)}`,
      };
    }
    case "job_succeeded":
    case "job_failed":
    case "job_cancelled": {
      const lines = [headline(notice.job, notice.at), failureText(notice.job), nextStep(notice.job)];
      return {
        subject: `Job ${notice.job.id} ${jobStatus(notice.job.runs)}: ${onOneLine(notice.job.name, LONGEST_NAME)}`,
        text: lines.filter((line) => line !== "").join("\n"),
      };
    }
  }
}

/** Several in one message, for where each message disturbs somebody. */
export function wordNotices(notices: readonly Notice[]): NoticeText {
  const [first, ...more] = notices.map(wordNotice);
  if (!first) return { subject: "", text: "" };
  if (more.length === 0) return first;
  const jobs = notices.flatMap((notice) => ("job" in notice ? [jobStatus(notice.job.runs)] : []));
  const counts = [...Map.groupBy(jobs, (status) => status)].map(([status, { length }]) => `${length} ${status}`);
  const others = notices.length - jobs.length;
  const parts = [
    ...(jobs.length > 0
      ? [`${jobs.length} job${jobs.length === 1 ? " has" : "s have"} ended (${counts.join(", ")})`]
      : []),
    ...(others > 0 ? [`${others} other notice${others === 1 ? "" : "s"}`] : []),
  ];
  return {
    subject: `Runyard: ${parts.join(" and ")}`,
    text: [first, ...more].map(({ subject, text }) => `${subject}\n${text}`).join("\n\n"),
  };
}

function headline({ runs, submittedAt }: EndedJob, at: UnixMs): string {
  const counts = (["succeeded", "failed", "cancelled", "skipped"] as const)
    .filter((status) => runs[status] > 0)
    .map((status) => `${runs[status]} ${status}`);
  const all = `${runs.total} run${runs.total === 1 ? "" : "s"}`;
  return `It has ended ${formatDuration(Math.max(0, at - submittedAt))} after it was submitted. Of ${all}: ${counts.join(", ")}.`;
}

function failureText({ firstFailure }: EndedJob): string {
  if (!firstFailure) return "";
  const { run, cause } = firstFailure;
  return onOneLine(`The first that failed is ${run}${cause ? `: ${describeCause(cause)}` : ""}.`);
}

function nextStep({ id, runs, firstFailure }: EndedJob): string {
  if (firstFailure?.cause?.code === "dependency_failed")
    return `Retry that job, and this one comes back with it: runyard retry ${firstFailure.cause.job}`;
  if (runs.failed > 0)
    return `What it printed: runyard logs ${firstFailure?.run ?? id}\nRun again what failed: runyard retry ${id} --failed`;
  if (runs.cancelled > 0) return `Run again what was cancelled: runyard retry ${id}`;
  return runs.total > 1 ? `Its results: runyard results ${id}` : `What it printed: runyard logs ${id}`;
}

/** Slack's own form takes `&`, `<` and `>` for signs of its own, e.g. to call everyone in a channel. */
export function slackText({ subject, text }: NoticeText): string {
  const [plainSubject = "", plainText = ""] = [subject, text].map((part) =>
    part.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;"),
  );
  return `${plainSubject}\n${plainText}`;
}

/** The notice as programs read it. `id` is the same however often it is sent. */
export function noticeBody(notice: Notice, id: string): Record<string, unknown> {
  const base = { id, event: notice.event, at: new Date(notice.at).toISOString(), ...wordNotice(notice) };
  if ("trouble" in notice) return { ...base, trouble: notice.trouble };
  if (!("job" in notice)) return base;
  const { submittedAt, firstFailure, ...job } = notice.job;
  return {
    ...base,
    job: {
      ...job,
      status: jobStatus(job.runs),
      submittedAt: new Date(submittedAt).toISOString(),
      endedAt: base.at,
      firstFailure: firstFailure && {
        run: firstFailure.run,
        cause: firstFailure.cause && { code: firstFailure.cause.code, text: describeCause(firstFailure.cause) },
      },
    },
  };
}
