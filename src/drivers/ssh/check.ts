import type { Check } from "../../core/enquiry.ts";
import { describeLogin, type Login } from "../../core/login.ts";
import { formatBytes, formatDuration } from "../../core/quantity.ts";
import type { HostKey } from "../../shells/host_key.ts";
import type { SshProblem } from "../../shells/problem.ts";
import type { RemoteSurvey } from "./survey.ts";

/** A clock that differs by less is not worth a word. */
const CLOCK_MS = 5000;

/**
 * How far one comes on the way to a machine, one line each.
 *
 * @param hostKey  null: nobody asked for it
 * @param problem  what stands in the way; null: it was reached
 */
export function checkReach(login: Login, hostKey: HostKey | null, problem: SshProblem | null): Check[] {
  const way = { ok: false, text: problem?.text ?? "" };
  if (problem?.code.startsWith("host_key_")) return [{ name: "host key", ...way }];
  if (problem?.code === "unreachable" || problem?.code === "no_such_host") return [{ name: "network", ...way }];
  const checks: Check[] = hostKey
    ? [
        {
          name: "host key",
          ok: true,
          text: `${hostKey.type} ${hostKey.fingerprint}${hostKey.wasKnown ? "" : ", new: accepted from now on"}`,
        },
      ]
    : [];
  if (problem?.code === "no_shell") {
    return [...checks, { name: "login", ok: true, text: describeLogin(login) }, { name: "shell", ...way }];
  }
  return [...checks, problem ? { name: "login", ...way } : { name: "login", ok: true, text: describeLogin(login) }];
}

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
