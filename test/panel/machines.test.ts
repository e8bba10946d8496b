import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import type { Gpu } from "../../src/core/machine.ts";
import { aPanel, noBrowser, obstacles, picture } from "../helpers/a_browser.ts";
import { aYard } from "../helpers/a_yard.ts";
import { type MadeUpMachine, madeUpMachines } from "../helpers/made_up_machines.ts";
import { scriptedGpus } from "../helpers/scripted_gpus.ts";
import { until } from "../helpers/until.ts";

const GIB = 1024 ** 3;
const HOUR_MS = 3_600_000;

/** Light and dark, on a phone, a desk and a wall. */
async function pictures(page: Page, name: string): Promise<void> {
  const before = page.viewportSize();
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    for (const [width, height] of [
      [390, 844],
      [1440, 900],
      [2560, 1440],
    ] as const) {
      await page.setViewportSize({ width, height });
      await picture(page, `${name}_${colorScheme}_${width}`);
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  if (before) await page.setViewportSize(before);
}

function tile(page: Page, index: number) {
  return page
    .getByRole("list", { name: "GPUs of local" })
    .getByRole("listitem")
    .filter({ hasText: `GPU ${index}` });
}

/** The last GPU is broken: the agent looks more often while something is. */
async function aYardWithFourGpus() {
  const { gpus, say, environment } = await scriptedGpus(4);
  const [first, second, third, fourth] = gpus;
  const stranger = { pid: process.pid, name: "<b>python3</b>", used_mib: 18_200 };
  const use = (percent: number) =>
    say({
      gpus: [
        { ...first, percent, used_mib: 9000 },
        { ...second, percent: 2 },
        { ...third, percent: 60, used_mib: 18_200, memory_mib: 40_960, processes: [stranger] },
        { ...fourth, value: "[Unknown Error]" },
      ],
    });
  use(80);
  return { yard: await aYard({ environment }), use };
}

test.skipIf(noBrowser)("the wall shows every GPU: how busy it is and was, who has it, and why nobody can", async () => {
  const { yard, use } = await aYardWithFourGpus();
  await yard.submit("until [ -e go ]; do sleep 0.02; done", { name: "train", demand: { gpus: 1 } });
  await yard.reaches(1, "running");
  await until(async () => {
    const [local] = (await yard.client.call("listMachines")).machines;
    return local?.gpus[2]?.others.length === 1;
  }, "the yard sees the other process");
  const { page } = await aPanel(yard, { at: "/machines" });
  await tile(page, 0).getByText("held", { exact: true }).waitFor();
  expect(await tile(page, 0).innerText()).toMatch(/80 %[\s\S]*8\.8 \/ 16 GB[\s\S]*1\.1 train/);
  expect(await tile(page, 1).innerText()).toMatch(/free/);
  expect(await tile(page, 2).innerText()).toMatch(/taken by others[\s\S]*<b>python3<\/b>, pid \d+/);
  expect(await tile(page, 3).innerText()).toMatch(/quarantined[\s\S]*Unknown Error/);
  const totals = await page.getByRole("region", { name: "All of them" }).innerText();
  expect(totals.replaceAll(/\s+/g, " ")).toMatch(/GPUs 4 .*held ● 1 taken by others ◆ 1 quarantined ✗ 1 free ✓ 1/);
  await tile(page, 0)
    .getByText(/6 h: mean \d+ %, peak 80 %, 8\.8 GB/)
    .waitFor();
  use(35);
  await tile(page, 0).getByText("35 %").waitFor();
  expect(await obstacles(page)).toEqual([]);
  await pictures(page, "machines");
  await tile(page, 0).getByRole("link", { name: "1.1" }).click();
  await page.waitForURL(/\/jobs\/1\/runs\/1/);
});

test.skipIf(noBrowser)("a machine is drained and resumed, and what becomes of its runs is said first", async () => {
  const yard = await aYard({ slots: ["", ""] });
  await yard.submit("sleep 600");
  await yard.reaches(1, "running");
  const { page } = await aPanel(yard, { at: "/machines" });
  await page.getByRole("button", { name: "Drain local" }).click();
  const dialog = page.getByRole("alertdialog");
  expect(await dialog.innerText()).toMatch(/goes on to its end, and nothing of it is lost: 1 run now\./);
  await picture(page, "machines_drain");
  await dialog.getByRole("button", { name: "Drain local" }).click();
  await page.getByText("local starts nothing more.").waitFor();
  await page.getByRole("article", { name: "local" }).getByText("drained", { exact: true }).waitFor();
  await yard.submit("true");
  expect((await yard.run(2)).status).toBe("queued");
  await page.getByRole("button", { name: "Resume local" }).click();
  await yard.reaches(2, "succeeded");
});

test.skipIf(noBrowser)("slots are added and removed; of two who do so at once one is told", async () => {
  const yard = await aYard({ slots: ["61", "62"] });
  await yard.submit("sleep 600");
  await yard.reaches(1, "running");
  const { page, tab } = await aPanel(yard, { at: "/machines" });
  const other = await tab("/machines");
  for (const one of [page, other]) await one.getByRole("button", { name: "Slots of local" }).click();
  await page.getByRole("button", { name: "Remove slot 1" }).click();
  await page.getByRole("button", { name: "Add a slot" }).click();
  await page.getByLabel("Devices of slot 2").fill("0,0");
  const set = page.getByRole("button", { name: "Set the slots" });
  expect(await page.getByRole("dialog").getByRole("status").innerText()).toContain("names 0 twice");
  expect(await set.isDisabled()).toBe(true);
  await page.getByLabel("Devices of slot 2").fill("63");
  expect(await page.getByRole("dialog").getByRole("status").innerText()).toMatch(
    /The slot of 1\.1 will be gone after that\.$/,
  );
  expect(await obstacles(page)).toEqual([]);
  await picture(page, "machines_slots");
  await set.click();
  const slots = page.getByRole("list", { name: "Slots of local" });
  await slots.getByText("63").waitFor();
  expect((await slots.innerText()).replaceAll(/\s+/g, " ")).toMatch(/62.*63.*61.*1\.1.*removed when it ends/);
  await other.getByRole("button", { name: "Remove slot 2" }).click();
  await other.getByRole("button", { name: "Set the slots" }).click();
  await other.getByText(/Somebody else has changed the slots of local meanwhile, and nothing was set/).waitFor();
  await other.getByRole("list", { name: "Slots of local" }).getByText("63").waitFor();
});

test.skipIf(noBrowser)(
  "a machine that falls silent is shown as unreachable, since when, and is back by itself",
  async () => {
    const yard = await aYard();
    const { page } = await aPanel(yard, { at: "/machines" });
    const local = page.getByRole("article", { name: "local" });
    await local.getByText("idle", { exact: true }).waitFor();
    const agent = yard.agentPid() ?? 0;
    process.kill(agent, "SIGSTOP");
    await local.getByText(/^unreachable since \d+s$/).waitFor({ timeout: 60_000 });
    expect(await page.getByRole("region", { name: "All of them" }).innerText()).toMatch(/machine out of reach/);
    process.kill(agent, "SIGCONT");
    await local.getByText("idle", { exact: true }).waitFor();
  },
);

test.skipIf(noBrowser)("the wall is worked by keyboard alone", async () => {
  const yard = await aYard();
  const { page } = await aPanel(yard, { at: "/machines" });
  await page.getByRole("article", { name: "local" }).waitFor();
  const focused = () => page.evaluate<string>("document.activeElement.getAttribute('aria-label') ?? ''");
  const reach = async (name: string) => {
    for (let presses = 0; (await focused()) !== name; presses += 1) {
      if (presses > 20) throw new Error(`the focus never comes to ${name}`);
      await page.keyboard.press("Tab");
    }
  };
  await page.keyboard.press("/");
  await page.keyboard.type("nothing like this");
  await page.getByRole("heading", { name: "No machine is like this" }).waitFor();
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.press("Delete");
  await page.getByRole("article", { name: "local" }).waitFor();
  await reach("Drain local");
  await page.keyboard.press("Enter");
  await page.getByRole("alertdialog").waitFor();
  await page.keyboard.press("Escape");
  await expect.poll(focused).toBe("Drain local");
  await reach("Slots of local");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: "Slots of local" }).waitFor();
  await page.keyboard.press("Escape");
  await expect.poll(focused).toBe("Slots of local");
  await page.keyboard.press("k");
  expect(await focused()).toBe("Slots of local");
  await page.evaluate("document.activeElement.blur()");
  await page.keyboard.press("j");
  expect(await focused()).toBe("local");
});

test.skipIf(noBrowser)("who is no administrator sees the wall and changes nothing on it", async () => {
  const yard = await aYard();
  const { secret } = await yard.client.call("createToken", { body: { user: "ada", role: "user", expiresInMs: null } });
  const { page } = await aPanel(yard, { at: "/machines", token: secret });
  await page.getByRole("article", { name: "local" }).waitFor();
  expect(await page.getByRole("button", { name: /local/ }).count()).toBe(0);
});

/** 97 machines with eight GPUs each in two pools: busy, idle, broken, in others' use, drained and out of reach. */
function aHundredMachines(): MadeUpMachine[] {
  const idleSince = Date.now() - 3 * HOUR_MS;
  return Array.from({ length: 97 }, (_, at) => ({
    name: `node${at + 1}`,
    pool: at < 60 ? "cluster" : "lab",
    isSilent: at % 25 === 24,
    gpus: Array.from({ length: 8 }, (_, gpu): Partial<Gpu> => {
      const kind = (at * 7 + gpu * 3) % 19;
      if (kind === 0) return { problem: "nvidia-smi reports [Unknown Error]", utilization: null, usedBytes: null };
      if (kind === 1)
        return {
          utilization: 0.7,
          usedBytes: 20 * GIB,
          others: [{ pid: 4242, user: "u217", name: "python3", usedBytes: 18 * GIB }],
        };
      if (kind < 5) return { utilization: 0.01, usedBytes: GIB, idleSince };
      return { utilization: 0.6 + (kind % 5) / 12, usedBytes: (10 + 3 * kind) * GIB };
    }),
  }));
}

test.skipIf(noBrowser)(
  "a hundred machines stay a list of which little is drawn, searched and opened at once",
  { timeout: 240_000 },
  async () => {
    const yard = await aYard();
    const machines = aHundredMachines();
    await madeUpMachines(yard, machines, (machine, gpu, hoursAgo) => {
      const now = machines[machine]?.gpus[gpu]?.utilization ?? 0;
      if (machine % 13 === 0 && hoursAgo > 2 && hoursAgo < 3) return null;
      return Math.max(0, Math.min(1, now + 0.25 * Math.sin(hoursAgo * 3 + machine + gpu) * (now > 0.1 ? 1 : 0)));
    });
    await yard.client.call("setMachine", { params: { machine: "node3" }, body: { drained: true } });
    const lines = Array.from({ length: 420 }, (_, at) => [at + 1, `python train.py --seed ${at}`]) as [
      number,
      string,
    ][];
    const demand = { gpuKind: { memoryBytes: 24 * GIB } };
    await yard.submit("", { name: "resnet lr×layers", pool: "cluster", work: { kind: "lines", lines }, demand });
    await until(async () => (await yard.job(1)).runs.running > 350, "the cluster is at work");
    const { page } = await aPanel(yard, { at: "/machines", size: { width: 1440, height: 900 } });
    const rows = page.getByRole("article");
    await rows.first().waitFor();
    await page.getByRole("region", { name: "All of them" }).getByText("held but idle", { exact: true }).waitFor();
    expect(await rows.count()).toBeLessThan(40);
    await page.getByText("GPU hours held but idle in the last 6 hours").waitFor();
    await pictures(page, "machines_hundred");
    expect(await obstacles(page)).toEqual([]);
    for (const key of ["j", "j", "j", "k"]) await page.keyboard.press(key);
    await page.keyboard.press("Enter");
    const drawn = await rows.evaluateAll((all) => all.map((one) => one.getAttribute("aria-label")));
    await page.getByRole("button", { name: `Drain ${drawn[1]}`, exact: true }).waitFor();
    for (let presses = 0; presses < 40; presses += 1) await page.keyboard.press("j");
    const reached = await page.evaluate<string>("document.activeElement.textContent");
    expect(reached).toMatch(/^node\d+$/);
    expect(drawn).not.toContain(reached);
    await page.keyboard.press("/");
    await page.keyboard.type("node42");
    await expect.poll(() => rows.count()).toBe(1);
    await page.getByRole("button", { name: "node42" }).click();
    await page.getByRole("button", { name: "Drain node42" }).waitFor();
    await picture(page, "machines_opened");
    await page.getByLabel("Search in machines, runs, people and processes").fill("");
    await page.getByLabel("State").selectOption("wasted");
    expect(await rows.first().innerText()).toMatch(/GPUs? held but idle/);
    const { stdout } = await yard.cli(["machines"]);
    expect(stdout).toMatch(/◌ 1\.\d+ holds GPU \d and has left it idle for 2h/);
  },
);
