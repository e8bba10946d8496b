import { expect, test } from "vitest";
import { describeSpaceProblem } from "./space_problem.ts";

test("a problem says what happened and what to do next", () => {
  expect(describeSpaceProblem({ code: "sample_too_large", asked: 5000, available: 1200 })).toBe(
    "--sample asks for 5,000 combinations, but there are 1,200. Ask for at most that many, or leave --sample out to run all.",
  );
  expect(describeSpaceProblem({ code: "too_many_runs", total: 16_000_000 })).toBe(
    "That would be 16,000,000 runs; a job has at most 10,000,000. Draw some of them with --sample N, or give fewer values.",
  );
  expect(
    describeSpaceProblem({
      code: "zip_lengths",
      lengths: [
        { name: "lr", count: 2 },
        { name: "layers", count: 3 },
      ],
    }),
  ).toBe("Zipped parameters need equally many values, but lr has 2 and layers has 3. Make the lists equally long.");
  expect(describeSpaceProblem({ code: "extend_unknown_name", name: "layer", known: ["lr", "layers"] })).toBe(
    'The job has no parameter "layer", and a new one cannot be added to it. Its parameters: lr, layers.',
  );
  expect(describeSpaceProblem({ code: "no_values", name: "lr" })).toBe(
    "The parameter lr has no values, so there would be no runs. Give it at least one, or leave it out.",
  );
});

test("long lists and texts are cut short, and control characters never come through", () => {
  const known = Array.from({ length: 50 }, (_, i) => `p${i}`);
  expect(describeSpaceProblem({ code: "zip_unknown_name", name: "x", known })).toContain("p9, … (50 in all).");
  const setting = `\x1b[31m${"x".repeat(500)}`;
  expect(describeSpaceProblem({ code: "bad_setting", setting }).length).toBeLessThan(200);
  expect(describeSpaceProblem({ code: "bad_setting", setting })).not.toContain("\x1b");
});
