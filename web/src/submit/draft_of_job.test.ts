import { expect, test } from "vitest";
import { type Job, submissionSchema } from "../../../src/api/job.ts";
import { formatWish } from "../../../src/core/notice_target.ts";
import { type Draft, emptyDraft } from "./draft.ts";
import { type Definition, draftOfJob } from "./draft_of_job.ts";
import { judgeDraft } from "./judged_draft.ts";

const runs = { total: 6, queued: 0, running: 0, succeeded: 6, failed: 0, cancelled: 0, skipped: 0 };

/** The job that the yard would make of a draft. */
function submitted(draft: Draft): [Job, Definition] {
  const [sent] = judgeDraft(draft).submissions;
  const { work, name = "", pool, priority, after, tags, notify: wishes, ...rest } = submissionSchema.parse(sent);
  const job = { id: 12, name, pool, priority, after, tags, runs } as unknown as Job;
  const command = work.kind === "command" ? work.command : null;
  const spaces = work.kind === "command" ? [work.space] : [];
  const lines = work.kind === "lines" ? { lines: work.lines } : {};
  return [
    job,
    { command, spaces, ...lines, ...rest, notify: wishes.map(formatWish), cwd: rest.cwd ?? "" } as Definition,
  ];
}

test("a job that is cloned fills the form in as it was filled in for it", () => {
  const draft: Draft = {
    ...emptyDraft,
    command: "python3 train.py --note 'first try' && echo {lr}",
    parameters: [
      { key: 0, name: "lr", values: "0.10,0.01" },
      { key: 1, name: "model", values: '"a,b",[64,64]' },
      { key: 2, name: "seed", values: "1..3" },
    ],
    code: { kind: "folder", path: "~/project" },
    pools: ["lab", "local"],
    options: {
      name: "digits",
      gpus: "2",
      memory: "24G",
      workers: "1-4",
      priority: "50",
      after: "3,4",
      "time-limit": "1h30m",
      tag: "old, new",
      exclude: "lr=0.01,seed=2\nlr=0.01,seed=3",
      outputs: "model.bin\nout/*.png",
      notify: "me\nfailed=email:ada@example.org",
      runs: "2",
      resumable: "on",
    },
  };
  expect(draftOfJob(...submitted(draft))).toEqual({ draft, notes: [] });
});

test("lines come back as a text, and what does not come along is said", () => {
  const draft: Draft = { ...emptyDraft, kind: "text", text: "true\necho 1", options: { out: "/tmp/x" } };
  const [job, definition] = submitted(draft);
  const cloned = draftOfJob(job, {
    ...definition,
    named: ["WANDB_KEY"],
    notify: ["slack:https://hooks.example.org/…"],
    out: "/tmp/x",
    snapshot: "abc",
    spaces: [],
  });
  expect(cloned.draft).toMatchObject({
    text: "true\necho 1",
    variables: "WANDB_KEY=",
    code: { kind: "job", snapshot: "abc", job: 12 },
  });
  expect(cloned.draft.options.out).toBe(undefined);
  expect(cloned.notes).toEqual([
    "Values of its variables are not told to anybody: give them anew.",
    "Its output file, /tmp/x, is there already: name a new one, or none.",
    "Addresses that are secret do not come along: say anew who is told.",
  ]);
});

test("a name that was made of the command is not one that was given", () => {
  const [job, definition] = submitted({ ...emptyDraft, command: "python3 train.py" });
  expect(draftOfJob({ ...job, name: "python3 tr…" }, definition).draft.options.name).toBe(undefined);
});
