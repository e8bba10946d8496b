import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { aYard, type TestYard } from "../helpers/a_yard.ts";
import { scriptedGpus } from "../helpers/scripted_gpus.ts";
import { until } from "../helpers/until.ts";

const MIB = 1024 ** 2;

/** GPUs whose use the test says, in percent. The last one is broken: the agent looks more often while something is. */
async function aYardWithGpus(count: number) {
  const { gpus, say, environment } = await scriptedGpus(count + 1);
  const use = (...percent: number[]) =>
    say({
      gpus: gpus.map((gpu, index) =>
        index === count
          ? { ...gpu, value: "[Unknown Error]" }
          : { ...gpu, percent: percent[index] ?? 0, used_mib: 100 * (percent[index] ?? 0) },
      ),
    });
  use();
  return { yard: await aYard({ environment }), use };
}

function holds(yard: TestYard, name: string) {
  return yard.submit(`until [ -e ${name} ]; do sleep 0.02; done`, { demand: { gpus: 1 } });
}

async function machine(yard: TestYard) {
  const [local] = (await yard.client.call("listMachines")).machines;
  if (!local) throw new Error("the yard has no machine");
  return local;
}

/** The highest utilization and the most memory of each GPU, in percent and MiB, over the last hour. */
async function history(yard: TestYard) {
  const query = { hours: "1", points: "60" } as never;
  const { machine } = await yard.client.call("machineUse", { params: { machine: "local" }, query });
  return machine.gpus.map(({ peak, usedBytes }) => [100 * highest(peak), highest(usedBytes) / MIB]);
}

function highest(values: readonly (number | null)[]): number {
  return Math.max(...values.map((value) => value ?? Number.NEGATIVE_INFINITY));
}

test("what GPUs are seen to do is known afterwards, and after the yard was stopped and started anew", async () => {
  const { yard, use } = await aYardWithGpus(2);
  use(80, 10);
  await until(async () => (await history(yard))[0]?.[0] === 80, "the first GPU was seen at work");
  use(20, 30);
  await until(async () => (await history(yard))[1]?.[0] === 30, "the second one too");
  const seen = [
    [80, 8000],
    [30, 3000],
  ];
  expect((await history(yard)).slice(0, 2)).toEqual(seen);
  await yard.stop();
  use(0, 0);
  await yard.start();
  expect((await history(yard)).slice(0, 2)).toEqual(seen);
  const all = await yard.client.call("listUse", { query: { hours: 6, points: 36 } });
  expect(all).toMatchObject({ stepSeconds: 600, next: null, machines: [{ name: "local" }] });
  const [first, , broken] = all.machines[0]?.gpus ?? [];
  expect(first?.peak.filter((peak) => peak !== null).length).toBeLessThanOrEqual(2);
  expect(first?.peak.slice(0, 30)).toEqual(Array.from({ length: 30 }, () => null));
  expect([...(broken?.peak ?? []), ...(broken?.usedBytes ?? [])].every((value) => value === null)).toBe(true);
  const { stdout } = await yard.cli(["machines", "use", "--hours", "1"]);
  expect(stdout).toMatch(/^local\n +0 .* \d+ %, at most +80 % /);
  expect(stdout).toMatch(/\n +1 .* at most +30 % .* 2\.9 GB \/ 16 GB/);
  const wrong = await yard.cli(["machines", "use", "--hours", "0"]);
  expect([wrong.code, wrong.stderr]).toEqual([
    2,
    expect.stringContaining("--hours 0: It takes a whole number from 1 to 168."),
  ]);
});

test("a run's page shows the GPU that it had, while it had it", async () => {
  const { yard, use } = await aYardWithGpus(2);
  await holds(yard, "go1");
  await yard.reaches(1, "running");
  await holds(yard, "go2");
  await yard.reaches(2, "running");
  use(40, 90);
  const useOf = async (job: number) =>
    (await yard.client.call("runUse", { params: { job, n: 1 }, query: {} })).workers[0];
  await until(async () => highest((await useOf(2))?.gpus[0]?.peak ?? [0]) === 0.9, "its GPU was seen at work");
  const [first, second] = [await useOf(1), await useOf(2)];
  expect(first).toMatchObject({ machine: "local", rank: 0, try: 1, endedAt: null, gpus: [{ index: "0" }] });
  expect(highest(first?.gpus[0]?.peak ?? [])).toBe(0.4);
  expect(second?.gpus.map(({ index }) => index)).toEqual(["1"]);
  expect(highest(second?.gpus[0]?.usedBytes ?? [])).toBe(9000 * MIB);
  writeFileSync(`${yard.folder}/go1`, "");
  writeFileSync(`${yard.folder}/go2`, "");
  await yard.reaches(2, "succeeded");
  expect(await useOf(2)).toMatchObject({ endedAt: (await yard.run(2)).endedAt });
  await yard.submit("true", { demand: { gpus: 0 } });
  await yard.reaches(3, "succeeded");
  expect(await useOf(3)).toMatchObject({ gpus: [] });
});

test("a machine tells who has what, what is free, since when a GPU is idle, and why it takes no runs", async () => {
  const { yard, use } = await aYardWithGpus(2);
  expect(await machine(yard)).toMatchObject({ room: 2, closed: null, holders: [], waste: [] });
  await yard.submit("until [ -e go ]; do sleep 0.02; done", {
    name: "train",
    demand: { gpuKind: { memoryBytes: 8 * 1024 ** 3 } },
  });
  await yard.reaches(1, "running");
  use(50, 0);
  await until(async () => {
    const [first, second] = (await machine(yard)).gpus;
    return first?.idleSince === null && second?.idleSince !== null;
  }, "one GPU is in use and one is idle");
  expect(await machine(yard)).toMatchObject({
    room: 1,
    holders: [{ run: "1.1", name: "train", gpus: ["0"], askedGpuMemoryBytes: 8 * 1024 ** 3 }],
  });
  await yard.client.call("setMachine", { params: { machine: "local" }, body: { drained: true } });
  expect(await machine(yard)).toMatchObject({ room: 0, closed: expect.stringContaining("local is drained") });
  writeFileSync(`${yard.folder}/go`, "");
});

test("use is asked for within bounds, of machines that there are", async () => {
  const yard = await aYard();
  const answer = async (path: string) => {
    const { status, body } = await yard.request("GET", `/api/v1/${path}`, { authorization: `Bearer ${yard.token()}` });
    return `${status} ${JSON.parse(body.toString("utf8")).code ?? ""}`.trim();
  };
  expect(await answer("use?hours=168&points=2000&pool=local&sort=-name&limit=1")).toBe("200");
  for (const query of ["hours=0", "hours=169", "points=0", "points=2001", "hours=1e1", "since=now"]) {
    expect(await answer(`use?${query}`), query).toBe("400 bad_request");
  }
  expect(await answer("machines/lab9/use")).toBe("404 no_such_machine");
  expect(await answer("jobs/9/runs/1/use")).toBe("404 no_such_job");
  await yard.submit("true");
  expect(await answer("jobs/1/runs/2/use")).toBe("404 no_such_run");
});
