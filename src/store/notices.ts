import { sql } from "kysely";
import type { RunCounts } from "../core/job.ts";
import { endOfJob, isOfSort, type Notice } from "../core/notice.ts";
import type { NoticeSort } from "../core/notice_target.ts";
import type { Page } from "../core/page.ts";
import type { FailureCause, JobId, UnixMs } from "../core/run.ts";
import { type Db, wordsOf } from "./dialect.ts";
import { selectTargetsOf } from "./notice_targets.ts";
import { paged, type SortColumn } from "./pages.ts";
import { inPortions } from "./portions.ts";
import type { Tables } from "./schema.ts";

/** Who else is told of a job's end: `me` its user's own targets, even those that are told nothing unasked. */
export type KeptWish = { on: "ended" | "failed" } & ({ to: "me" } | { to: "target"; address: string; shown: string });

/** Where something is to be told: what may be secret of it lies in the yard's files, under `address`. */
interface Addressee {
  user: string;
  address: string;
  shown: string;
}

/**
 * What is to be told of the ends of these jobs, in the transaction that ends them: a crash loses nothing of it, and
 * no end is told that never was.
 */
export async function tellOfEnds(db: Db, jobs: readonly JobId[], now: UnixMs): Promise<void> {
  const ended = await inPortions(jobs, (some) =>
    db
      .selectFrom("job")
      .select(["id", "name", "user_name", "submitted_at", "ended_at", "notify_json", "unmade_cause_json"])
      .select(["total", "queued", "running", "succeeded", "failed", "cancelled", "skipped"])
      .where("id", "in", some)
      .where((is) =>
        is.or([
          is("notify_json", "is not", null),
          is("user_name", "in", (from) => from.selectFrom("notice_target").select("notice_target.user_name")),
        ]),
      )
      .orderBy("id")
      .execute(),
  );
  if (ended.length === 0) return;
  const targets = await selectTargetsOf(db, [...new Set(ended.map(({ user_name }) => user_name))]);
  const tellings: Telling[] = [];
  for (const row of ended) {
    const own = targets.filter(({ user }) => user === row.user_name);
    const notice = endOfJob(
      {
        id: row.id,
        name: row.name,
        user: row.user_name,
        submittedAt: row.submitted_at,
        runs: countsOf(row),
        firstFailure: row.failed === 0 ? null : await firstFailure(db, row.id, row.unmade_cause_json),
      },
      row.ended_at ?? now,
    );
    tellings.push({ to: addressees(row.user_name, own, wishesOf(row), notice), notice, job: row.id });
  }
  await insertNotices(db, tellings, now);
}

function wishesOf({ notify_json }: Pick<Tables["job"], "notify_json">): KeptWish[] {
  return notify_json === null ? [] : (JSON.parse(notify_json) as KeptWish[]);
}

/** Has more be told of the job's end; null: nobody any more, but for its user's own targets. */
export async function setNotify(db: Db, id: JobId, more: readonly KeptWish[] | null): Promise<void> {
  const row = await db.selectFrom("job").select("notify_json").where("id", "=", id).executeTakeFirst();
  const wishes = more === null || !row ? [] : [...wishesOf(row), ...more];
  const each = [...new Map(wishes.map((wish) => [JSON.stringify(wish), wish])).values()];
  const notify_json = each.length > 0 ? JSON.stringify(each) : null;
  await db.updateTable("job").set({ notify_json }).where("id", "=", id).execute();
}

/** Everyone who hears of the end, each once. */
function addressees(
  user: string,
  own: readonly (Addressee & { sorts: NoticeSort[] })[],
  wishes: readonly KeptWish[],
  notice: Notice,
): Addressee[] {
  const wished = wishes.filter(({ on }) => isOfSort(notice, on));
  const isAsked = wished.some(({ to }) => to === "me");
  const all: Addressee[] = [
    ...own.filter(({ sorts }) => isAsked || sorts.some((sort) => isOfSort(notice, sort))),
    ...wished.flatMap((wish) => (wish.to === "me" ? [] : [{ user, address: wish.address, shown: wish.shown }])),
  ];
  return [...new Map(all.map((one) => [one.address, one])).values()];
}

async function firstFailure(db: Db, job: JobId, unmadeCause: string | null) {
  const failed = await db
    .selectFrom("run")
    .select(["n", "cause_json"])
    .where("job_id", "=", job)
    .where("status", "=", sql.lit("failed"))
    .orderBy("n")
    .limit(1)
    .executeTakeFirst();
  const cause = failed ? failed.cause_json : unmadeCause;
  const read = cause === null ? null : (JSON.parse(cause) as FailureCause);
  return failed || read ? { run: `${job}.${failed?.n ?? 1}`, cause: read } : null;
}

function countsOf(row: RunCounts): RunCounts {
  const { total, queued, running, succeeded, failed, cancelled, skipped } = row;
  return { total, queued, running, succeeded, failed, cancelled, skipped };
}

/** Something to be told, and to whom. */
interface Telling {
  to: readonly Addressee[];
  notice: Notice;
  job: JobId | null;
}

const columns = {
  is_test: "bigint",
  user_name: "text",
  address: "text",
  shown: "text",
  job_id: "bigint",
  body_json: "text",
} as const;

/** However many they are, this takes one statement. Returns their ids. */
export async function insertNotices(db: Db, tellings: readonly Telling[], now: UnixMs): Promise<number[]> {
  const rows = tellings.flatMap(({ to, notice, job }) => {
    const body = JSON.stringify(notice).toWellFormed();
    const isTest = notice.event === "test" ? 1 : 0;
    return to.map(({ user, address, shown }) => [isTest, user, address, shown, job, body]);
  });
  if (rows.length === 0) return [];
  const inserted = await sql<{ id: number }>`insert into notice
    (is_test, user_name, address, shown, job_id, body_json, state, tries, created_at, due_at)
    select told.is_test, told.user_name, told.address, told.shown, told.job_id, told.body_json, 'waiting', 0, cast(${now} as bigint), cast(${now} as bigint)
    from ${wordsOf(db).table(columns, rows)} as told returning id`.execute(db);
  return inserted.rows.map((row) => row.id);
}

/** An address to which something is to be told. */
export interface WaitingAddress {
  address: string;
  /** When the first of it is due. */
  dueAt: UnixMs;
  /** Somebody waits to see whether something arrives there. */
  isTested: boolean;
}

export async function selectWaitingAddresses(db: Db): Promise<WaitingAddress[]> {
  const rows = await db
    .selectFrom("notice")
    .select(["address", (on) => on.fn.min("due_at").as("due_at"), (on) => on.fn.max("is_test").as("is_test")])
    .where("state", "=", sql.lit("waiting"))
    .groupBy("address")
    .orderBy("due_at")
    .execute();
  return rows.map(({ address, due_at, is_test }) => ({ address, dueAt: due_at, isTested: is_test === 1 }));
}

export interface DueNotice {
  id: number;
  shown: string;
  user: string;
  notice: Notice;
  tries: number;
  createdAt: UnixMs;
}

/** What is to be told there now, oldest first; before all else what somebody waits for. */
export async function selectDue(db: Db, address: string, now: UnixMs, most: number): Promise<DueNotice[]> {
  const rows = await db
    .selectFrom("notice")
    .select(["id", "user_name", "shown", "body_json", "tries", "created_at"])
    .where("state", "=", sql.lit("waiting"))
    .where("address", "=", address)
    .where("due_at", "<=", now)
    .orderBy("is_test", "desc")
    .orderBy("id")
    .limit(most)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    shown: row.shown,
    user: row.user_name,
    notice: JSON.parse(row.body_json) as Notice,
    tries: row.tries,
    createdAt: row.created_at,
  }));
}

export async function noteTold(db: Db, ids: readonly number[], now: UnixMs): Promise<void> {
  await db
    .updateTable("notice")
    .set((notice) => ({ state: "told", tries: notice("tries", "+", 1), problem: null, told_at: now }))
    .where("id", "in", ids)
    .execute();
}

/** @param nextAt  when each is tried again; null: no more */
export async function noteFailed(
  db: Db,
  failed: readonly { id: number; nextAt: UnixMs | null }[],
  problem: string,
): Promise<void> {
  for (const { id, nextAt } of failed) {
    await db
      .updateTable("notice")
      .set((notice) => ({
        tries: notice("tries", "+", 1),
        problem,
        ...(nextAt === null ? { state: "given_up" as const } : { due_at: nextAt }),
      }))
      .where("id", "=", id)
      .execute();
  }
}

/** An address that has just failed is left alone until `at`, whatever else is to be told there. */
export async function postpone(db: Db, address: string, at: UnixMs): Promise<void> {
  await db
    .updateTable("notice")
    .set({ due_at: at })
    .where("state", "=", sql.lit("waiting"))
    .where("address", "=", address)
    .where("due_at", "<", at)
    .execute();
}

/** Which notices a list shows. Null: it does not matter. */
export interface NoticeFilter {
  user: string | null;
  job: number | null;
  state: readonly Tables["notice"]["state"][] | null;
}

export type NoticeRow = Awaited<ReturnType<typeof selectNotices>>[number];

const id = sql.ref("id");
export const noticeColumns: Record<"id", SortColumn<{ id: number }>> = {
  id: { by: id, of: (notice) => notice.id, kind: "whole", isAlwaysThere: true },
};

export async function selectNotices(db: Db, { user, job, state }: NoticeFilter, page: Page<"id">) {
  const { behind, order } = paged(page, noticeColumns, id);
  let query = db.selectFrom("notice").selectAll().where(behind).orderBy(order).limit(page.limit);
  if (user !== null) query = query.where("user_name", "=", user);
  if (job !== null) query = query.where("job_id", "=", job as JobId);
  if (state !== null) query = query.where("state", "in", state);
  return query.execute();
}

export async function selectNotice(db: Db, id: number): Promise<NoticeRow | null> {
  return (await db.selectFrom("notice").selectAll().where("id", "=", id).executeTakeFirst()) ?? null;
}
