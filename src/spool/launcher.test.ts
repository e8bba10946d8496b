import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { aFolder } from "../../test/helpers/a_folder.ts";
import { readProcess } from "../platform/processes.ts";
import { type LauncherOptions, startLauncher } from "./launcher.ts";

vi.setConfig({ testTimeout: 30_000 });
const isSupported = process.platform === "linux" && ["x64", "arm64"].includes(process.arch);
const implementations = (["native", "sh"] as const).filter((name) => name === "sh" || isSupported);

/** A launcher, what it told and what it logged. */
function aLauncher(options: Partial<LauncherOptions> = {}) {
  const news: string[] = [];
  const logged: string[] = [];
  const launcher = startLauncher({
    onStarted: ({ attempt, pid, at }) =>
      news.push(`started ${attempt} ${pid > 1} ${Math.abs(Date.now() - at) < 10_000}`),
    onEnded: ({ attempt, exit }) => news.push(`ended ${attempt} ${exit.replace(/ \d{13} \d{13} (\d+ )?/, " … ")}`),
    onFailed: ({ attempt, reason }) => news.push(`failed ${attempt} ${reason}`),
    log: (line) => logged.push(line),
    ...options,
  });
  onTestFinished(() => launcher.close());
  const until = (isSo: () => boolean) => vi.waitFor(() => expect(isSo()).toBe(true), { timeout: 10_000, interval: 5 });
  return { launcher, news, logged, until, told: (line: string) => until(() => news.includes(line)) };
}

/** The folder of a worker of attempt `id`. */
async function aWorker(id: string, script: string): Promise<string> {
  const folder = `${await aFolder()}/yard/${id}/0`;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(`${folder}/run.sh`, script);
  return folder;
}

/** The process that has begun it. */
function launcherOf(folder: string): number {
  return Number(readFileSync(`${folder}/begun`, "utf8").split(" ")[0]);
}

describe.each(implementations)("with the %s implementation", (implementation) => {
  test("tells of the start and the end of what it is given", async () => {
    const { launcher, news, told } = aLauncher({ implementation });
    for (let n = 1; n <= 50; n += 1) launcher.start(await aWorker(`1.${n}.1`, `exit ${n}`));
    for (let n = 1; n <= 50; n += 1) await told(`ended 1.${n}.1 ${n} … exit`);
    expect(launcher.implementation).toBe(implementation);
    expect(news.filter((line) => /^started \S+ true true$/.test(line)).length).toBe(50);
    expect(news.length).toBe(100);
  });

  test("ends what waits for attempts when it is closed, and nothing else", async () => {
    const { launcher, told, until } = aLauncher({ implementation });
    const go = `${await aFolder()}/go`;
    const folder = await aWorker("1.1.1", `until [ -e '${go}' ]; do sleep 0.01; done; exit 5`);
    const short = await aWorker("1.2.1", "exit 0");
    launcher.start(folder);
    launcher.start(short);
    await told("started 1.1.1 true true");
    await told("ended 1.2.1 0 … exit");
    const waiting = launcher.forkServer() ?? launcherOf(short);
    await launcher.close();
    expect(readProcess(waiting)).toBe(null);
    writeFileSync(go, "");
    await until(() => existsSync(`${folder}/exit`) && readFileSync(`${folder}/exit`, "utf8").endsWith(" exit\n"));
    await until(() => readProcess(launcherOf(folder)) === null);
  });
});

test.runIf(isSupported)(
  "gives a new fork server what the old one had not begun, and hears of what it had",
  async () => {
    const { launcher, news, until, told, logged } = aLauncher({ implementation: "native" });
    const go = `${await aFolder()}/go`;
    const [before, unread] = [
      await aWorker("1.1.1", `echo; until [ -e '${go}' ]; do sleep 0.01; done`),
      await aWorker("1.2.1", "echo; exit 3"),
    ];
    launcher.start(before);
    await told("started 1.1.1 true true");
    const first = launcher.forkServer() ?? 0;
    process.kill(first, "SIGSTOP");
    launcher.start(before);
    launcher.start(unread);
    process.kill(first, "SIGKILL");
    await told("ended 1.2.1 3 … exit");
    writeFileSync(go, "");
    await told("ended 1.1.1 0 … exit");
    await until(() => launcher.forkServer() !== first);
    expect(readFileSync(`${before}/out`, "utf8") + readFileSync(`${unread}/out`, "utf8")).toBe("\n\n");
    expect(news.length).toBe(4);
    expect(logged).toEqual([expect.stringContaining("ended with SIGKILL. It is started again")]);
  },
);

test("gives what a launcher in sh had not begun to another, and begins nothing again", async () => {
  const { launcher, news, told, logged } = aLauncher({ implementation: "sh" });
  const [first, unread, running] = [
    await aWorker("1.1.1", "exit 1"),
    await aWorker("1.2.1", "echo; exit 2"),
    await aWorker("1.3.1", "echo; exec sleep 1000.37"),
  ];
  launcher.start(first);
  await told("ended 1.1.1 1 … exit");
  process.kill(launcherOf(first), "SIGSTOP");
  launcher.start(unread);
  await new Promise((sent) => setImmediate(sent));
  process.kill(launcherOf(first), "SIGKILL");
  await told("ended 1.2.1 2 … exit");
  launcher.start(running);
  await told("started 1.3.1 true true");
  process.kill(launcherOf(running), "SIGKILL");
  launcher.start(await aWorker("1.4.1", "exit 4"));
  await told("ended 1.4.1 4 … exit");
  process.kill(Number(readFileSync(`${running}/pid`, "utf8").split(" ")[0]), "SIGKILL");
  expect(readFileSync(`${unread}/out`, "utf8") + readFileSync(`${running}/out`, "utf8")).toBe("\n\n");
  expect(news.filter((line) => line.startsWith("started")).length).toBe(4);
  expect(logged).toEqual(Array(2).fill(expect.stringContaining("ended with SIGKILL. It is started again")));
});

test("a launcher in sh that has done with an attempt is used again, and not too many wait", async () => {
  const { launcher, told, until } = aLauncher({ implementation: "sh" });
  const go = `${await aFolder()}/go`;
  const held = await Promise.all(
    Array.from({ length: 24 }, (_, n) => aWorker(`1.${n}.1`, `until [ -e '${go}' ]; do sleep 0.05; done`)),
  );
  for (const folder of held) launcher.start(folder);
  for (const n of held.keys()) await told(`started 1.${n}.1 true true`);
  const all = new Set(held.map(launcherOf));
  expect(all.size).toBe(24);
  writeFileSync(go, "");
  await until(() => [...all].filter((pid) => readProcess(pid) !== null).length === 16);
  const again = await aWorker("2.1.1", "exit 0");
  launcher.start(again);
  await told("ended 2.1.1 0 … exit");
  expect(all).toContain(launcherOf(again));
});

test("says at once that a path is no spool folder's", async () => {
  const { launcher, news, until } = aLauncher({ implementation: "sh" });
  launcher.start("relative/1.1.1/0");
  launcher.start("/yard/1.2.1\n/0");
  await until(() => news.length === 2);
  expect(news).toEqual([
    'failed 1.1.1 "relative/1.1.1/0" is not the path of a spool folder',
    'failed 1.2.1\n "/yard/1.2.1\\n/0" is not the path of a spool folder',
  ]);
});

test("uses what RUNYARD_LAUNCHER names, and says what else it may be", async () => {
  const environment = { PATH: process.env["PATH"] };
  expect(aLauncher({ environment: { ...environment, RUNYARD_LAUNCHER: "sh" } }).launcher.implementation).toBe("sh");
  const { logged } = aLauncher({ environment: { ...environment, RUNYARD_LAUNCHER: "perl" } });
  expect(logged[0]).toBe("RUNYARD_LAUNCHER=perl is not known: it can be native or sh. Native is tried.");
});

test("takes the sh launcher where there is no native one for the machine", async () => {
  const { launcher, logged, told } = aLauncher({ programs: { native: "/no/such/program" } });
  launcher.start(await aWorker("1.1.1", "exit 1"));
  await told("ended 1.1.1 1 … exit");
  expect(launcher.implementation).toBe("sh");
  expect(logged).toEqual([
    "There is no native launcher for this machine (/no/such/program). The sh launcher takes its place.",
  ]);
});

test("takes the sh launcher after a native one that cannot be executed, and loses nothing", async () => {
  const folder = await aFolder({ broken: { program: "#!/no/such/interpreter\n" } });
  const { launcher, logged, told } = aLauncher({ implementation: "native", programs: { native: `${folder}/broken` } });
  launcher.start(await aWorker("1.1.1", "exit 1"));
  await told("ended 1.1.1 1 … exit");
  expect(launcher.implementation).toBe("sh");
  expect(logged.at(-1)).toMatch(/broken cannot be executed here\. The sh launcher takes its place/);
});

test("brings native programs that were built from the source beside them", () => {
  const file = (name: string) => readFileSync(fileURLToPath(new URL(`./launcher/${name}`, import.meta.url)));
  const built = file("bin/built-from.sha256").toString().split(" ")[0];
  expect(built, "launch.c has changed: run build.sh").toBe(createHash("sha256").update(file("launch.c")).digest("hex"));
});
