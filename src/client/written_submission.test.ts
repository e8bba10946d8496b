import { execFileSync } from "node:child_process";
import { Command as Parser } from "commander";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type SubmissionInput, submissionSchema } from "../api/job.ts";
import { splitAtDashes } from "../cli/command_words.ts";
import { givenTo, takeCommandLine } from "../cli/given.ts";
import { demandFrom, prepareWork } from "../cli/prepare_job.ts";
import { type JobOptions, mergeOptions } from "../core/job_options.ts";
import { parameterValue, textValue } from "../core/parameter_value.ts";
import { parseDurationMs, parseSizeBytes } from "../core/quantity.ts";
import type { Space } from "../core/space.ts";
import { isSpaceRefused } from "../core/space_problem.ts";
import { compileWork } from "../core/work.ts";
import { writtenDuration, writtenSize } from "../core/written_quantity.ts";
import { submissionOf } from "./job_submission.ts";
import { commandLineOf, writtenSubmission } from "./written_submission.ts";

/** The words of a line, as a shell reads them. */
function wordsOf(line: string): string[] {
  const text = execFileSync("sh", ["-c", `runyard() { printf '%s\\0' "$@"; }; ${line}`], { encoding: "utf8" });
  return text.split("\0").slice(0, -1);
}

/** What the command line itself makes of a line. */
async function readBack(line: string): Promise<SubmissionInput> {
  const [verb = "", ...words] = wordsOf(line);
  const { own, exact } = splitAtDashes(words);
  const program = new Parser("runyard").enablePositionalOptions();
  const parser = program.command(verb);
  takeCommandLine(parser);
  parser.action(() => {});
  program.parse([verb, ...own], { from: "user" });
  const given = givenTo(parser, exact);
  const options = [...given.byFlag.values()].reduce<Partial<JobOptions>>(mergeOptions, {});
  const { work } = await prepareWork(given.command, options, verb === "sweep");
  const { pool, after, cwd, out, env = [], snapshot } = options;
  return {
    ...submissionOf(work, options, demandFrom(options)),
    ...(pool !== undefined && { pool }),
    after: (after ?? []).map((one) => ({ job: Number(one.job), any: one.any })),
    ...(cwd !== undefined && { cwd }),
    ...(out !== undefined && { out }),
    variables: Object.fromEntries(env.map((text) => [text.split("=", 1)[0] ?? "", text.slice(text.indexOf("=") + 1)])),
    snapshot: snapshot ? "the code" : null,
  };
}

const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,9}$/);
const anyText = fc
  .oneof(fc.string({ unit: "binary", maxLength: 12 }), fc.stringMatching(/^[-a-z"'\\ $,={}[\].\d]{1,12}$/))
  .filter((text) => !text.includes("\0") && text.isWellFormed());
const label = anyText.filter((text) => text !== "");
const value = fc.oneof(
  fc
    .oneof(fc.double({ noNaN: true }).map(String), fc.constantFrom("0.10", "true", "null", "1e-3", "1..5"))
    .map((text) => (/\.\./.test(text) ? textValue(text) : parameterValue(text))),
  anyText.map(textValue),
  fc.constantFrom("[64,64]", '{"a":1}').map((text) => ({ text, json: text })),
);
const values = fc.oneof(
  fc
    .uniqueArray(value, { minLength: 1, maxLength: 4, selector: ({ text }) => text })
    .map((list) => ({ kind: "list" as const, values: list })),
  fc.record({
    kind: fc.constant("range" as const),
    from: fc.nat(9).map(String),
    to: fc.nat(9).map(String),
    step: fc.constantFrom("1", "2"),
  }),
  fc.record({
    kind: fc.constantFrom("log" as const, "lin" as const),
    from: fc.constant("1e-3"),
    to: fc.constant("1"),
    count: fc.integer({ min: 2, max: 5 }),
  }),
);
const space = fc
  .record({
    axes: fc.uniqueArray(fc.record({ name, values }), { maxLength: 3, selector: (axis) => axis.name }),
    zip: fc.constant<string[][]>([]),
    exclude: fc.constant<Space["exclude"]>([]),
    sample: fc.option(fc.record({ count: fc.constant(1), seed: fc.nat(5) })),
    repeat: fc.integer({ min: 1, max: 3 }),
  })
  .map((one): Space => {
    const [first] = one.axes;
    const text =
      first?.values.kind === "list" && first.values.values.length > 1 ? first.values.values[0]?.text : undefined;
    return first && text !== undefined ? { ...one, exclude: [[{ name: first.name, text }]] } : one;
  });
const command = fc.oneof(
  fc
    .array(anyText, { minLength: 1, maxLength: 4 })
    .filter(([program]) => program !== "")
    .map((argv) => ({ kind: "argv" as const, argv })),
  anyText.filter((text) => /^\s*[^\s-]/.test(text)).map((text) => ({ kind: "shell" as const, text })),
);
const positive = fc.integer({ min: 1, max: 1000 });
const submission = fc
  .record(
    {
      work: fc.record({ kind: fc.constant("command" as const), command, space }),
      name: label,
      pool: fc.constantFrom("local", "lab", "lab,local"),
      demand: fc.record(
        { gpus: fc.nat(8), cpus: positive, memoryBytes: fc.integer({ min: 1, max: 2 ** 40 }) },
        { requiredKeys: [] },
      ),
      priority: fc.nat(1000),
      retries: fc.nat(9),
      after: fc.array(fc.record({ job: positive, any: fc.boolean() }), { maxLength: 3 }),
      timeLimitMs: fc.integer({ min: 1, max: 10 ** 9 }),
      expectedMs: fc.integer({ min: 1, max: 10 ** 9 }),
      atMost: positive,
      out: label.map((text) => `/tmp/${text}`),
      cwd: anyText.map((text) => `/tmp/${text}`),
      variables: fc.dictionary(fc.stringMatching(/^X[A-Z_]{0,5}$/), anyText, { maxKeys: 2, noNullPrototype: true }),
      snapshot: fc.constant("the code"),
      outputs: fc.array(fc.constantFrom("model.bin", "out/*.png"), { maxLength: 2 }),
      keep: fc.boolean(),
      tags: fc.array(label, { maxLength: 2 }),
      notify: fc.array(fc.constantFrom("me", "failed=me", "email:ada@example.org", "failed=command:pager"), {
        maxLength: 2,
      }),
      resumable: fc.boolean(),
      paused: fc.boolean(),
    },
    { requiredKeys: ["work"] },
  )
  .filter(({ work }) => !isSpaceRefused(compileWork({ kind: "command", command: work.command, spaces: [work.space] })));

/** Which jobs it waits for is a set. */
function comparable(input: SubmissionInput): unknown {
  const { after, ...rest } = submissionSchema.parse(input);
  return { ...rest, after: after.map(({ job, any }) => `${job} ${any}`).sort() };
}

test("the command line of a submission makes that submission", async () => {
  await fc.assert(
    fc.asyncProperty(submission, async (sent) => {
      const written = writtenSubmission(sent);
      expect(written.unsaid).toEqual([]);
      expect(comparable(await readBack(commandLineOf(written)))).toEqual(comparable(sent));
    }),
    { numRuns: 300 },
  );
});

test("a command a line is a text below the line, each in its own", () => {
  const lines: [number, string][] = [
    [2, "python3 a.py 'x y'"],
    [3, "END"],
    [7, 'echo "$HOME" \\'],
  ];
  const line = commandLineOf(writtenSubmission({ work: { kind: "lines", lines }, tags: ["old"] }));
  expect(line.split("\n")[0]).toBe("runyard run --tag old --from - <<'END2'");
  const read = execFileSync("sh", ["-c", `runyard() { cat; }; ${line}`], { encoding: "utf8" }).split("\n");
  expect(lines.map(([n]) => read[n - 1])).toEqual(lines.map(([, text]) => text));
});

test("a line reads as a person would write it", () => {
  const line = (sent: SubmissionInput) => commandLineOf(writtenSubmission(sent));
  const argv = { kind: "argv" as const, argv: ["python3", "train.py", "--name", "first try"] };
  const axes = [
    { name: "lr", values: { kind: "list" as const, values: ["0.10", "0.01"].map(parameterValue) } },
    { name: "seed", values: { kind: "range" as const, from: "1", to: "5", step: "1" } },
  ];
  expect(
    line({
      work: { kind: "command", command: argv, space: { axes } },
      demand: { gpus: 2, memoryBytes: 24 * 1024 ** 3 },
      timeLimitMs: 9_000_000,
    }),
  ).toBe(
    "runyard sweep --set lr=0.10,0.01 --set seed=1..5 --gpus 2 --memory 24G --time-limit 2h30m -- python3 train.py --name 'first try'",
  );
  expect(line({ work: { kind: "command", command: { kind: "shell", text: "nvidia-smi" } }, pool: "lab" })).toBe(
    "runyard run --on lab 'nvidia-smi'",
  );
});

test("what no option says is named", () => {
  const need = { cpus: 1, memoryBytes: 1, gpuMemoryBytes: 1, gpuUtilization: 1, reserveGpu: false, gpuRequired: false };
  const odd = { text: "1", json: "true" };
  const { unsaid } = writtenSubmission({
    work: {
      kind: "command",
      command: { kind: "shell", text: "-x" },
      space: { axes: [{ name: "a", values: { kind: "list", values: [odd] } }] },
    },
    demand: { cpus: 0, need: { ...need, reserveMachine: false } },
  });
  expect(unsaid).toHaveLength(4);
});

test("durations and sizes are read back as they were", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10 ** 12 }), (ms) => {
      expect(parseDurationMs(writtenDuration(ms))).toBe(ms);
    }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 50 }), (bytes) => {
      expect(parseSizeBytes(writtenSize(bytes))).toBe(bytes);
    }),
  );
});
