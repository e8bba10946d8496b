import type { Check } from "../../core/enquiry.ts";
import { formatBytes, formatDuration } from "../../core/quantity.ts";
import type { RemoteSurvey } from "./survey.ts";

/** A clock that differs by less is not worth a word. */
const CLOCK_MS = 5000;

/**
 * What works on a machine that was reached and what does not, one line each.
 *
 * @param survey  null: it did not answer when it was looked at
 * @param clockMs  what has to be added to its clock to have ours
 */
export function checkMachine(survey: RemoteSurvey | null, clockMs: number): Check[] {
  if (!survey) return [{ name: "shell", ok: false, text: "the machine did not answer when it was looked at" }];
  const { hardware, missing, freeDiskBytes } = survey;
  return [
    { name: "shell", ok: true, text: missing.includes("bash") ? "a POSIX shell; no bash" : "bash" },
    { name: "cores", ok: true, text: `${hardware.cpus}, ${formatBytes(hardware.memoryBytes)} memory` },
    diskCheck(freeDiskBytes),
    gpuCheck(survey),
    clockCheck(clockMs),
    toolCheck(missing),
  ];
}

function diskCheck(freeBytes: number | null): Check {
  if (freeBytes === null) return { name: "disk", ok: false, text: "it does not say how much is free" };
  return { name: "disk", ok: freeBytes > 100 * 1024 ** 2, text: `${formatBytes(freeBytes)} free for the spool` };
}

function gpuCheck({ hardware, missing }: RemoteSurvey): Check {
  const { gpus, problems } = hardware;
  const [problem] = problems;
  if (problem !== undefined) return { name: "gpus", ok: false, text: problem };
  if (gpus.length === 0) {
    const text = missing.includes("nvidia-smi") ? "none: there is no nvidia-smi" : "none";
    return { name: "gpus", ok: true, text };
  }
  const used = gpus.filter(({ others, problem }) => others.length > 0 || problem !== null).length;
  const names = [...new Set(gpus.map(({ name }) => name))].join(", ");
  return {
    name: "gpus",
    ok: true,
    text: `${gpus.length} × ${names}${used > 0 ? `, ${used} of them in use by others or not healthy` : ""}`,
  };
}

function clockCheck(clockMs: number): Check {
  const differs = Math.abs(clockMs) > CLOCK_MS;
  const text = differs
    ? `${formatDuration(Math.abs(clockMs))} ${clockMs > 0 ? "behind" : "ahead of"} this machine's; times are corrected`
    : "agrees with this machine's";
  return { name: "clock", ok: true, text };
}

function toolCheck(missing: readonly string[]): Check {
  if (missing.includes("tar"))
    return { name: "tools", ok: false, text: "tar is missing, and nothing can be sent without it" };
  const wanted = ["python3", "rsync"].filter((tool) => missing.includes(tool));
  return {
    name: "tools",
    ok: true,
    text: wanted.length > 0 ? `tar; without ${wanted.join(", ")}` : "tar, python3, rsync",
  };
}
