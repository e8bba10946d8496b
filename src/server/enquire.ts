import type { Answer, Question } from "../core/enquiry.ts";
import { openBell } from "../platform/bell.ts";
import type { Clock } from "../platform/clock.ts";
import { forgetEnquiry, insertEnquiry, takeAnswer } from "../store/enquiries.ts";
import type { Store } from "../store/store.ts";

/** Asks a machine, and waits for the answer; null where none has come in time. */
export type Enquire = (machine: number, question: Question, withinMs: number) => Promise<Answer | null>;

export function openEnquire(store: Store, clock: Clock): Enquire {
  const bell = openBell<number>();
  store.changes.hear((changes) => {
    for (const change of changes) if (change.kind === "answer") bell.ring(change.enquiry);
  });
  return async (machine, question, withinMs) => {
    const deadline = clock.now() + withinMs;
    const id = await store.write((db) => insertEnquiry(db, machine, question, deadline));
    store.changes.tell([{ kind: "enquiry", machine }]);
    await bell.wait(id, 0, withinMs, new AbortController().signal);
    const answer = await takeAnswer(store.read, id);
    await store.write((db) => forgetEnquiry(db, id, clock.now()));
    return answer;
  };
}
