import { type CapacityLimit, describeLimits } from "./capacity_limit.ts";
import { type Demand, describeDemand } from "./demand.ts";
import { describeRefusedAddress } from "./public_address.ts";
import { formatBytes } from "./quantity.ts";

/** What can go wrong in ways a user can cause or mend. Values, not exceptions; worded once, here. */
export type Failure =
  | { code: "bad_request"; detail: string }
  | { code: "unauthorized" }
  | { code: "no_such_login" }
  | { code: "foreign_page"; why: string }
  | { code: "forbidden"; needs: string }
  | { code: "no_such_job"; job: number | string }
  | { code: "no_such_run"; run: string }
  | { code: "no_such_file"; path: string; why: string | null }
  | { code: "no_such_pool"; pool: string; known: string[] }
  | { code: "pool_missing"; pool: string; known: string[] }
  | { code: "not_shared"; pool: string; owner: string }
  | { code: "no_such_machine"; machine: string; known: string[] }
  | { code: "machine_exists"; machine: string }
  | { code: "machine_busy"; machine: string; runs: number }
  | { code: "slots_changed"; machine: string }
  | { code: "not_behind_ssh"; machine: string }
  | { code: "not_a_cluster"; machine: string }
  | { code: "cluster_failed"; machine: string; text: string }
  | { code: "no_answer"; machine: string }
  | { code: "no_such_token"; token: string }
  | { code: "no_such_target"; target: number }
  | { code: "no_targets" }
  | { code: "no_mail" }
  | { code: "no_such_command"; name: string; known: string[] }
  | { code: "address_refused"; host: string; why: string }
  | { code: "no_such_snapshot"; snapshot: string }
  | { code: "bad_zip"; detail: string }
  | { code: "no_such_route"; path: string }
  | { code: "wrong_method"; method: string; path: string; allowed: string[] }
  | { code: "not_json"; type: string | null }
  | { code: "no_jobs" }
  | { code: "after_missing"; job: number }
  | { code: "refused_together"; jobs: number; problems: PlacedProblem[] }
  | { code: "not_a_sweep"; job: number }
  | { code: "space"; detail: string }
  | { code: "can_never_run"; asked: Demand; largest: string }
  | { code: "no_room"; machines: { name: string; because: CapacityLimit[] }[] }
  | { code: "waits_for_failed"; job: number; on: number }
  | { code: "stale_epoch"; epoch: number }
  | { code: "superseded" }
  | { code: "disk_full"; freeBytes: number; floorBytes: number }
  | { code: "store_away"; reason: string }
  | { code: "too_large"; limitBytes: number }
  | { code: "gone"; what: string }
  | { code: "internal" };

/** What is wrong with one of several jobs that came together; `at`: which, from 0. */
export interface PlacedProblem {
  at: number;
  code: Failure["code"];
  detail: string;
}

export function describeFailure(failure: Failure): string {
  switch (failure.code) {
    case "bad_request":
    case "space":
    case "bad_zip":
      return failure.detail;
    case "unauthorized":
      return "The yard does not know this token. Log in again with: runyard login, or name a token file in RUNYARD_TOKEN_FILE.";
    case "no_such_login":
      return "This link has been used already, or is older than a minute. Get a new one with: runyard open";
    case "foreign_page":
      return failure.why;
    case "forbidden":
      return `This needs ${failure.needs}. Ask an administrator of the yard for it.`;
    case "no_such_job":
      return `There is no job ${failure.job}. See them all with: runyard ls`;
    case "no_such_run":
      return `There is no run ${failure.run}. See a job's runs with: runyard show ${failure.run.split(".")[0]}`;
    case "no_such_file":
      return (
        failure.why ?? `The run has left nothing called ${JSON.stringify(failure.path)}. List what there is first.`
      );
    case "no_such_pool":
    case "pool_missing":
      return `There is no pool ${failure.pool}. Pools of this yard: ${failure.known.join(", ")}.`;
    case "not_shared":
      return `Pool ${failure.pool} runs only ${failure.owner}'s work, under that account. An administrator shares it with everyone by: runyard pools set ${failure.pool} --shared`;
    case "no_such_machine":
      return `There is no machine ${failure.machine}. Machines of this yard: ${failure.known.join(", ") || "none"}.`;
    case "machine_exists":
      return `There is a machine ${failure.machine} already. Choose another name, or take that one away with: runyard machines rm ${failure.machine}`;
    case "machine_busy":
      return `${failure.runs} run${failure.runs === 1 ? "" : "s"} of this yard ${failure.runs === 1 ? "is" : "are"} on ${failure.machine}. Let them end, with: runyard machines set ${failure.machine} --drain; or cancel them.`;
    case "slots_changed":
      return `Somebody else has changed the slots of ${failure.machine} meanwhile, and nothing was set. Look at them as they are now, then change them again.`;
    case "not_behind_ssh":
      return `${failure.machine} is no machine behind ssh: its agent tells of it by itself. See: runyard machines`;
    case "not_a_cluster":
      return `${failure.machine} is one machine and no cluster. What is known of it: runyard machines`;
    case "cluster_failed":
      return `${failure.machine} cannot be asked now: ${failure.text}`;
    case "no_answer":
      return `${failure.machine} has not answered in time. Look again with: runyard machines`;
    case "no_such_token":
      return `There is no token ${failure.token}. See them all with: runyard tokens`;
    case "no_such_target":
      return `You have no target ${failure.target}. See them all with: runyard notify`;
    case "no_targets":
      return "You have no targets of your own to be told at. Add one with: runyard notify add email:ADDRESS; or name one after --notify.";
    case "no_mail":
      return "This yard sends no mail yet. Its administrator sets that up with: runyard notify setup --smtp HOST --from ADDRESS";
    case "no_such_command":
      return `This yard has no command ${failure.name} for notices. Its commands: ${failure.known.join(", ") || "none"}.`;
    case "address_refused":
      return describeRefusedAddress(failure.host, failure.why);
    case "no_such_snapshot":
      return `The yard has no snapshot ${failure.snapshot}. Take one with: runyard run --snapshot`;
    case "no_such_route":
      return `The yard has nothing at ${failure.path}. Its doors are listed at /api/v1/openapi.json`;
    case "wrong_method":
      return `${failure.path} does not take ${failure.method}, but ${failure.allowed.join(" and ")}.`;
    case "not_json":
      return `The body is ${failure.type ?? "of no type"}; it has to be JSON, with the header content-type: application/json`;
    case "no_jobs":
      return "No job has been submitted yet. Submit one with: runyard run -- COMMAND";
    case "after_missing":
      return `--after names job ${failure.job}, which does not exist. See them all with: runyard ls`;
    case "refused_together": {
      const [first] = failure.problems;
      const more = failure.problems.length > 1 ? ` ${failure.problems.length - 1} more are refused, too.` : "";
      return `Nothing was queued. Of ${failure.jobs} jobs, number ${(first?.at ?? 0) + 1} is refused: ${first?.detail ?? ""}${more}`;
    }
    case "not_a_sweep":
      return `Job ${failure.job} has no parameters to extend. Submit a sweep with: runyard sweep`;
    case "can_never_run":
      return `The run asks for ${describeDemand(failure.asked)}; ${failure.largest}. Ask for less, or add a machine.`;
    case "no_room":
      return `No machine has room for one line as it is now:\n${failure.machines.map(({ name, because }) => `  ${name}: ${describeLimits(because)}`).join("\n")}\nAsk for less, or let it wait for room with: --queue`;
    case "waits_for_failed":
      return `Job ${failure.job} waits for job ${failure.on}, which failed. Retry that one, and this one comes back with it: runyard retry ${failure.on}`;
    case "stale_epoch":
      return `The yard has been started anew since (epoch ${failure.epoch}); say hello again.`;
    case "superseded":
      return "Another agent has taken over this machine.";
    case "disk_full":
      return `The yard's disk is nearly full: ${formatBytes(failure.freeBytes)} free, ${formatBytes(failure.floorBytes)} are needed. Free some space and try again; what is queued is kept.`;
    case "store_away":
      return `The yard's database cannot be reached (${failure.reason}). What runs goes on, and is reported when it is back. Look whether it runs, then try again.`;
    case "too_large":
      return `The request is larger than the ${failure.limitBytes} bytes allowed.`;
    case "gone":
      return `${failure.what} is no longer there.`;
    case "internal":
      return "The yard failed at this request; its log says why. Nothing of it was done.";
  }
}

/** The exit code of the command line and the HTTP status for each failure: a new one does not compile until both know it. */
export const failureDoors = {
  bad_request: { exitCode: 2, status: 400 },
  unauthorized: { exitCode: 3, status: 401 },
  no_such_login: { exitCode: 3, status: 401 },
  foreign_page: { exitCode: 3, status: 403 },
  forbidden: { exitCode: 2, status: 403 },
  no_such_job: { exitCode: 4, status: 404 },
  no_such_run: { exitCode: 4, status: 404 },
  no_such_file: { exitCode: 4, status: 404 },
  no_such_pool: { exitCode: 4, status: 404 },
  pool_missing: { exitCode: 2, status: 422 },
  not_shared: { exitCode: 2, status: 403 },
  no_such_machine: { exitCode: 4, status: 404 },
  machine_exists: { exitCode: 2, status: 409 },
  machine_busy: { exitCode: 2, status: 409 },
  slots_changed: { exitCode: 2, status: 409 },
  not_behind_ssh: { exitCode: 2, status: 422 },
  not_a_cluster: { exitCode: 2, status: 422 },
  cluster_failed: { exitCode: 3, status: 502 },
  no_answer: { exitCode: 3, status: 504 },
  no_such_token: { exitCode: 4, status: 404 },
  no_such_target: { exitCode: 4, status: 404 },
  no_targets: { exitCode: 2, status: 422 },
  no_mail: { exitCode: 2, status: 422 },
  no_such_command: { exitCode: 2, status: 422 },
  address_refused: { exitCode: 2, status: 422 },
  no_such_snapshot: { exitCode: 2, status: 422 },
  bad_zip: { exitCode: 2, status: 422 },
  no_such_route: { exitCode: 4, status: 404 },
  wrong_method: { exitCode: 2, status: 405 },
  not_json: { exitCode: 2, status: 415 },
  no_jobs: { exitCode: 4, status: 404 },
  after_missing: { exitCode: 2, status: 422 },
  refused_together: { exitCode: 2, status: 422 },
  not_a_sweep: { exitCode: 2, status: 422 },
  space: { exitCode: 2, status: 422 },
  can_never_run: { exitCode: 5, status: 422 },
  no_room: { exitCode: 5, status: 422 },
  waits_for_failed: { exitCode: 2, status: 409 },
  stale_epoch: { exitCode: 3, status: 409 },
  superseded: { exitCode: 3, status: 410 },
  disk_full: { exitCode: 3, status: 507 },
  store_away: { exitCode: 3, status: 503 },
  too_large: { exitCode: 2, status: 413 },
  gone: { exitCode: 4, status: 404 },
  internal: { exitCode: 1, status: 500 },
} satisfies Record<Failure["code"], { exitCode: number; status: number }>;

/** An expected failure on its way to a door; anything else that is thrown is a bug of ours. */
export type Refused = { refused: Failure };

export function refuse(failure: Failure): Refused {
  return { refused: failure };
}

export function isRefused(value: unknown): value is Refused {
  return typeof value === "object" && value !== null && "refused" in value;
}
