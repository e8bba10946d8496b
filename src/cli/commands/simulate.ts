import { knownPolicies } from "../../core/policies/known_policies.ts";
import type { Policy } from "../../core/policies/policy.ts";
import { policyNamed, wholeRules } from "../../core/policies/rules.ts";
import { type Cluster, gpusOf } from "../../simulator/cluster.ts";
import { figuresOf } from "../../simulator/figures.ts";
import { type LivedJob, livedTimeline } from "../../simulator/lived.ts";
import { plotSimulation } from "../../simulator/plot.ts";
import { IDEAL, simulate } from "../../simulator/simulate.ts";
import { withTimeline } from "../../simulator/timeline.ts";
import type { TraceJob } from "../../simulator/trace.ts";
import type { Declaration } from "../declaration.ts";
import { askHistory, type History } from "../history_trace.ts";
import { objectionToNewFile, writeNewFile } from "../new_file.ts";
import { addRuleOptions, policyFrom, type RuleOptions, rulesFrom } from "../policy_options.ts";
import { type ClusterOptions, describeCluster, saidCluster, whatIsThere } from "../simulated_cluster.ts";
import {
  AS_LIVED,
  type Outcome,
  waitSentence,
  writeCsv,
  writeJson,
  writeTable,
  writeTrace,
} from "../simulation_output.ts";
import { wrongUsage } from "../stop.ts";
import { note, print } from "../terminal.ts";
import { chooseTrace, type TraceOptions } from "../trace_choice.ts";

interface SimulateOptions extends TraceOptions, ClusterOptions, RuleOptions {
  /** A duration: what the yard has run since. */
  fromHistory?: string;
  /** Default: local. */
  pool?: string;
  policy: string;
  estimates: boolean;
  asLive?: boolean;
  printTrace?: boolean;
  plot?: string;
  csv?: boolean;
  json?: boolean;
}

export function declareSimulate({ command, act }: Declaration): void {
  command
    .argument("[trace]", "CSV with the columns num_gpu, submit_time and duration, or what sacct -P prints; - is stdin")
    .option("--gpus <N>", "how many GPUs there are: they are only counted")
    .option("--machines <NxM>", "in place of --gpus: N machines with M GPUs each, and jobs are placed on them")
    .option("--from-history <TIME>", "in place of a trace: what the yard itself has run in that time, e.g. 30d")
    .option("--pool <NAME>", "--from-history: which pool's (default: local), on what it has today but for --gpus")
    .option("--jobs <N>", "in place of a trace: make one of N jobs, like those of shared clusters")
    .option("--seed <N>", "--jobs: the same seed makes the same jobs (default: 1)")
    .option("--load <SHARE>", "--jobs: how much of the GPUs they need while they come (default: 0.9)")
    .option("--elastic <SHARE>", "--jobs: how many may run with more GPUs or fewer, under optimus (default: 0)")
    .option("--print-trace", "print the trace itself, as CSV, and simulate nothing")
    .option("--policy <NAMES>", "under which policies, with commas between; all of them: all", "backfill")
    .option("--no-estimates", "do not tell policies how long jobs take");
  addRuleOptions(command, { minQuantum: "0", preemptCost: "0", ageing: "off", starvation: "0" })
    .option("--as-live", "what is not said of these is as usual in a yard's pools, or set for --pool, not ideal")
    .option("--plot <FILE.svg>", "draw completion times, GPUs held and jobs waiting, into a new file")
    .option("--csv", "print CSV, a line a job")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  runyard simulate examples/traces/philly-992.csv --gpus 64 --policy las,srtf" +
        "\n  runyard simulate --jobs 500 --seed 7 --gpus 64 --policy all --plot policies.svg" +
        "\n  runyard simulate --from-history 30d --policy las,srtf",
    );
  act(command, () => simulateTrace(command.args[0], command.opts<SimulateOptions>()));
}

async function simulateTrace(path: string | undefined, options: SimulateOptions): Promise<number> {
  const forms = (["printTrace", "csv", "json"] as const).filter((form) => options[form]);
  if (forms.length > 1) throw wrongUsage("--print-trace, --csv and --json exclude each other.");
  if (options.printTrace && options.plot !== undefined)
    throw wrongUsage("--print-trace simulates nothing that --plot could draw. Leave out one of the two.");
  const policies = policiesFrom(options);
  const said = rulesFrom(options);
  const plotPath = options.plot === undefined ? null : await plotPathFrom(options.plot);
  const { jobs, title, cluster, past } = await subjectFrom(path, options);
  if (options.printTrace) {
    await writeTrace(jobs);
    return 0;
  }
  const rules = wholeRules(said, options.asLive ? wholeRules(past?.rules ?? {}) : IDEAL);
  const outcomes = policies.map(([policy, known]): Outcome => {
    const startedAt = performance.now();
    const watched = withTimeline(known);
    const simulated = simulate(jobs, watched, { ...rules, cluster, estimates: options.estimates });
    const figures = figuresOf(simulated, gpusOf(cluster));
    return {
      policy,
      simulated,
      figures,
      timeline: watched.timeline,
      tookSeconds: (performance.now() - startedAt) / 1000,
    };
  });
  const lived = past && livedOutcome(past.jobs, gpusOf(cluster));
  const rows = lived === null ? outcomes : [lived, ...outcomes];
  if (plotPath !== null) {
    const plotted = rows.map(({ policy, simulated, timeline }) => ({ policy, jobs: simulated, timeline }));
    await writePlot(plotPath, plotSimulation(`${title} on ${describeCluster(cluster)}`, gpusOf(cluster), plotted));
  }
  if (options.csv) await writeCsv(rows);
  else if (options.json) writeJson(outcomes, lived);
  else {
    writeTable(rows);
    if (lived !== null) print(waitSentence(lived, outcomes));
  }
  return 0;
}

/** What is simulated, and on what. */
interface Subject {
  jobs: readonly TraceJob[];
  title: string;
  cluster: Cluster;
  /** What really became of the jobs; null: they are not of the yard's own history. */
  past: History | null;
}

async function subjectFrom(path: string | undefined, options: SimulateOptions): Promise<Subject> {
  const cluster = saidCluster(options);
  const { fromHistory: span, pool, printTrace = false } = options;
  if (span === undefined) {
    if (pool !== undefined) throw wrongUsage("--pool says whose history --from-history replays. Give both or none.");
    if (cluster === null) throw whatIsThere();
    return { ...(await chooseTrace(path, options, gpusOf(cluster))), cluster, past: null };
  }
  const other = path ?? (["jobs", "seed", "load"] as const).find((name) => options[name] !== undefined);
  if (other !== undefined)
    throw wrongUsage(
      `--from-history replays what the yard has run, and ${path ?? `--${other}`} is about another trace. Leave out one of the two.`,
    );
  const past = await askHistory({ span, pool: pool ?? "local", cluster, isPrinted: printTrace });
  return { jobs: past.jobs.map(({ job }) => job), title: past.title, cluster: past.cluster, past };
}

function livedOutcome(jobs: readonly LivedJob[], gpus: number): Outcome {
  const figures = figuresOf(jobs, gpus);
  return { policy: AS_LIVED, simulated: jobs, figures, timeline: livedTimeline(jobs), tookSeconds: null };
}

async function plotPathFrom(path: string): Promise<string> {
  if (!/.\.svg$/i.test(path)) throw wrongUsage(`--plot ${path}: The plot is an SVG. Choose a name that ends in .svg.`);
  const objection = await objectionToNewFile(path);
  if (objection !== null) throw wrongUsage(`--plot ${path}: ${objection}`);
  return path;
}

async function writePlot(path: string, svg: string): Promise<void> {
  const objection = await writeNewFile(path, svg);
  if (objection !== null) throw wrongUsage(`--plot ${path}: ${objection}`);
  note(`The plot is in ${path}.`);
}

function policiesFrom({ policy, estimates }: SimulateOptions): [string, Policy][] {
  const all = Object.entries(knownPolicies);
  if (policy === "all") return all.filter(([, { needsEstimates }]) => estimates || !needsEstimates);
  const names = new Set(policy.split(",").map((name) => policyFrom("--policy", name.trim())));
  return [...names].map((name) => {
    const known = policyNamed(name);
    if (!estimates && known.needsEstimates)
      throw wrongUsage(`--no-estimates: ${name} goes by how long jobs take. Leave out one of the two.`);
    return [name, known];
  });
}
