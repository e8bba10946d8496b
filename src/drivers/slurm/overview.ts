import type { ClusterNode, Overview, QueueShare } from "../../core/overview.ts";
import { bad, good, type Result } from "../../platform/result.ts";
import { inSlurmsWords } from "./commands.ts";

/** What squeue is asked of each job. A reason may have any character in it, so it is the last. */
const ASKED = [
  ...["Partition", "UserName", "State", "NumNodes", "NumTasks"],
  ...["tres-alloc", "tres-per-job", "tres-per-node", "tres-per-task", "Reason"],
];

/**
 * Asks for all nodes and all jobs at once; for `slurmCommands`. Jobs that are alike are counted there: of 50,000 tasks that wait
 * few lines are left. `-d` tells which GPUs are given away also where the site does not track them. Ends with 0: what went
 * wrong is in its output. The times in it are for people.
 */
export function overviewScript(): string {
  return `unset SLURM_TIME_FORMAT
echo '== nodes'
scontrol -a -d -o show node 2>&1 || exit 0
echo '== queue'
{ squeue -h -a -r -O '${ASKED.map((field) => `${field}:|`).join(",")}' 2>&1 || echo '== failed'; } | LC_ALL=C sort | uniq -c
echo '== end'
`;
}

/** What `overviewScript` has printed; the problem: what Slurm said instead. */
export function readOverview(text: string): Result<Overview, string> {
  const lines = text.split("\n");
  const [nodesAt, queueAt, endAt] = ["== nodes", "== queue", "== end"].map((mark) => lines.indexOf(mark));
  const ofNodes = between(lines, nodesAt, queueAt);
  if (queueAt === -1) return bad(said(ofNodes));
  const ofQueue = between(lines, queueAt, endAt).map(counted);
  if (ofQueue.some(({ line }) => line === "== failed")) return bad(said(ofQueue.map(({ line }) => line)));
  if (endAt === -1) return bad("Slurm's answer is longer than could be read.");
  return good({
    nodes: ofNodes.filter((line) => line.startsWith("NodeName=")).map(readNode),
    queue: sharesOf(ofQueue),
  });
}

function between(lines: readonly string[], from = -1, to = -1): string[] {
  return lines.slice(from + 1, to === -1 ? undefined : to);
}

function said(lines: readonly string[]): string {
  return inSlurmsWords(lines.filter((line) => !/^(== |NodeName=)/.test(line)).join("\n"));
}

/** A line of `uniq -c`. */
function counted(text: string): { count: number; line: string } {
  const [, count = "0", line = ""] = /^\s*(\d+) (.*)$/.exec(text) ?? [];
  return { count: Number(count), line };
}

const MB = 1024 ** 2;

function readNode(line: string): ClusterNode {
  const [facts = "", remark = null] = splitAt(line, " Reason=");
  const fields = new Map<string, string>();
  // Values have blanks in them, as in `OS=Linux 6.1 #1 SMP`: the next key ends them.
  for (const [, key = "", value = ""] of facts.matchAll(/(?:^|\s)([A-Z]\w*)=(.*?)(?=\s+[A-Z]\w*=|$)/g)) {
    if (!fields.has(key)) fields.set(key, value);
  }
  const number = (key: string) => Number.parseInt(fields.get(key) ?? "", 10) || 0;
  return {
    name: fields.get("NodeName") ?? "",
    partitions: fields.get("Partitions")?.split(",") ?? [],
    state: (fields.get("State") ?? "unknown").toLowerCase(),
    // Without the cores that the site keeps for itself; before 22.05 it is not told.
    cpus: number("CPUEfctv") || number("CPUTot"),
    cpusUsed: number("CPUAlloc"),
    memoryBytes: number("RealMemory") * MB,
    memoryUsedBytes: number("AllocMem") * MB,
    gpus: gpusOf(fields.get("Gres") ?? "", fields.get("GresUsed") ?? fields.get("AllocTRES") ?? ""),
    reason: remark === null ? null : reasonIn(remark),
  };
}

function splitAt(text: string, mark: string): [string, string?] {
  const at = text.indexOf(mark);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + mark.length)];
}

/** Up to who has said it and when, `[root@2026-11-26T17:24:32]`; what follows has other keys. */
function reasonIn(text: string): string {
  const [reason = text] =
    /^.*?\[[^\s[\]]*@[^\]]*\]/.exec(text) ?? text.split(/ (?:ReservationName|Comment|Extra|\w+Id)=/);
  return reason.trim();
}

/** Of what each type has; GPUs that are given away without a type are taken from the types in turn. */
function gpusOf(gres: string, given: string): ClusterNode["gpus"] {
  const totals = countGpus(gres);
  const used = countGpus(given);
  let untyped = (used.get(null) ?? 0) - (given.includes("gres/gpu=") ? typedOf(used) : 0);
  return [...totals].map(([type, total]) => {
    const own = type === null ? 0 : (used.get(type) ?? 0);
    const more = Math.max(0, Math.min(total - own, untyped));
    untyped -= more;
    return { type, total, used: Math.min(total, own + more) };
  });
}

function typedOf(counts: ReadonlyMap<string | null, number>): number {
  return [...counts].reduce((sum, [type, count]) => sum + (type === null ? 0 : count), 0);
}

/**
 * GPUs by type, as Slurm writes them: `gpu:2(S:0)`, `gpu:a100:2(IDX:0,2)`, `gres:gpu`, `gres/gpu=2,gres/gpu:a100=2` (where the
 * first is the sum).
 */
function countGpus(text: string): Map<string | null, number> {
  const counts = new Map<string | null, number>();
  for (const item of text.replace(/\([^)]*\)/g, "").split(",")) {
    const [found, type = null, count = "1"] = /^(?:gres[:/])?gpu(?::([^:=]+))??(?:[:=](\d+))?$/.exec(item.trim()) ?? [];
    if (found !== undefined) counts.set(type, (counts.get(type) ?? 0) + Number(count));
  }
  return counts;
}

function gpusIn(text: string): number {
  const counts = countGpus(text);
  return counts.get(null) ?? typedOf(counts);
}

function sharesOf(lines: readonly { count: number; line: string }[]): QueueShare[] {
  const shares = new Map<string, QueueShare>();
  for (const { count, line } of lines) {
    const fields = line.split("|");
    if (fields.length < ASKED.length) continue;
    const [partition = "", user = "", state = ""] = fields;
    const key = `${partition}|${user}`;
    const share = shares.get(key) ?? emptyShare(partition, user);
    shares.set(key, share);
    const gpus = count * gpusOfJob(fields);
    if (isPending(state)) {
      share.pending += count;
      share.gpusPending += gpus;
      const reason = reasonOf(fields.slice(ASKED.length - 1).join("|"));
      share.reasons[reason] = (share.reasons[reason] ?? 0) + count;
    } else {
      share.running += count;
      share.gpusRunning += gpus;
    }
  }
  const jobs = ({ running, pending }: QueueShare) => running + pending;
  return [...shares.values()].sort(
    (a, b) => compare(a.partition, b.partition) || jobs(b) - jobs(a) || compare(a.user, b.user),
  );
}

function emptyShare(partition: string, user: string): QueueShare {
  const reasons = Object.create(null) as Record<string, number>;
  return { partition, user, running: 0, pending: 0, gpusRunning: 0, gpusPending: 0, reasons };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What it has or asks for as a whole, where the site tracks GPUs; else what its options make. */
function gpusOfJob([, , , nodes, tasks, whole = "", perJob = "", perNode = "", perTask = ""]: string[]): number {
  return gpusIn(whole) || gpusIn(perJob) || Number(nodes) * gpusIn(perNode) || Number(tasks) * gpusIn(perTask) || 0;
}

function isPending(state: string): boolean {
  return /^(PENDING|REQUEUE|SPECIAL_EXIT|RESV_DEL_HOLD)/.test(state);
}

/** Its first words: `ReqNodeNotAvail, UnavailableNodes:n[1-9]` names other nodes for each job. */
function reasonOf(text: string): string {
  const [reason = ""] = text.split(/[,(|]/);
  return reason.trim() || "None";
}
