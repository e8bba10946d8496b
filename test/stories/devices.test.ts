import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { aYard, type TestYard } from "../helpers/a_yard.ts";
import { scriptedGpus } from "../helpers/scripted_gpus.ts";
import { until } from "../helpers/until.ts";

/** A run that says which devices it was given, and ends when the test lets it. */
function holds(yard: TestYard, name: string, wishes: Parameters<TestYard["submit"]>[1] = {}) {
  return yard.submit(`echo "$CUDA_VISIBLE_DEVICES"; until [ -e ${name} ]; do sleep 0.02; done`, wishes);
}

async function machine(yard: TestYard) {
  const [local] = (await yard.client.call("listMachines")).machines;
  if (!local) throw new Error("the yard has no machine");
  return local;
}

async function why(yard: TestYard, job: number): Promise<string> {
  const { runs } = await yard.client.call("explain", { query: { select: String(job) } });
  return runs[0]?.because.text ?? "";
}

test("every run gets a GPU of its own, and the next one waits and says for what", async () => {
  const { environment } = await scriptedGpus(2);
  const yard = await aYard({ environment });
  const jobs = [await holds(yard, "go"), await holds(yard, "go"), await holds(yard, "go")];
  const runs = await Promise.all([1, 2].map((id) => yard.reaches(id, "running")));
  expect(runs.map((run) => run.gpus)).toEqual([["0"], ["1"]]);
  expect((await yard.run(3)).status).toBe("queued");
  expect(await why(yard, 3)).toMatch(/^1 GPU asked, 0 free on local; held by /);
  expect((await machine(yard)).gpus.map((gpu) => gpu.heldBy)).toEqual([["1.1"], ["2.1"]]);
  writeFileSync(`${yard.folder}/go`, "");
  for (const job of jobs) await yard.reaches(job.id, "succeeded");
  expect([await yard.output(1), await yard.output(2)]).toEqual(["0\n", "1\n"]);
});

test("--gpus 2 gets two at once, --gpus 0 none, and more than there are is refused at once", async () => {
  const { environment } = await scriptedGpus(2);
  const yard = await aYard({ environment });
  await yard.submit('echo "$CUDA_VISIBLE_DEVICES"', { demand: { gpus: 2 } });
  await yard.submit('echo "[$CUDA_VISIBLE_DEVICES] $OMP_NUM_THREADS"', { demand: { gpus: 0 } });
  await yard.reaches(1, "succeeded");
  await yard.reaches(2, "succeeded");
  expect([await yard.output(1), await yard.output(2)]).toEqual(["0,1\n", "[] 1\n"]);
  await expect(yard.submit("true", { demand: { gpus: 3 } })).rejects.toMatchObject({
    problem: { code: "can_never_run", exitCode: 5, detail: expect.stringContaining("local has 2 GPUs") },
  });
});

test("--gpu-type and --gpu-memory wait for such a GPU, while others take what is left", async () => {
  const { gpus, say, environment } = await scriptedGpus(3);
  const [first, second, third] = gpus;
  const large = { name: "NVIDIA A100-SXM4-80GB", memory_mib: 81_920 };
  say({ gpus: [{ ...first, ...large }, second, { ...third, ...large }] });
  const yard = await aYard({ environment });
  const submit = (...words: string[]) =>
    yard.cli([
      "run",
      "--yes",
      ...words,
      "--",
      "sh",
      "-c",
      'echo "$CUDA_VISIBLE_DEVICES"; until [ -e go ]; do sleep 0.02; done',
    ]);
  await submit("--gpu-type", "a100,h100");
  await submit();
  await submit("--gpu-memory", "40G");
  await submit("--gpus", "2", "--gpu-type", "a100", "--gpu-memory", "80G");
  const started = await Promise.all([1, 2, 3].map((id) => yard.reaches(id, "running")));
  expect(started.map((run) => run.gpus)).toEqual([["0"], ["1"], ["2"]]);
  await until(async () => (await why(yard, 4)) !== "", "it has been looked at");
  expect(await why(yard, 4)).toMatch(/^2 a100 GPUs with 80 GB each asked, 0 free on local; held by /);
  expect((await yard.cli(["show", "4"])).stdout).toMatch(/asks for +2 a100 GPUs with 80 GB each/);
  const refused = await submit("--gpus", "3", "--gpu-memory", "40G");
  expect([refused.code, refused.stderr]).toEqual([
    5,
    expect.stringContaining(
      "asks for 3 GPUs with 40 GB each; local has 3 GPUs (2 × NVIDIA A100-SXM4-80GB, 80 GB; 1 × ",
    ),
  ]);
  expect((await submit("--gpus", "0", "--gpu-type", "a100")).stderr).toContain("--gpus 0 asks for no GPU");
  expect((await submit("--gpu-type", "")).stderr).toContain("It takes words of a GPU's name");
  writeFileSync(`${yard.folder}/go`, "");
  for (const job of [1, 2, 3, 4]) await yard.reaches(job, "succeeded");
  expect(await yard.output(4)).toBe("0,2\n");
});

test("a GPU that someone else uses is left alone, named, and used again when it is free", async () => {
  const { gpus, say, environment } = await scriptedGpus(1);
  const yard = await aYard({ environment });
  const [gpu] = gpus;
  say({ gpus: [{ ...gpu, processes: [{ pid: process.pid, name: "python3", used_mib: 18_200 }] }] });
  await until(async () => (await machine(yard)).gpus[0]?.others.length === 1, "the yard sees the other process");
  await yard.submit("true");
  await until(async () => /in use by others: GPU 0: .*pid \d+/.test(await why(yard, 1)), "it says who holds the GPU");
  say({ gpus });
  await yard.reaches(1, "succeeded");
});

test("a GPU that reports an error is not used, one more that appears is", async () => {
  const { gpus, say, environment } = await scriptedGpus(2);
  const [first, second] = gpus;
  say({ gpus: [{ ...first, value: "[Unknown Error]" }] });
  const yard = await aYard({ environment });
  await yard.submit('echo "$CUDA_VISIBLE_DEVICES"', { demand: { gpus: 1 } });
  expect((await machine(yard)).gpus[0]?.problem).toMatch(/Unknown Error/);
  expect((await yard.run(1)).status).toBe("queued");
  say({ gpus: [{ ...first, value: "[Unknown Error]" }, second] });
  await yard.reaches(1, "succeeded");
  expect(await yard.output(1)).toBe("1\n");
});

test("two yards of one account never give the same GPU away", async () => {
  const { environment } = await scriptedGpus(1);
  const one = await aYard({ environment });
  const other = await aYard({ environment });
  await holds(one, "go");
  await one.reaches(1, "running");
  await holds(other, "go");
  await until(async () => /another yard/.test(await why(other, 1)), "the second yard says who holds the GPU");
  expect((await other.run(1)).status).toBe("queued");
  writeFileSync(`${other.folder}/go`, "");
  writeFileSync(`${one.folder}/go`, "");
  await other.reaches(1, "succeeded");
});

test("explicit slots: pairs, CPU slots and shared GPUs, as many runs as there are slots", async () => {
  const { environment } = await scriptedGpus(2);
  const yard = await aYard({ environment, slots: ["0", "0,1", "", "0"] });
  for (let index = 0; index < 4; index += 1) await holds(yard, "go");
  const runs = await Promise.all([1, 2, 3, 4].map((id) => yard.reaches(id, "running")));
  expect(runs.map((run) => run.gpus)).toEqual([["0"], ["0", "1"], [], ["0"]]);
  await yard.submit("true", { demand: { gpus: 0 } });
  expect(await why(yard, 5)).toMatch(/no slot that suits is free: 1 of 4 on local, held/);
  writeFileSync(`${yard.folder}/go`, "");
  await yard.reaches(5, "succeeded");
});

test("slots by hand too wait for a device that another yard has, and not by trying again and again", async () => {
  const [one, other] = [await aYard({ slots: ["64"] }), await aYard({ slots: ["64", ""] })];
  await holds(one, "go");
  await one.reaches(1, "running");
  await holds(other, "go", { demand: { gpus: 1 } });
  await until(
    async () => /in use by others: GPU 64: a run of another yard/.test(await why(other, 1)),
    "it says who has it",
  );
  await holds(other, "go");
  expect((await other.reaches(2, "running")).gpus).toEqual([]);
  expect((await other.run(1)).attempts).toBeLessThan(3);
  writeFileSync(`${other.folder}/go`, "");
  writeFileSync(`${one.folder}/go`, "");
  await other.reaches(1, "succeeded");
});

test("slots that are set while a run has a GPU for itself share that GPU with it", async () => {
  const { environment } = await scriptedGpus(1);
  const yard = await aYard({ environment });
  await holds(yard, "go");
  await yard.reaches(1, "running");
  await yard.client.call("setMachine", { params: { machine: "local" }, body: { slots: ["0", "0"] } });
  await holds(yard, "go");
  expect((await yard.reaches(2, "running")).gpus).toEqual(["0"]);
  expect((await yard.run(2)).attempts).toBe(1);
  writeFileSync(`${yard.folder}/go`, "");
  await yard.reaches(1, "succeeded");
});

test("while nvidia-smi fails, who waits for a GPU is not run on a core instead", async () => {
  const { gpus, say, environment } = await scriptedGpus(1);
  const yard = await aYard({ environment });
  say({ says: { text: "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.", exit: 9 } });
  await until(async () => (await machine(yard)).gpus[0]?.problem, "the yard has seen it");
  await yard.submit('echo "[$CUDA_VISIBLE_DEVICES]"');
  await until(async () => /GPU 0: .*NVIDIA driver/.test(await why(yard, 1)), "it says what it waits for");
  say({ gpus });
  await yard.reaches(1, "succeeded");
  expect(await yard.output(1)).toBe("[0]\n");
});

test("GPUs that were known stay known when yard and agent start anew while nvidia-smi fails", async () => {
  const { gpus, say, environment } = await scriptedGpus(1);
  const yard = await aYard({ environment });
  say({ says: { text: "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.", exit: 9 } });
  await Promise.all([yard.killYard(), yard.killAgent()]);
  await yard.start();
  await yard.submit('echo "[$CUDA_VISIBLE_DEVICES]"');
  await until(async () => /not usable: GPU 0: .*NVIDIA driver/.test(await why(yard, 1)), "it says what it waits for");
  say({ gpus });
  await yard.reaches(1, "succeeded");
  expect(await yard.output(1)).toBe("[0]\n");
});

test("a pair that is taken apart while a run holds it is given out one by one when the run has ended", async () => {
  const { environment } = await scriptedGpus(2);
  const yard = await aYard({ environment, slots: ["0,1"] });
  await holds(yard, "go1");
  await yard.reaches(1, "running");
  await yard.client.call("setMachine", { params: { machine: "local" }, body: { slots: ["0", "1"] } });
  for (const name of ["go2", "go3"]) await holds(yard, name);
  expect((await machine(yard)).slots?.map(({ heldBy, draining }) => [heldBy, draining])).toEqual([
    [null, false],
    [null, false],
    ["1.1", true],
  ]);
  await Promise.all([yard.killYard(), yard.killAgent()]);
  await yard.start();
  expect([(await yard.run(2)).status, (await yard.run(3)).status]).toEqual(["queued", "queued"]);
  writeFileSync(`${yard.folder}/go1`, "");
  for (const job of [2, 3]) await yard.reaches(job, "running");
  for (const name of ["go2", "go3"]) writeFileSync(`${yard.folder}/${name}`, "");
});

test("what was given to a slot that is gone by then starts in another one", async () => {
  const yard = await aYard({ slots: ["66"] });
  const agent = yard.agentPid() ?? 0;
  process.kill(agent, "SIGSTOP");
  await yard.submit('echo "[$CUDA_VISIBLE_DEVICES]"');
  await until(async () => (await yard.run(1)).status === "starting", "it has been given the slot");
  await yard.client.call("setMachine", { params: { machine: "local" }, body: { slots: ["67"] } });
  process.kill(agent, "SIGCONT");
  await yard.reaches(1, "succeeded");
  expect(await yard.output(1)).toBe("[67]\n");
});

test("slots come and go while runs hold them: a removed one drains, an added one is used at once", async () => {
  const yard = await aYard({ slots: ["61", "62"] });
  await holds(yard, "go1");
  await holds(yard, "go2");
  await yard.reaches(2, "running");
  await yard.client.call("setMachine", { params: { machine: "local" }, body: { slots: ["62", "63"] } });
  await holds(yard, "go3");
  const third = await yard.reaches(3, "running");
  expect(third.gpus).toEqual(["63"]);
  const { slots } = await machine(yard);
  expect(slots).toEqual([
    { devices: "62", heldBy: "2.1", draining: false },
    { devices: "63", heldBy: "3.1", draining: false },
    { devices: "61", heldBy: "1.1", draining: true },
  ]);
  await yard.submit("true");
  writeFileSync(`${yard.folder}/go1`, "");
  await yard.reaches(1, "succeeded");
  expect((await yard.run(4)).status).toBe("queued");
  writeFileSync(`${yard.folder}/go3`, "");
  await yard.reaches(4, "succeeded");
});

test("of two who change slots by what they saw one wins, and the other hears of it", async () => {
  const yard = await aYard({ slots: ["61", "62"] });
  const set = (slots: string[], expectSlots: string[] | null) =>
    yard.client.call("setMachine", { params: { machine: "local" }, body: { slots, expectSlots } });
  const seen = ["61", "62"];
  const [one, other] = await Promise.allSettled([set([...seen, "63"], seen), set(["61"], seen)]);
  expect([one.status, other.status].sort()).toEqual(["fulfilled", "rejected"]);
  const refused = one.status === "rejected" ? one : other;
  expect(refused).toMatchObject({ reason: { problem: { status: 409, code: "slots_changed" } } });
  const now = (await machine(yard)).slots?.map(({ devices }) => devices) ?? [];
  expect(now).toEqual(one.status === "fulfilled" ? ["61", "62", "63"] : ["61"]);
  await set([...now, "64"], now);
  await expect(set(["9"], null)).rejects.toMatchObject({ problem: { code: "slots_changed" } });
});

test("a drained machine ends what it runs and starts nothing, until it is resumed", async () => {
  const yard = await aYard({ slots: ["", ""] });
  await holds(yard, "go");
  await yard.reaches(1, "running");
  await yard.client.call("setMachine", { params: { machine: "local" }, body: { drained: true } });
  await yard.submit("true");
  expect((await machine(yard)).drained).toBe(true);
  writeFileSync(`${yard.folder}/go`, "");
  await yard.reaches(1, "succeeded");
  expect((await yard.run(2)).status).toBe("queued");
  await yard.client.call("setMachine", { params: { machine: "local" }, body: { drained: false } });
  await yard.reaches(2, "succeeded");
});

test("a nvidia-smi that hangs or fails costs a problem in words, not the yard", async () => {
  const { say, environment } = await scriptedGpus(1);
  say({ says: { text: "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.", exit: 9 } });
  const yard = await aYard({ environment });
  expect((await machine(yard)).problems.join()).toMatch(/couldn't communicate with the NVIDIA driver/);
  await yard.submit("true", { demand: { gpus: 0 } });
  await yard.reaches(1, "succeeded");
});
