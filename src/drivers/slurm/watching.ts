import type { RemoteSeat, RemoteState } from "../../spool/host.ts";
import type { WayTools } from "../remote/way.ts";
import { inSlurmsWords, type RunSlurm } from "./commands.ts";
import { type Fate, fateScript, isOver, readFates, verdictOf } from "./fate.ts";
import { isActive, type QueuedTask, queueScript, readQueue, whyPending } from "./queue.ts";
import { hasSteps, idOf, isOfMachine, type Task, type Tasks } from "./tasks.ts";

/** Watches what was handed over: Slurm's queue tells what goes on, spools tell what was executed. */
export interface Watching {
  /** Twice a second. */
  tend(now: number): void;
  /** The queue is looked at soon. */
  hurry(): void;
  /** As a look at a spool has told. */
  state(attempt: string, state: RemoteState): void;
  seat(attempt: string, seat: RemoteSeat): void;
  /** What a look is to ask for. */
  watched(): string[];
  forget(attempts: readonly string[]): void;
  /** Why the queue cannot be seen, in Slurm's own words; null: it can. */
  trouble(): string | null;
}

export interface WatchingHands {
  /** What Slurm has of an attempt, and nobody waits for. */
  cancel(ids: readonly string[]): void;
  /** Something is laid out that has not been submitted. */
  submit(): void;
}

/** The queue is looked at no more often, and no less. */
const LEAST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;
/** How many times as long as a look has taken is waited for after it: while something happens, and while nothing does. */
const BUSY_PAUSES = 30;
const QUIET_PAUSES = 100;
/** Accounts are asked for many at once, and about few that run. */
const PAUSES_A_JUDGEMENT = 10;
const AWAY_PAUSE_MS = 5000;
/** Of those that run: what they tell is looked at in turn. */
const LOOKS_PER_SECOND = 10;
/** A file written on a node may take so long to be seen here. */
const SLOW_FILES_MS = 6000;
/** What an sbatch has asked for whose answer was lost may be done so long after it, by a controller that answers. */
const UNSURE_MS = 5000;
const MOST_FATES = 200;
/** An end is known here before it is there: what runs for so long without being waited for is ended. */
const STRANGER_MS = 30_000;

export function openWatching(
  { attempts, connection, desk, machine, resurvey, log }: WayTools,
  run: RunSlurm,
  tasks: Tasks,
  yard: string,
  hands: WatchingHands,
): Watching {
  let nextLookAt = 0;
  let lastTookMs = 0;
  let isLooking = false;
  let isJudging = false;
  let nextJudgementAt = 0;
  let said: string | null = null;
  /** Since when the queue can be seen; null: it cannot. */
  let answersSince: number | null = null;
  /** Whose spool is to be looked at: something has happened to them. */
  const due = new Set<string>();
  /** Of which it was not known whether Slurm has taken them: its queue does not have them. */
  const notThere = new Set<Task>();
  /** Ends that their launchers have told, and of which Slurm may know more. */
  const exits = new Map<string, string>();
  /** Of which Slurm is to say how they ended. */
  const toJudge = new Set<string>();
  const seats = new Map<string, RemoteSeat>();
  /** Gone from the queue, and their spool says that they have not ended: since when that is so. */
  const silentSince = new Map<string, number>();
  /** What runs there and nobody waits for, by its id. */
  const strangersSince = new Map<string, number>();

  /** One command for all of them. */
  async function look(): Promise<void> {
    const askedAt = Date.now();
    const answer = await run(queueScript());
    const tookMs = Date.now() - askedAt;
    const trouble = answer === null ? "squeue gave no answer" : answer.code === 0 ? null : inSlurmsWords(answer.stderr);
    // One that was slow once is not slow.
    const usualMs = Math.min(tookMs, lastTookMs);
    lastTookMs = tookMs;
    // Who does not answer is not busy with the answer.
    nextLookAt = Date.now() + (trouble === null ? pauseMs(BUSY_PAUSES, usualMs) : AWAY_PAUSE_MS);
    if (trouble !== said) {
      if (trouble !== null) log(`Slurm cannot be asked: ${trouble}`);
      said = trouble;
      resurvey();
    }
    if (answer === null || trouble !== null) {
      answersSince = null;
      return;
    }
    answersSince ??= askedAt;
    const isQuiet = await compare(readQueue(answer.stdout, yard), askedAt);
    if (isQuiet) nextLookAt = Date.now() + pauseMs(QUIET_PAUSES, usualMs);
    const now = connection();
    if (now && due.size > 0) await now.look([...due]);
    hands.submit();
  }

  /** Whether all of them are as they were, and none waits. */
  async function compare(queue: readonly QueuedTask[], askedAt: number): Promise<boolean> {
    const there = new Set(queue.map(textOf));
    for (const id of strangersSince.keys()) if (!there.has(id)) strangersSince.delete(id);
    const seen = new Map<Task, QueuedTask>();
    const strays: string[] = [];
    const adopted = new Map<number, Task[]>();
    for (const entry of queue) {
      if (!isOfMachine(entry.batch, machine().id)) continue;
      const task = tasks.named(entry.batch, entry.task);
      const isOurs = task !== undefined && (task.ticket.job === null || task.ticket.job === entry.job);
      if (!isOurs || ![...task.workers].some(isOpen)) {
        if (isStray(entry)) strays.push(textOf(entry));
        continue;
      }
      seen.set(task, entry);
      if (task.ticket.job === null) adopted.set(entry.job, [...(adopted.get(entry.job) ?? []), task]);
    }
    for (const [job, some] of adopted) await tasks.handedOver(some, job);
    notThere.clear();
    for (const task of tasks.all()) {
      const entry = seen.get(task);
      if (entry) standsInQueue(task, entry);
      else isNotInQueue(task, askedAt);
    }
    if (strays.length > 0) hands.cancel(strays);
    return due.size === 0 && [...seen.values()].every(isActive);
  }

  /** Nobody waits for it. What runs may just have told its end, before Slurm knows. */
  function isStray(entry: QueuedTask): boolean {
    if (!isActive(entry)) return true;
    const id = textOf(entry);
    const since = strangersSince.get(id) ?? Date.now();
    strangersSince.set(id, since);
    return entry.state !== "COMPLETING" && Date.now() - since >= STRANGER_MS;
  }

  function standsInQueue(task: Task, entry: QueuedTask): void {
    const { attempt } = task.attempt;
    task.goneSince = null;
    task.endsAt = entry.endsAt;
    if (isActive(entry)) {
      desk.pends(attempt, null);
      for (const id of task.workers) if (attempts.get(id)?.phase === "sent") due.add(id);
      return;
    }
    if (![...task.workers].some((id) => attempts.get(id)?.phase === "begun")) {
      desk.pends(attempt, { id: textOf(entry), reason: whyPending(entry) });
      return;
    }
    // Somebody, or the site, has queued it again: what has begun once does not begin again, but its run does.
    const detail = "Slurm has put it back into its queue";
    hands.cancel([textOf(entry)]);
    for (const id of task.workers)
      attempts.judged(id, null, { ending: { kind: "lost", detail }, ...PLAIN, isInterrupted: true });
  }

  function isNotInQueue(task: Task, askedAt: number): void {
    const { ticket, submittedAt, unsureSince } = task;
    if (ticket.job !== null && submittedAt !== null && submittedAt < askedAt) {
      task.goneSince ??= Date.now();
      for (const id of task.workers) if (isOpen(id)) due.add(id);
    } else if (unsureSince !== null && Math.max(unsureSince, answersSince ?? askedAt) + UNSURE_MS < askedAt) {
      // It may have come and gone: then its spool tells.
      notThere.add(task);
      due.add(task.attempt.attempt);
    }
  }

  function ended(attempt: string, exit: string, task: Task): void {
    const isWell = exit.startsWith("0 ");
    const isWarned = seats.get(attempt)?.isWarned ?? false;
    if ((isWell && !isLate(task, exit) && !isWarned) || isAsked(attempt)) {
      attempts.ended(attempt, exit);
      return;
    }
    exits.set(attempt, exit);
    toJudge.add(attempt);
  }

  /** It has begun, and its spool has no end of it. */
  function begun(attempt: string, task: Task, isAliveHere: boolean): void {
    const remote = attempts.get(attempt);
    const seat = seats.get(attempt);
    if (remote?.phase === "sent") {
      attempts.started(attempt, seat?.at ?? Date.now(), 0);
      desk.pends(attempt, null);
    }
    // The processes of a job may outlive what Slurm knows of it; their end is told as any other.
    if (task.goneSince === null || isAliveHere) silentSince.delete(attempt);
    else if (isSilentFor(attempt)) toJudge.add(attempt);
  }

  function isSilentFor(attempt: string): boolean {
    const since = silentSince.get(attempt) ?? Date.now();
    silentSince.set(attempt, since);
    return Date.now() - since >= SLOW_FILES_MS;
  }

  /** What Slurm says of those whose launchers have not told all. */
  async function judge(): Promise<void> {
    isJudging = true;
    const some = [...toJudge].slice(0, MOST_FATES).flatMap((attempt) => {
      const task = tasks.of(attempt);
      if (!task) toJudge.delete(attempt);
      return task ? [{ attempt, task, id: idOf(task) ?? "" }] : [];
    });
    const ids = [...new Set(some.flatMap(({ id }) => (id === "" ? [] : [id])))];
    const askedAt = Date.now();
    const answer = ids.length === 0 ? { stdout: "" } : await run(fateScript(ids));
    isJudging = false;
    nextJudgementAt = Date.now() + pauseMs(PAUSES_A_JUDGEMENT, Date.now() - askedAt);
    if (answer === null || said !== null) return;
    const fates = readFates(answer.stdout);
    if (fates === null) return;
    for (const { attempt, task, id } of some) judgeOne(attempt, task, fates.get(id) ?? null, id);
  }

  function judgeOne(attempt: string, task: Task, fate: Fate | null, id: string): void {
    const remote = attempts.get(attempt);
    if (!remote || remote.end !== null) return;
    const exit = exits.get(attempt) ?? null;
    // It is told of its end by its launcher a moment before Slurm knows. One of several workers ends before the others do, and
    // where Slurm's own process on the node was killed, Slurm learns of no end for long.
    if (fate !== null && !isOver(fate)) {
      if (exit === null || fate.state !== "RUNNING" || isLate(task, exit)) return;
      if (!hasSteps(task) && !isSilentFor(attempt)) return;
      toJudge.delete(attempt);
      attempts.ended(attempt, exit);
      return;
    }
    toJudge.delete(attempt);
    const hasBegun = exit !== null || remote.phase === "begun";
    const verdict = verdictOf(fate, id, hasBegun);
    const { resumable } = task.attempt.handed;
    const isWarned = seats.get(attempt)?.isWarned ?? false;
    const goesOn = resumable && hasBegun && (isWarned || verdict.timeLimitMs !== null);
    const isCancelled = verdict.ending.kind === "cancelled";
    if (isCancelled && isAsked(attempt))
      verdict.ending = hasBegun ? { kind: "signalled", signal: 9 } : { kind: "never_began" };
    if (goesOn) verdict.isInterrupted = true;
    if (!hasBegun) connection()?.say("forbid", attempt);
    // It is told once that is so: it may have begun where it cannot be seen yet.
    if (verdict.ending.kind === "never_began") return;
    // What the launcher has seen then is how Slurm ended it.
    const isTaken = isCancelled || /^(NODE|BOOT)_FAIL$/.test(fate?.state ?? "");
    attempts.judged(attempt, isTaken && !isAsked(attempt) ? null : exit, verdict);
  }

  function isOpen(attempt: string): boolean {
    return attempts.get(attempt)?.end === null;
  }

  /** Whether the yard wants it to end: then nobody else is asked why it did. */
  function isAsked(attempt: string): boolean {
    const stop = attempts.get(attempt)?.stop ?? null;
    return stop !== null && stop.reason !== "withdrawn";
  }

  return {
    tend(now) {
      if (!connection()) return;
      if (!tasks.isEmpty() && !isLooking && now >= nextLookAt) {
        isLooking = true;
        void look()
          .catch((error: unknown) => log(String(error)))
          .finally(() => {
            isLooking = false;
          });
      }
      if (toJudge.size > 0 && !isJudging && now >= nextJudgementAt)
        void judge().catch((error: unknown) => log(String(error)));
    },
    hurry() {
      nextLookAt = Math.min(nextLookAt, Date.now() + LEAST_PAUSE_MS / 2);
    },
    seat(attempt, seat) {
      seats.set(attempt, seat);
      attempts.sits(attempt, { node: seat.node, gpus: seat.gpus });
    },
    state(attempt, state) {
      const remote = attempts.get(attempt);
      const task = tasks.of(attempt);
      due.delete(attempt);
      if (!remote || !task || remote.end !== null) return;
      const now = connection();
      if (state.kind === "ended") ended(attempt, state.exit, task);
      else if (state.kind === "begun" || state.kind === "left") begun(attempt, task, state.kind === "begun");
      else if (state.kind === "stopped" || state.kind === "absent") {
        const id = idOf(task);
        if (id !== null) hands.cancel([id]);
        if (now) attempts.state(attempt, state, now);
      } else if (task.goneSince !== null && isSilentFor(attempt)) toJudge.add(attempt);
      else {
        task.laidOut.add(attempt);
        if (attempt === task.attempt.attempt && notThere.delete(task)) task.unsureSince = null;
      }
    },
    watched() {
      // What Slurm cannot be asked about may have begun all the same.
      const mayRun = (attempt: string) => said !== null && tasks.of(attempt)?.ticket.job !== null;
      const begun = attempts.watched().filter((id) => attempts.get(id)?.phase === "begun" || mayRun(id));
      const from = (Math.floor(Date.now() / 1000) * LOOKS_PER_SECOND) % Math.max(1, begun.length);
      const turn = [...begun, ...begun].slice(from, from + Math.min(LOOKS_PER_SECOND, begun.length));
      return [...new Set([...due, ...turn])];
    },
    forget(some) {
      for (const attempt of some) {
        for (const set of [due, toJudge]) set.delete(attempt);
        for (const map of [exits, seats, silentSince]) map.delete(attempt);
        desk.pends(attempt, null);
      }
    },
    trouble: () => said && `Slurm cannot be asked: ${said}`,
  };
}

/** Whether what its launcher says of its end may be its time limit's doing. */
function isLate({ endsAt }: Task, exit: string): boolean {
  const [, , end = 0] = exit.split(" ").map(Number);
  return endsAt !== null && end >= endsAt - SLOW_FILES_MS;
}

function pauseMs(times: number, tookMs: number): number {
  return Math.min(LONGEST_PAUSE_MS, Math.max(LEAST_PAUSE_MS, times * tookMs));
}

const PLAIN = { timeLimitMs: null, symptom: null } as const;

function textOf({ job, task }: Pick<QueuedTask, "job" | "task">): string {
  return task === null ? `${job}` : `${job}_${task}`;
}
