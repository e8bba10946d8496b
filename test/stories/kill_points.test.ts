import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { type Boundary, boundaries } from "../../src/platform/boundary.ts";
import { readProcess } from "../../src/platform/processes.ts";
import { aFolder } from "../helpers/a_folder.ts";
import { aSmallDisk, noSmallDisk } from "../helpers/a_small_disk.ts";
import { aYard, type TestYard } from "../helpers/a_yard.ts";
import { linesOf, slurmBoundaries, theStopped } from "../helpers/the_stopped.ts";
import { until } from "../helpers/until.ts";

/** A little more than the floor below which a yard takes nothing on. */
const HOME_MB = 230;

/** Who is killed while one of them stands still at the boundary; the other goes on. */
const deaths: ("yard" | "agent")[][] = [["yard"], ["agent"], ["yard", "agent"]];

type SlurmBoundary = (typeof slurmBoundaries)[number];

/** Every boundary between two effects of yard and agent. The launcher's own: see the launcher's conformance suite. */
const table: Record<Exclude<Boundary, SlurmBoundary>, "before the command" | "after the command"> = {
  "yard: submitted": "before the command",
  "yard: assigned": "before the command",
  "yard: taken": "before the command",
  "agent: accepted": "before the command",
  "agent: prepared": "before the command",
  "agent: collected": "after the command",
  "yard: kept": "after the command",
  "yard: ended": "after the command",
  "agent: acknowledged": "after the command",
};

test("every boundary that the code names is in the table, and each is passed somewhere", () => {
  expect([...Object.keys(table), ...slurmBoundaries].sort()).toEqual([...boundaries].sort());
  const source = fileURLToPath(new URL("../../src", import.meta.url));
  const code = readdirSync(source, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => readFileSync(`${source}/${file}`, "utf8"))
    .join("");
  const passed = [...code.matchAll(/\bboundary\("([^"]+)"\)/g)].map(([, name]) => name ?? "");
  expect(new Set(passed)).toEqual(new Set(boundaries));
});

test.skipIf(noSmallDisk !== null).each(Object.entries(table) as [Boundary, string][])(
  "with the disk full from the boundary “%s” on (%s), a run is neither forgotten nor executed twice",
  async (boundary) => {
    const stopFile = `${await aFolder()}/stop`;
    const disk = await aSmallDisk(HOME_MB);
    const yard = await aYard({ environment: { RUNYARD_STOP_FILE: stopFile }, disk: disk.path });
    const room = await aFolder();
    writeFileSync(stopFile, boundary);
    const submission = yard.submit("echo once >> count; exit 3", { cwd: room }).catch(() => null);
    const stopped = await theStopped(yard);
    rmSync(stopFile);
    disk.fill();
    process.kill(stopped, "SIGCONT");
    const isFull = async () => (await yard.request("GET", "/readyz", asAdmin(yard))).status === 503;
    await until(isFull, "the yard has noticed");
    disk.free();
    await submission;
    expect(await yard.reaches(1, "failed")).toMatchObject({ exitCode: 3, cause: { code: "exit_code" } });
    expect(readFileSync(`${room}/count`, "utf8")).toBe("once\n");
  },
);

test.each(
  Object.entries(table) as [Boundary, string][],
)("killed at the boundary “%s” (%s), a run is neither forgotten nor executed twice", async (boundary, when) => {
  const stopFile = `${await aFolder()}/stop`;
  const yard = await aYard({ environment: { RUNYARD_STOP_FILE: stopFile } });
  for (const [index, victims] of deaths.entries()) {
    writeFileSync(stopFile, boundary);
    const job = index + 1;
    const submission = yard.submit(`echo once >> count${job}; echo out; echo err >&2; exit 0`).catch(() => null);
    const stopped = await theStopped(yard);
    expect(linesOf(yard, `count${job}`)).toBe(when === "after the command" ? 1 : 0);
    rmSync(stopFile);
    for (const victim of victims) await (victim === "yard" ? yard.killYard() : yard.killAgent());
    if (readProcess(stopped)) process.kill(stopped, "SIGCONT");
    if (victims.includes("yard")) await yard.start();
    await submission;
    const run = await yard.reaches(`${job}.1`, "succeeded");
    expect(run).toMatchObject({ exitCode: 0, attempts: 1 });
    expect([await yard.output(job), await yard.output(job, "err")]).toEqual(["out\n", "err\n"]);
    expect(linesOf(yard, `count${job}`)).toBe(1);
    await until(async () => !existsSync(yard.spoolOf((await yard.attempts(job))[0]?.id ?? "")), "the spool is gone");
  }
});

function asAdmin(yard: TestYard): Record<string, string> {
  return { authorization: `Bearer ${yard.token()}` };
}
