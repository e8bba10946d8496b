import fc from "fast-check";
import { expect, test } from "vitest";
import { type EndedJob, endOfJob, type Notice } from "./notice.ts";
import { noticeBody, onOneLine, slackText, wordNotice, wordNotices } from "./notice_text.ts";

const MINUTE_MS = 60_000;

function aJob(said: Partial<EndedJob> = {}): EndedJob {
  const runs = { total: 3, queued: 0, running: 0, succeeded: 2, failed: 1, cancelled: 0, skipped: 0 };
  const cause = { code: "exit_code", exitCode: 3 } as const;
  return { id: 12, name: "train", user: "ada", submittedAt: 0, runs, firstFailure: { run: "12.2", cause }, ...said };
}

test("the notice of a failed job says what happened, then what to do", () => {
  expect(wordNotice(endOfJob(aJob(), 90 * MINUTE_MS))).toEqual({
    subject: "Job 12 failed: train",
    text: [
      "It has ended 1h30m after it was submitted. Of 3 runs: 2 succeeded, 1 failed.",
      "The first that failed is 12.2: exit code 3.",
      "What it printed: runyard logs 12.2",
      "Run again what failed: runyard retry 12 --failed",
    ].join("\n"),
  });
});

test("of a job that failed with another one, that one is to be retried", () => {
  const cause = { code: "dependency_failed", job: 7 as never } as const;
  expect(wordNotice(endOfJob(aJob({ firstFailure: { run: "12.1", cause } }), 0)).text).toContain("runyard retry 7");
});

test("several are told in one message, each in full", () => {
  const good = { ...aJob().runs, succeeded: 3, failed: 0 };
  const both = wordNotices([endOfJob(aJob(), 0), endOfJob(aJob({ id: 13, runs: good, firstFailure: null }), 0)]);
  expect(both.subject).toBe("Runyard: 2 jobs have ended (1 failed, 1 succeeded)");
  expect(both.text).toContain("Job 12 failed: train");
  expect(both.text).toContain("Job 13 succeeded: train");
});

const hostile = fc.string({ unit: "binary" });
const notices: fc.Arbitrary<Notice> = fc.oneof(
  hostile.map((name) =>
    endOfJob(aJob({ name, firstFailure: { run: "12.1", cause: { code: "lost", detail: name } } }), 0),
  ),
  hostile.map((user): Notice => ({ event: "test", at: 0, user })),
  fc.tuple(hostile, hostile).map(([machine, text]): Notice => {
    return { event: "needs_help", at: 0, trouble: { kind: "machine_unavailable", machine, text } };
  }),
);

test("whatever a job is called, a subject is one printable line, and no text can begin a line of its own", () => {
  fc.assert(
    fc.property(notices, (notice) => {
      const { subject, text } = wordNotice(notice);
      expect(subject).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u);
      expect(subject.isWellFormed() && text.isWellFormed()).toBe(true);
      expect(text).not.toMatch(/[^\P{Cc}\n]|[\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u);
      expect(text.split("\n").length).toBeLessThanOrEqual(4);
    }),
  );
});

test("a name that is a header stays within the line of the subject", () => {
  const { subject } = wordNotice(endOfJob(aJob({ name: "x\r\nBcc: eve@example.org\r\n\r\nbody" }), 0));
  expect(subject).toBe("Job 12 failed: x Bcc: eve@example.org body");
});

test("nothing in a name is a sign of Slack's", () => {
  fc.assert(
    fc.property(notices, (notice) => {
      expect(slackText(wordNotice(notice))).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/);
    }),
  );
  const called = slackText(wordNotice(endOfJob(aJob({ name: "<!channel> & <http://evil.example|x>" }), 0)));
  expect(called).toContain("&lt;!channel&gt; &amp; &lt;http://evil.example|x&gt;");
});

test("a long line is cut where a character ends", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme", minLength: 0, maxLength: 60 }),
      fc.integer({ min: 2, max: 30 }),
      (text, most) => {
        const line = onOneLine(text, most);
        expect([...line].length).toBeLessThanOrEqual(most);
        expect(line.isWellFormed()).toBe(true);
      },
    ),
  );
});

test("programs read the same as people, and the job as every answer shows it", () => {
  expect(noticeBody(endOfJob(aJob(), 90 * MINUTE_MS), "y-1")).toMatchObject({
    id: "y-1",
    event: "job_failed",
    at: "1970-01-01T01:30:00.000Z",
    subject: "Job 12 failed: train",
    job: {
      id: 12,
      status: "failed",
      runs: { total: 3, failed: 1 },
      submittedAt: "1970-01-01T00:00:00.000Z",
      endedAt: "1970-01-01T01:30:00.000Z",
      firstFailure: { run: "12.2", cause: { code: "exit_code", text: "exit code 3" } },
    },
  });
});
