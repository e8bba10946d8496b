/** What a policy decides about: a run that holds its place, or runs that wait and are alike. */
export interface PolicyRun {
  /** Higher comes first. */
  priority: number;
  /** Its place in the order of submission: no two have the same. */
  submitted: number;
  /** Whose it is. */
  user: string;
  /** What it asks for, and whose it is: where one finds a place, all of the same shape do. */
  shape: string;
  /** What all its workers ask for together: what fairness is measured by. */
  asks: Amounts;
  /** How many of it may start now; of no account while it holds its place. */
  startable: number;
  /** Seconds that it has to run from here on, by limit or estimate; null: not known. Read when it is told of. */
  remainingSeconds: number | null;
  /** Seconds for which it has held such a place already, before it came to wait. Read when it is told of. */
  servedSeconds: number;
  /** Its user has had what is due to them: it comes after all others, whatever its priority. */
  isBorrowing: boolean;
  /** Whether it may be stopped, to go on later. */
  yields: boolean;
  /** It has been asked to stop, and holds its place until it has. */
  isLeaving: boolean;
  /**
   * Absent: it has as many workers as it asks for. While an elastic run waits, what it asks for is its least, and one of it
   * may start at once. Only a policy that resizes is told of such runs.
   */
  elastic?: Elastic | undefined;
}

/** Of a run whose number of workers may change while it runs. */
export interface Elastic {
  /** With fewer workers it does not run; at least 1. */
  min: number;
  /** It never has more. */
  max: number;
  /** How many it holds now; 0: it waits. */
  workers: number;
  /** What each worker asks for. */
  worker: Amounts;
  /** Steps a second with so many workers. */
  speed(workers: number): number;
  remainingSteps(now: number): number;
}

export interface Amounts {
  /** At least 1 for what runs on cores alone, so that its service counts. */
  gpus: number;
  cpus: number;
  memoryBytes: number;
}

/** What a policy would do now. Nothing has happened until it is told so. */
export interface Deal<Run extends PolicyRun, Place> {
  /** An elastic run starts with so many workers. */
  start: { run: Run; place: Place; order: number; workers?: number }[];
  /** To make room: the last to be stopped is the first to come back. */
  stop: { run: Run; order: number }[];
  /** Elastic runs that hold a place and get another, with so many workers. */
  resize: { run: Run; place: Place; workers: number }[];
  /** The first of each shape that found no place. */
  blocked: Run[];
  /** Those passed over since their users hold what they may. */
  limited: Run[];
}

/**
 * A policy at work on what one pool has. It is told what happens, is asked what to do, and depends on nothing else: the
 * scheduler's loop and the simulator use the same. Instants are seconds by a clock that only goes forward.
 */
export interface OpenPolicy<Run extends PolicyRun> {
  /** It waits: newly submitted, changed, or after it was stopped; then with the `order` that the deal gave it. */
  wait(run: Run, now: number, order?: number): void;
  /** It holds its place, or another one now; with the `order` that the deal gave it, none where it was found so. */
  hold(run: Run, now: number, order?: number): void;
  /** It neither waits nor holds anything any more. */
  forget(run: Run): void;
  /** Everything of one moment is told before one deal. */
  deal<Place>(now: number, room: Room<Run, Place>): Deal<Run, Place>;
  /** When to ask again at the latest, though nothing happens; Infinity: no need. As of the last deal. */
  nextAt(): number;
}

/** What there is to share out, in the course of one deal. */
export interface Room<Run extends PolicyRun, Place> {
  /**
   * For how many seconds such a run might hold a place from now on: Infinity, until what is reserved begins, or -Infinity
   * where there is none. It never rises again within a deal, unless what is lent comes in; `seat` has the last word.
   */
  within(run: Run): number;
  /** Whether its user may hold as much more; whoever may not is passed over. */
  mayHold(run: Run): boolean;
  /** Gives one such run a place, one that is lent where `mayTake`; null: there is none for as long as it takes. */
  seat(run: Run, mayTake: boolean): Place | null;
  /** Keeps what this run needs, where it will be first, for it: what starts from now on does not delay it. */
  reserve(run: Run, hasAged: boolean): void;
  /**
   * These hold places that others may have: the first of them are to keep theirs rather than the last. What elastic runs
   * hold beyond their least goes before anybody's least does.
   */
  lend(holders: readonly Run[]): void;
  /**
   * Whether the run, whose place was lent, still has it, or an elastic one its least; from now on nobody else gets that. In
   * the order lent.
   */
  keep(run: Run): boolean;
  /**
   * Gives an elastic run, which has got or kept its least in this deal, so many workers in all; once. Its workers stay where
   * they are as far as they can. Those who are to have fewer come first, so that others get what they leave. Null: there is
   * no room for as many.
   */
  resize(run: Run, workers: number): Resized<Place> | null;
}

export interface Resized<Place> {
  place: Place;
  /** Whether that is what the run has held all along. */
  isSame: boolean;
}

/** How policies are set. All of them have defaults. */
export interface PolicySettings {
  /** What the whole pool has, for shares of it. */
  total: Amounts;
  /** The first run that does not fit is overtaken by others of unknown length for so many seconds; Infinity: always. */
  ageingSeconds: number;
  /** A run that has a place keeps it for so many seconds at least, and for twice what it costs to stop it. */
  minQuantumSeconds: number;
  /** What a run loses by being stopped or resized, in seconds: where that is known to be more than what is won, it is not. */
  preemptCostSeconds: number;
  /** `las`: the GPU seconds at which a run sinks to the next queue. Ascending. */
  lasLimits: readonly number[];
  /** `las`: a run goes back to the first queue after waiting so many times as long as it has run; 0: never. */
  starvation: number;
  /** `fair-share`: what a user's share is divided by; those who are not named have 1. */
  weights: Readonly<Record<string, number>>;
  /** `fair-share`: what somebody holds beyond their share is only lent, and given back when others want theirs. */
  givesBack: boolean;
  /**
   * How many GPU hours users may have in 30 days before their runs come after those of others; those who are not named as
   * many as `*` says, without it any number.
   */
  quotas: Readonly<Record<string, number>>;
  /** How many GPUs a user may hold at once; those who are not named as many as `*` says, without it any number. */
  mostGpus: Readonly<Record<string, number>>;
}

export interface Policy {
  /** One sentence. */
  summary: string;
  /** Whether runs that say they can go on later are stopped to make room. */
  preempts: boolean;
  /** Whether elastic runs get more workers or fewer as others come and go. */
  resizes: boolean;
  /** Whether it is of no use where nobody knows how long runs take. */
  needsEstimates: boolean;
  open<Run extends PolicyRun>(settings: PolicySettings): OpenPolicy<Run>;
}
