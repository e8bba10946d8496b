import type { Generated } from "kysely";
import type { MachineDriver } from "../core/machine.ts";
import type { AttemptId, JobId, RunStatus, UnixMs } from "../core/run.ts";
import type { Symptom } from "../core/symptom.ts";

/** The tables, as every question sees them. Columns that end in `_json` hold JSON text; instants are epoch ms. */
export interface Tables {
  fact: FactTable;
  lease: LeaseTable;
  token: TokenTable;
  audit: AuditTable;
  pool: PoolTable;
  machine: MachineTable;
  machine_use: MachineUseTable;
  job: JobTable;
  job_lines: JobLinesTable;
  job_dependency: JobDependencyTable;
  run: RunTable;
  result_number: ResultNumberTable;
  attempt: AttemptTable;
  enquiry: EnquiryTable;
  notice_target: NoticeTargetTable;
  notice: NoticeTable;
  known_trouble: KnownTroubleTable;
}

/** What is true of the whole yard: its id, whether the queue is paused. */
interface FactTable {
  name: string;
  value: string;
}

/** Who leads: one row. The epoch rises whenever a yard takes the lead. */
interface LeaseTable {
  id: number;
  holder: string;
  epoch: number;
  renewed_at: UnixMs;
}

interface TokenTable {
  id: string;
  /** SHA-256 of the token, hex. */
  hash: string;
  user_name: string;
  role: "admin" | "user" | "agent";
  label: string;
  created_at: UnixMs;
  expires_at: UnixMs | null;
  revoked_at: UnixMs | null;
  /** The token that it ends with: of a browser's session, whose that browser was. Null: it stands by itself. */
  made_by: string | null;
}

interface AuditTable {
  id: Generated<number>;
  at: UnixMs;
  user_name: string;
  action: string;
  target: string;
  detail_json: string;
}

interface PoolTable {
  name: string;
  driver: string;
  policy: string;
  paused: number;
  /** Whose account its runs execute under. */
  owner: string;
  /** 1: it runs everyone's work, as its owner. */
  shared: number;
  /** PoolRules; null: the usual ones. */
  rules_json: string | null;
}

interface MachineTable {
  id: Generated<number>;
  name: string;
  pool: string;
  hardware_json: string;
  slots_json: string | null;
  drained: number;
  agent: string | null;
  boot_id: string | null;
  host: string | null;
  spool: string | null;
  seen_at: UnixMs | null;
  driver: Generated<MachineDriver>;
  /** Where other machines reach it; null: not known. */
  address: string | null;
  /** A Login, of what is behind ssh. */
  login_json: string | null;
  /** A Cluster; null: it is one machine. */
  cluster_json: string | null;
}

/** How the GPUs of a machine were used in one stretch of the clock. */
interface MachineUseTable {
  machine_id: number;
  /** How long the stretch is. */
  span_ms: number;
  /** When it began. */
  at: UnixMs;
  /** By GPU; see `use.ts`. */
  gpus_json: string;
}

interface JobTable {
  id: JobId;
  name: string;
  user_name: string;
  pool: string;
  priority: number;
  paused: number;
  /** A Command, or null where the commands stand in job_lines. */
  command_json: string | null;
  /** The parts of its parameter space; `[]` where it has no parameters. */
  space_json: string;
  demand_json: string;
  plan_json: string;
  tags_json: string;
  retries: number;
  time_limit_ms: number | null;
  /** How long one of its runs takes, as its user says; null: nobody has. */
  expected_ms: number | null;
  at_most: number | null;
  resumable: number;
  submitted_at: UnixMs;
  ended_at: UnixMs | null;
  /** Runs 1..made have rows; later ones may. */
  made: number;
  /** What a run whose row is not made yet is: what waits as rows and what waits unmade end alike. */
  unmade_status: "queued" | "cancelled" | "failed";
  unmade_cause_json: string | null;
  unmade_ended_at: UnixMs | null;
  total: number;
  queued: number;
  running: number;
  succeeded: number;
  failed: number;
  cancelled: number;
  skipped: number;
  /** Dependencies that have not been met. */
  waiting_for: number;
  /** KeptWish[]: who is told of its end beside the user's own targets; null: nobody. */
  notify_json: string | null;
}

interface JobLinesTable {
  job_id: JobId;
  /** The first run of this slice of lines. */
  first: number;
  /** `[[line number, text], …]` */
  lines_json: string;
}

interface JobDependencyTable {
  job_id: JobId;
  on_job: JobId;
  /** 1: any end will do. */
  any_end: number;
  met: number;
}

interface RunTable {
  job_id: JobId;
  n: number;
  status: RunStatus;
  /** Attempts that count against the retries. */
  tries: number;
  attempts: number;
  attempt_id: AttemptId | null;
  machine: string | null;
  cause_json: string | null;
  exit_code: number | null;
  started_at: UnixMs | null;
  ended_at: UnixMs | null;
  progress_json: string | null;
  metrics_json: string | null;
  result_json: string | null;
  /** For how long attempts of it have run that it goes on from. */
  served_ms: number;
  /** The Code that its further attempts work with; null: the job's, as it was submitted. */
  code_json: string | null;
}

/** The numbers among the runs' results, in the order in which results are asked for. */
interface ResultNumberTable {
  job_id: JobId;
  n: number;
  key: string;
  value: number;
}

/** A row is a worker. That of rank 0 stands for the attempt, and bears its name; most attempts have no other. */
interface AttemptTable {
  id: AttemptId;
  job_id: JobId;
  n: number;
  try: number;
  machine_id: number;
  epoch: number;
  status: "assigned" | "taken" | "running" | "ended";
  agent: string | null;
  slot_json: string;
  previous_id: AttemptId | null;
  stop_reason: string | null;
  stop_grace_ms: number | null;
  assigned_at: UnixMs;
  started_at: UnixMs | null;
  ended_at: UnixMs | null;
  ending_json: string | null;
  /** Where its streams lie: {out, err, events}. */
  output_json: string | null;
  snapshot: string | null;
  memory_peak_bytes: number | null;
  gpu_memory_peak_bytes: number | null;
  rank: Generated<number>;
  /** The worker of rank 0; null: it is that one. */
  leader_id: AttemptId | null;
  /** At which the workers of one attempt find each other; null: it has one worker. */
  port: number | null;
  /** A Ticket, of what was handed to a cluster. */
  ticket_json: string | null;
  symptom: Symptom | null;
}

/** A question to a machine that needs an answer now. */
interface EnquiryTable {
  id: Generated<number>;
  machine_id: number;
  question_json: string;
  /** Until when an answer is of use. */
  deadline: UnixMs;
  answer_json: string | null;
}

/** Where a user is told of things unasked. */
interface NoticeTargetTable {
  id: Generated<number>;
  user_name: string;
  /** Under which the yard's files keep where it is: that may be a secret. */
  address: string;
  /** The same without what may be secret. */
  shown: string;
  /** NoticeSort[]. */
  sorts_json: string;
  created_at: UnixMs;
}

/** Something to be told to one target: written together with what it tells of. */
interface NoticeTable {
  id: Generated<number>;
  /** Whose target it is. */
  user_name: string;
  job_id: JobId | null;
  /** 1: its user waits to see whether it arrives; it goes at once, and once. */
  is_test: number;
  address: string;
  shown: string;
  /** A Notice. */
  body_json: string;
  state: "waiting" | "told" | "given_up";
  tries: number;
  /** Why the last try failed, worded for people; null: none has. */
  problem: string | null;
  created_at: UnixMs;
  due_at: UnixMs;
  told_at: UnixMs | null;
}

/** What is wrong now and has been told; gone as soon as it is over. */
interface KnownTroubleTable {
  key: string;
  /** When it was told. */
  since: UnixMs;
  /** A Trouble. */
  trouble_json: string;
  /** The users who may help. */
  helpers_json: string;
}
