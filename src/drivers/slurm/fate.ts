import type { Ending } from "../../core/run.ts";
import { shellQuote } from "../../core/shell_quote.ts";
import type { Verdict } from "../remote/verdict.ts";
import { isTransient } from "./commands.ts";

/** How Slurm says that a task has ended. */
export interface Fate {
  /** Its word: COMPLETED, FAILED, TIMEOUT, … */
  state: string;
  /** Who has cancelled it; null: nobody, or it is not told. */
  by: string | null;
  nodes: string;
  /** Exit code and signal of its script. */
  code: number;
  signal: number;
  limitMs: number | null;
}

/**
 * Asks for the fates of tasks that have left the queue: the accounts, where a site keeps any, then what the controller still
 * remembers. Ids as Slurm writes them: `123_4`.
 */
export function fateScript(ids: readonly string[]): string {
  const wanted = shellQuote(ids.join());
  return [
    `accounts=$(sacct -n -P -X -j ${wanted} -o JobID,State,ExitCode,NodeList,TimelimitRaw 2>/dev/null)`,
    'printf "%s\\n" "$accounts" | sed "s/^/sacct|/"',
    `for user in $(printf "%s\\n" "$accounts" | sed -n 's/.*|CANCELLED by \\([0-9]*\\)|.*/\\1/p' | sort -u); do echo "user|$user|$(id -nu "$user" 2>/dev/null)"; done`,
    // One id that is forgotten and the whole list is refused by some versions, where it is one alone by all.
    `squeue -h -r -t all -j ${wanted} -o 'squeue|%F|%K|%T|%N|%l' 2>&1`,
    "exit 0",
  ].join("\n");
}

/** By id as Slurm writes it. Null: the controller could not be asked, and may know more. */
export function readFates(text: string): Map<string, Fate> | null {
  if (text.split("\n").some((line) => line.startsWith("slurm_load_jobs error") && isTransient(line))) return null;
  const fates = new Map<string, Fate>();
  const lines = text.split("\n").map((line) => line.split("|"));
  const users = new Map(lines.flatMap(([kind, id = "", name]) => (kind === "user" && name ? [[id, name]] : [])));
  for (const [kind, ...rest] of lines) {
    if (kind === "squeue") {
      const [job = "", task = "", state = "", nodes = "", limit = ""] = rest;
      const id = /^\d+$/.test(task) ? `${job}_${task}` : job;
      const known = fates.get(id);
      if (!known) fates.set(id, { state, by: null, nodes, code: 0, signal: 0, limitMs: limitMs(limit) });
    } else if (kind === "sacct") {
      const [id = "", said = "", exit = "", nodes = "", minutes = ""] = rest;
      const [state = "", , user] = said.split(" ");
      if (state === "") continue;
      const [code, signal] = exit.split(":").map(Number);
      const by = user === undefined ? null : (users.get(user) ?? `user ${user}`);
      const limit = /^\d+$/.test(minutes) ? Number(minutes) * 60_000 : null;
      fates.set(id, { state, by, nodes, code: code || 0, signal: signal || 0, limitMs: limit });
    }
  }
  return fates;
}

/** `[D-]HH:MM:SS`, `MM:SS`; null where there is none. */
function limitMs(text: string): number | null {
  const [, days = "0", clock = ""] = /^(?:(\d+)-)?([\d:]+)$/.exec(text) ?? [];
  if (clock === "") return null;
  const seconds = clock.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  return (Number(days) * 86_400 + seconds) * 1000;
}

/** Whether Slurm says that it is over. */
export function isOver({ state }: Pick<Fate, "state">): boolean {
  return !/^(PENDING|CONFIGURING|RUNNING|COMPLETING|SUSPENDED|STOPPED|SIGNALING|STAGE_OUT|RESIZING|REQUEUE.*|SPECIAL_EXIT)$/.test(
    state,
  );
}

const UNTOLD: Omit<Verdict, "ending"> = { timeLimitMs: null, symptom: null, isInterrupted: false };

/**
 * @param fate  null: nobody knows any more
 * @param id  as Slurm writes it
 * @param hasBegun  whether something of the user's was executed
 */
export function verdictOf(fate: Fate | null, id: string, hasBegun: boolean): Verdict {
  if (fate === null) {
    // What has not begun never will, once that is forbidden: it may be submitted again.
    const detail = `Slurm does not know job ${id} any more, and its launcher left no word`;
    return { ...UNTOLD, ending: hasBegun ? { kind: "lost", detail } : { kind: "never_began" } };
  }
  const { state, by, nodes } = fate;
  const on = nodes === "" || nodes === "(null)" ? "" : ` on ${nodes}`;
  const killed: Ending = { kind: "signalled", signal: fate.signal || 9 };
  switch (state) {
    case "TIMEOUT":
    case "DEADLINE":
      return { ...UNTOLD, ending: hasBegun ? killed : { kind: "never_began" }, timeLimitMs: fate.limitMs ?? 0 };
    case "OUT_OF_MEMORY":
      return { ...UNTOLD, ending: killed, symptom: "out_of_memory" };
    case "PREEMPTED":
      return { ...UNTOLD, ending: hasBegun ? killed : { kind: "never_began" }, isInterrupted: hasBegun };
    case "CANCELLED":
    case "REVOKED":
      return { ...UNTOLD, ending: { kind: "cancelled", by: by ?? "somebody" } };
    case "NODE_FAIL":
    case "BOOT_FAIL": {
      const detail = `Slurm gave up its node${on} (${state})`;
      return { ...UNTOLD, ending: hasBegun ? { kind: "lost", detail } : { kind: "never_began" } };
    }
    default: {
      if (hasBegun) {
        const detail = `its launcher${on} was killed, and Slurm says ${state} of job ${id}`;
        return { ...UNTOLD, ending: { kind: "lost", detail } };
      }
      const reason = `Slurm says ${state} of job ${id}${on}, and its launcher was not seen there: does the node share the folder of the spool? Name one that it does with spool: in the pool`;
      return { ...UNTOLD, ending: { kind: "could_not_start", reason } };
    }
  }
}
