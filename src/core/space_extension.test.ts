import { expect, test } from "vitest";
import { compileSpaces } from "./compiled_space.ts";
import { parseSetting } from "./setting.ts";
import type { Space } from "./space.ts";
import { extendSpace } from "./space_extension.ts";
import { describeSpaceProblem, isSpaceRefused } from "./space_problem.ts";

function axis(setting: string) {
  const parsed = parseSetting(setting);
  if (isSpaceRefused(parsed)) throw new Error(describeSpaceProblem(parsed.problem));
  return parsed;
}

function space(settings: string[], rest: Partial<Space> = {}): Space {
  return { axes: settings.map(axis), zip: [], exclude: [], sample: null, repeat: 1, ...rest };
}

function extended(job: Space[], ...settings: string[]): { job: Space[]; added: string[] } {
  const extension = extendSpace(job, settings.map(axis));
  if (isSpaceRefused(extension)) throw new Error(describeSpaceProblem(extension.problem));
  const grown: Space[] = JSON.parse(JSON.stringify([...job, ...extension.spaces]));
  const compiled = compileSpaces(grown);
  if (isSpaceRefused(compiled)) throw new Error(describeSpaceProblem(compiled.problem));
  const added = Array.from({ length: extension.added }, (_, i) =>
    compiled
      .at(compiled.total - extension.added + i)
      .map(([name, value]) => `${name}=${value.text}`)
      .join(" "),
  );
  return { job: grown, added };
}

function refusal(job: Space[], ...settings: string[]): unknown {
  const extension = extendSpace(job, settings.map(axis));
  return isSpaceRefused(extension) ? extension.problem : null;
}

test("an extension runs the new values with the others as they were", () => {
  const { added } = extended([space(["lr=0.1,0.01", "seed=1..2"])], "seed=3..4");
  expect(added).toEqual(["lr=0.1 seed=3", "lr=0.1 seed=4", "lr=0.01 seed=3", "lr=0.01 seed=4"]);
});

test("only combinations that do not exist yet are added, however their numbers are written", () => {
  const { job, added } = extended([space(["lr=0.1,0.01", "seed=1..2"])], "seed=2..3", "lr=0.10,1");
  expect(added).toEqual(["lr=0.10 seed=3", "lr=1 seed=2", "lr=1 seed=3"]);
  expect(extended(job, "seed=2..3", "lr=0.10,1").added).toEqual([]);
});

test("what came with an earlier extension is changed along", () => {
  const { job } = extended([space(["lr=0.1", "seed=1"])], "seed=2");
  expect(extended(job, "lr=5").added).toEqual(["lr=5 seed=1", "lr=5 seed=2"]);
});

test("repeats, zips and exclusions hold on", () => {
  const zipped = space(["lr=1,2", "layers=8,16", "seed=1"], { zip: [["lr", "layers"]], repeat: 2 });
  expect(extended([zipped], "seed=1..2").added).toEqual([
    "lr=1 layers=8 seed=2",
    "lr=1 layers=8 seed=2",
    "lr=2 layers=16 seed=2",
    "lr=2 layers=16 seed=2",
  ]);
  expect(refusal([zipped], "lr=3")).toMatchObject({ code: "zip_lengths" });
  expect(extended([zipped], "lr=2,3", "layers=16,32").added).toEqual([
    "lr=3 layers=32 seed=1",
    "lr=3 layers=32 seed=1",
  ]);
  const excluding = space(["lr=1,2", "seed=1,2"], {
    exclude: [
      [
        { name: "lr", text: "1" },
        { name: "seed", text: "2" },
      ],
    ],
  });
  expect(extended([excluding], "lr=1,3").added).toEqual(["lr=3 seed=1", "lr=3 seed=2"]);
});

test("a name that the job does not have is refused with those it has", () => {
  expect(refusal([space(["lr=1", "seed=1"])], "layers=2")).toEqual({
    code: "extend_unknown_name",
    name: "layers",
    known: ["lr", "seed"],
  });
  expect(refusal([space(["lr=1"])], "lr=2", "lr=3")).toEqual({ code: "duplicate_name", name: "lr" });
});

test("a job does not grow beyond the runs that a job may have", () => {
  expect(refusal([space(["a=1..9000000"])], "a=9000001..11000000")).toEqual({
    code: "too_many_runs",
    total: 11_000_000,
  });
});
