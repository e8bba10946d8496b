import type { Check } from "../../core/enquiry.ts";
import type { Hardware } from "../../core/machine.ts";
import { shellQuote } from "../../core/shell_quote.ts";
import { taskProgram } from "../../spool/host.ts";
import { clusterSources } from "../remote/folders.ts";
import type { Survey, Way, WayTools } from "../remote/way.ts";
import { inSlurmsWords, slurmCommands } from "./commands.ts";
import { openHanding } from "./handing.ts";
import { openLoginShell } from "./login_shell.ts";
import { overviewScript, readOverview } from "./overview.ts";
import { openStops } from "./stops.ts";
import { taskFile } from "./submission.ts";
import { openTasks } from "./tasks.ts";
import { openWatching } from "./watching.ts";

/** How many runs of the yard are in Slurm's queue at once: the others wait in the yard's, which costs nobody anything. */
const MOST = 5000;
/** What the site allows changes seldom. */
const SITE_MS = 5 * 60_000;

/** Slurm's queue, to which the yard hands arrays of tasks. */
export function slurmWay(tools: WayTools, yard: string): Way {
  const { host, connection, machine, log } = tools;
  const run = slurmCommands(host, machine());
  const tasks = openTasks(tools.desk, machine().id);
  const stops = openStops(run, log);
  const watching = openWatching(tools, run, tasks, yard, { cancel: stops.cancel, submit: () => handing.submit() });
  const handing = openHanding(tools, run, tasks, yard, watching.hurry);
  const login = openLoginShell(host, log);
  let site: Site | null = null;
  let siteAt = 0;
  /** Whether launch.sh is there for sure. */
  let isLauncherThere = false;

  async function lookAtSite(): Promise<string | null> {
    const said = await run("scontrol show config && sinfo -h -o 'cores %C'");
    if (said === null) return "Slurm gives no answer";
    if (said.code !== 0) return `Slurm cannot be asked: ${inSlurmsWords(said.stderr)}`;
    site = readSite(said.stdout);
    siteAt = Date.now();
    return null;
  }

  function hardware(blocked: string | null): Hardware {
    const cpus = site?.cores ?? tools.hardware().cpus;
    return { ...tools.hardware(), cpus, most: site === null ? 0 : Math.min(MOST, site.mostJobs), blocked };
  }

  return {
    async survey(): Promise<Survey> {
      const isFresh = site !== null && Date.now() - siteAt < SITE_MS;
      const trouble = isFresh ? null : await lookAtSite();
      return { hardware: hardware(trouble ?? watching.trouble() ?? handing.trouble()), held: new Map() };
    },
    check(survey): Check[] {
      const blocked = survey?.hardware.blocked ?? null;
      if (blocked !== null || site === null) return [{ name: "Slurm", ok: false, text: blocked ?? "it was not asked" }];
      const { version, mostInArray, cores } = site;
      return [{ name: "Slurm", ok: true, text: `${version}, ${cores} cores; arrays of up to ${mostInArray} tasks` }];
    },
    async prepare(assignments) {
      if (site === null && (await lookAtSite()) !== null) return false;
      const home = connection()?.home;
      if (home !== undefined) await login.ensure(home);
      await tasks.add(assignments, site?.mostInArray ?? 1);
      return true;
    },
    sources(assignment, variables, places) {
      const env = assignment.handed?.plan.env ?? "";
      const task = tasks.of(assignment.attempt);
      const isFirst = task?.attempt.attempt === assignment.attempt;
      return [
        ...(isLauncherThere ? [] : [{ target: "cluster/launch.sh", content: taskProgram() }]),
        ...(task && isFirst ? [taskFile(assignment, task.ticket)] : []),
        ...clusterSources(assignment, variables, places, env, machine().login === null),
      ];
    },
    begin(ids) {
      isLauncherThere = true;
      for (const id of ids) tasks.of(id)?.laidOut.add(id);
      handing.submit();
    },
    // Once that is forbidden in the spool it never begins, whatever Slurm does; then it is taken out of the queue.
    forbid: (id) => connection()?.say("forbid", id),
    stop(graceMs, id) {
      connection()?.say("stop", `${graceMs}`, id);
      const task = tasks.of(id);
      if (task) stops.stop(task, graceMs);
    },
    state: (attempt, state) => watching.state(attempt, state),
    seat: (attempt, seat) => watching.seat(attempt, seat),
    watched: watching.watched,
    async resumed(assignments) {
      isLauncherThere = false;
      login.reset();
      const home = connection()?.home;
      if (home !== undefined) void login.ensure(home);
      await tasks.add(
        assignments.filter(({ handed }) => handed?.ticket),
        site?.mostInArray ?? 1,
      );
    },
    forgotten(ids) {
      watching.forget(ids);
      const home = connection()?.home;
      const batches = tasks.forget(ids).map((batch) => shellQuote(`${home}/batches/${batch}`));
      if (batches.length > 0 && home !== undefined) void run(`rm -rf -- ${batches.join(" ")}`);
      handing.hasRoom();
      handing.submit();
    },
    tend(now) {
      watching.tend(now);
      stops.tend(now);
    },
    async answer({ kind }) {
      if (kind !== "overview") return null;
      const said = await run(overviewScript());
      const read = said && readOverview(said.stdout);
      if (read?.ok) return { kind: "overview", overview: read.value };
      if (said?.stdout === "") return { kind: "failed", text: inSlurmsWords(said.stderr) };
      return { kind: "failed", text: read?.problem ?? "Slurm gives no answer" };
    },
  };
}

/** What a site allows. */
interface Site {
  version: string;
  mostInArray: number;
  mostJobs: number;
  cores: number;
}

function readSite(text: string): Site {
  const value = (name: string) => new RegExp(`^${name}\\s*=\\s*(.*)$`, "m").exec(text)?.[1]?.trim();
  const [, cores] = /^cores \d+\/\d+\/\d+\/(\d+)$/m.exec(text) ?? [];
  return {
    version: `Slurm ${value("SLURM_VERSION") ?? "of an unknown version"}`,
    mostInArray: Number(value("MaxArraySize")) || 1001,
    mostJobs: Number(value("MaxJobCount")) || MOST,
    cores: Number(cores ?? 0),
  };
}
