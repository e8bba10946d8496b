import { dealInTurn, type InTurn, secondsOf } from "./in_turn.ts";
import type { Amounts, OpenPolicy, Policy, PolicyRun, PolicySettings } from "./policy.ts";
import { bySubmission } from "./submission_order.ts";
import { openWaitingList, type WaitingList, type Walk } from "./waiting_list.ts";

export const fairShare: Policy = {
  summary: "The user with the lowest dominant share first: of GPUs, cores and memory, what each holds most of counts.",
  preempts: true,
  resizes: false,
  needsEstimates: false,
  open: openFairShare,
};

interface User<Run extends PolicyRun> {
  name: string;
  weight: number;
  /** As its runs say. */
  isBorrowing: boolean;
  waiting: WaitingList<InTurn<Run>>;
  runs: number;
  held: Amounts;
}

/**
 * Dominant resource fairness (Ghodsi et al., NSDI 2011): of a user's shares of cores, memory and GPUs the largest counts,
 * divided by the user's weight, and whoever has the least comes first. Priority orders a user's own runs. Like `backfill`,
 * it keeps room for the first that does not fit. What somebody holds beyond their share is lent to them.
 */
function openFairShare<Run extends PolicyRun>(settings: PolicySettings): OpenPolicy<Run> {
  const { total, weights, ageingSeconds, givesBack, minQuantumSeconds, preemptCostSeconds } = settings;
  const users = new Map<string, User<Run>>();
  const waiting = new Map<Run, InTurn<Run>>();
  /** Until what it lost by being stopped is made up for, and as much done again, a run keeps its place. */
  const quantum = Math.max(minQuantumSeconds, 2 * preemptCostSeconds);
  let nextAt = Number.POSITIVE_INFINITY;
  const holding = new Map<Run, { held: Amounts; since: number }>();

  function userOf({ user: name }: Run): User<Run> {
    const known = users.get(name);
    if (known) return known;
    const list = openWaitingList<Run, InTurn<Run>>((a, b) => bySubmission(a.run, b.run));
    const weight = Object.hasOwn(weights, name) ? (weights[name] ?? 1) : 1;
    const user = {
      name,
      weight,
      isBorrowing: false,
      waiting: list,
      runs: 0,
      held: { gpus: 0, cpus: 0, memoryBytes: 0 },
    };
    users.set(name, user);
    return user;
  }

  function forget(run: Run): void {
    const user = userOf(run);
    const entry = waiting.get(run);
    if (entry) user.waiting.remove(entry);
    const held = holding.get(run)?.held;
    if (held) count(user.held, held, -1);
    if (waiting.delete(run) || holding.delete(run)) user.runs -= 1;
    if (user.runs === 0) users.delete(run.user);
  }

  function dominant({ gpus, cpus, memoryBytes }: Amounts): number {
    return Math.max(part(gpus, total.gpus), part(cpus, total.cpus), part(memoryBytes, total.memoryBytes));
  }

  function shareOf({ held, weight }: User<Run>): number {
    return dominant(held) / weight;
  }

  /** What a user may claim of all there is, as long as these users have any runs. */
  function dueTo(user: User<Run>): number {
    if (user.isBorrowing) return 0;
    const claiming = [...users.values()].filter(({ isBorrowing }) => !isBorrowing);
    return user.weight / claiming.reduce((sum, { weight }) => sum + weight, 0);
  }

  /** Runs that their users hold beyond what is due to them, those who have held their places for long first. */
  function borrowed(now: number): Run[] {
    const left = new Map([...users.values()].map((user) => [user.name, dominant(user.held) - dueTo(user)]));
    const lent: Run[] = [];
    for (const [run, { held, since }] of [...holding].reverse()) {
      const beyond = (left.get(run.user) ?? 0) - dominant(held);
      if (!run.isLeaving && (!run.yields || now - since < quantum || beyond < -ROUNDING)) continue;
      left.set(run.user, beyond);
      lent.push(run);
    }
    return lent.reverse();
  }

  /** Whether its user would hold no more with it than is due to them. */
  function isDue(run: Run): boolean {
    const user = userOf(run);
    return dominant(user.held) + dominant(run.asks) <= dueTo(user) + ROUNDING;
  }

  /** Of those who have a run that may come, the one with the least share; of equals, whose first was submitted first. */
  function walkByShare(within: (entry: InTurn<Run>) => number): Walk<InTurn<Run>> {
    const walks = [...users.values()].map((user) => ({ user, walk: user.waiting.walk(within) }));
    let first: Walk<InTurn<Run>> | null = null;
    return {
      peek() {
        let best: { entry: InTurn<Run>; share: number } | null = null;
        for (const { user, walk } of walks) {
          const share = (user.isBorrowing ? BEHIND_ALL : 0) + shareOf(user);
          if (best && share > best.share) continue;
          const entry = walk.peek();
          if (!entry || (best && share === best.share && entry.run.submitted > best.entry.run.submitted)) continue;
          best = { entry, share };
          first = walk;
        }
        return best?.entry;
      },
      pass: () => first?.pass(),
    };
  }

  return {
    wait(run) {
      forget(run);
      const user = userOf(run);
      const entry = { run, seconds: secondsOf(run), blockedSince: null };
      waiting.set(run, entry);
      user.waiting.add(entry);
      user.isBorrowing = run.isBorrowing;
      user.runs += 1;
    },
    hold(run, now) {
      const since = holding.get(run)?.since ?? now;
      forget(run);
      const user = userOf(run);
      const held = { ...run.asks };
      holding.set(run, { held, since });
      count(user.held, held, 1);
      user.isBorrowing = run.isBorrowing;
      user.runs += 1;
    },
    forget,
    deal(now, room) {
      const lent = givesBack ? borrowed(now) : [];
      if (lent.length > 0) room.lend(lent);
      const deal = dealInTurn(walkByShare, room, {
        now,
        behind: "backfill",
        ageingSeconds,
        onStart: (run) => count(userOf(run).held, run.asks, 1),
        mayTake: (run) => lent.length > 0 && isDue(run),
      });
      for (const { run } of deal.start) count(userOf(run).held, run.asks, -1);
      const lost = lent.filter((run) => !room.keep(run) && !run.isLeaving);
      deal.stop.push(...lost.map((run) => ({ run, order: 0 })));
      nextAt = Number.POSITIVE_INFINITY;
      if (!givesBack || deal.blocked.length === 0) return deal;
      for (const [run, { since }] of holding) {
        if (run.yields && since + quantum > now) nextAt = Math.min(nextAt, since + quantum);
      }
      return deal;
    },
    nextAt: () => nextAt,
  };
}

/** More than any share. */
const BEHIND_ALL = 1e12;
/** Shares are fractions. */
const ROUNDING = 1e-9;

function count(held: Amounts, amounts: Amounts, times: 1 | -1): void {
  held.gpus += times * amounts.gpus;
  held.cpus += times * amounts.cpus;
  held.memoryBytes += times * amounts.memoryBytes;
}

function part(held: number, total: number): number {
  return total > 0 ? held / total : 0;
}
