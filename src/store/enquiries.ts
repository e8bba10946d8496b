import { sql } from "kysely";
import type { Answer, Question } from "../core/enquiry.ts";
import type { UnixMs } from "../core/run.ts";
import type { Db } from "./dialect.ts";

export interface EnquiryRow {
  id: number;
  machine: number;
  question: Question;
}

/** @param deadline  until when an answer is of use */
export async function insertEnquiry(db: Db, machine: number, question: Question, deadline: UnixMs): Promise<number> {
  const row = await db
    .insertInto("enquiry")
    .values({ machine_id: machine, question_json: JSON.stringify(question), deadline, answer_json: null })
    .returning("id")
    .executeTakeFirstOrThrow();
  return row.id;
}

/** What has not been answered and is still of use, of these machines, in the order it was asked. */
export async function selectOpenEnquiries(db: Db, machines: number[], now: UnixMs): Promise<EnquiryRow[]> {
  if (machines.length === 0) return [];
  const rows = await db
    .selectFrom("enquiry")
    .select(["id", "machine_id", "question_json"])
    .where("machine_id", "in", machines)
    .where(sql<boolean>`answer_json is null`)
    .where("deadline", ">", now)
    .orderBy("id")
    .execute();
  return rows.map((row) => ({
    id: row.id,
    machine: row.machine_id,
    question: JSON.parse(row.question_json) as Question,
  }));
}

export async function answerEnquiry(db: Db, id: number, answer: Answer): Promise<void> {
  await db
    .updateTable("enquiry")
    .set({ answer_json: JSON.stringify(answer) })
    .where("id", "=", id)
    .execute();
}

/** Takes the answer; null: there is none yet. What was asked is forgotten with it. */
export async function takeAnswer(db: Db, id: number): Promise<Answer | null> {
  const row = await db.selectFrom("enquiry").select("answer_json").where("id", "=", id).executeTakeFirst();
  return row?.answer_json ? (JSON.parse(row.answer_json) as Answer) : null;
}

/** Forgets an enquiry, and those whose deadline is over. */
export async function forgetEnquiry(db: Db, id: number, now: UnixMs): Promise<void> {
  await db
    .deleteFrom("enquiry")
    .where((is) => is.or([is("id", "=", id), is("deadline", "<", now - 60_000)]))
    .execute();
}
