import type { Command } from "commander";
import { describeGpus } from "../core/gpu_kind.ts";
import { duration, isMisread } from "../core/option_values.ts";
import { knownPolicies } from "../core/policies/known_policies.ts";
import type { PoolRules } from "../core/policies/rules.ts";
import { formatDuration } from "../core/quantity.ts";
import { didYouMean } from "./nearest.ts";
import { wrongUsage } from "./stop.ts";

/** What the rules of policies are called on the command line, as `pools set` and `simulate` take them. */
export interface RuleOptions {
  minQuantum?: string;
  preemptCost?: string;
  ageing?: string;
  lasLimits?: string;
  starvation?: string;
  /** `USER=N`. */
  weight?: string[];
  mostGpus?: string[];
  quota?: string[];
  givesBack?: boolean;
}

/** What holds where nothing is said, as the help words it. */
export interface UsualWords {
  minQuantum: string;
  preemptCost: string;
  ageing: string;
  starvation: string;
}

export function addRuleOptions(command: Command, usual: UsualWords): Command {
  const limits = "las: the GPU seconds at which a run sinks to the next queue (default: 3250,7200)";
  const starvation = "las: back to the first queue after waiting N times as long as it has run";
  return command
    .option(
      "--min-quantum <TIME>",
      `a run that has a place keeps it for so long at least (default: ${usual.minQuantum})`,
    )
    .option("--preempt-cost <TIME>", `what a run loses by being stopped (default: ${usual.preemptCost})`)
    .option("--ageing <TIME>", `how long others may overtake the first that does not fit (default: ${usual.ageing})`)
    .option("--las-limits <LIMITS>", limits)
    .option("--starvation <N>", `${starvation} (default: ${usual.starvation})`)
    .option("--weight <USER=N>", "fair-share: what a user's share is divided by (default: 1)", collect, [])
    .option("--most-gpus <[USER=]N>", "how many GPUs a user may hold at once (default: any number)", collect, [])
    .option("--quota <[USER=]HOURS>", "GPU hours in 30 days, after which a user comes after others", collect, [])
    .option("--gives-back", "fair-share: what somebody holds beyond their share goes back when others want theirs")
    .option("--no-gives-back", "fair-share: everybody keeps what they hold");
}

/** Of an option that may be given several times. */
function collect(value: string, before: string[]): string[] {
  return [...before, value];
}

/** The policy of that name, or a word about those there are. */
export function policyFrom(flag: string, name: string): string {
  if (Object.hasOwn(knownPolicies, name)) return name;
  const all = Object.keys(knownPolicies);
  throw wrongUsage(
    `${flag}: there is no policy "${name}"${didYouMean(name, all) || `. There are: ${all.join(", ")}.`}`,
  );
}

/** What was said of the rules; what was not is not in it. */
export function rulesFrom(options: RuleOptions): PoolRules {
  const {
    minQuantum,
    preemptCost,
    ageing,
    lasLimits,
    starvation,
    weight = [],
    mostGpus = [],
    quota = [],
    givesBack,
  } = options;
  return {
    ...(minQuantum !== undefined && { minQuantumSeconds: secondsFrom("--min-quantum", minQuantum) }),
    ...(preemptCost !== undefined && { preemptCostSeconds: secondsFrom("--preempt-cost", preemptCost) }),
    ...(ageing !== undefined && { ageingSeconds: ageing === "off" ? FOREVER : secondsFrom("--ageing", ageing) }),
    ...(lasLimits !== undefined && { lasLimits: limitsFrom(lasLimits) }),
    ...(starvation !== undefined && { starvation: starvationFrom(starvation) }),
    ...(weight.length > 0 && { weights: Object.fromEntries(weight.map(weightFrom)) }),
    ...(mostGpus.length > 0 && { mostGpus: Object.fromEntries(mostGpus.map(mostFrom)) }),
    ...(quota.length > 0 && { quotas: Object.fromEntries(quota.map(quotaFrom)) }),
    ...(givesBack !== undefined && { givesBack }),
  };
}

/** Longer than anything waits. */
const FOREVER = 1e9;

function secondsFrom(flag: string, text: string): number {
  const ms = /^0+s?$/.test(text) ? 0 : duration(text);
  if (isMisread(ms)) throw wrongUsage(`${flag} ${text}: ${ms.misread}`);
  return ms / 1000;
}

function limitsFrom(text: string): number[] {
  const limits = text.split(",").map((part) => Number(/^\s*\d{1,12}\s*$/.test(part) ? part : Number.NaN));
  if (!limits.every((limit, i) => limit > (limits[i - 1] ?? 0)))
    throw wrongUsage(`--las-limits ${text}: It takes rising whole numbers of GPU seconds: 3250,7200.`);
  return limits;
}

function starvationFrom(text: string): number {
  const times = /^\d{1,6}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(times)) throw wrongUsage(`--starvation ${text}: It takes a number from 0, e.g. 0 or 2.5.`);
  return times;
}

function weightFrom(text: string): [string, number] {
  const [, user = "", number = ""] = /^([^=]{1,200})=(\d{1,6}(?:\.\d{1,6})?)$/.exec(text) ?? [];
  const weight = Number(number);
  if (user === "" || !(weight > 0)) throw wrongUsage(`--weight ${text}: It takes a user and a number above 0: ada=2.`);
  return [user, weight];
}

/** `ada=4`, or `4` for whoever is not named. */
function mostFrom(text: string): [string, number] {
  const [, user = "*", number = ""] = /^(?:([^=]{1,200})=)?(\d{1,6})$/.exec(text) ?? [];
  if (number === "") throw wrongUsage(`--most-gpus ${text}: It takes a number, or a user and a number: 4 or ada=8.`);
  return [user, Number(number)];
}

/** `ada=500`, or `100` for whoever is not named; in GPU hours, `h` may stand behind. */
function quotaFrom(text: string): [string, number] {
  const [, user = "*", number = ""] = /^(?:([^=]{1,200})=)?(\d{1,9}(?:\.\d{1,6})?)h?$/.exec(text) ?? [];
  if (number === "") throw wrongUsage(`--quota ${text}: It takes GPU hours, or a user and GPU hours: 100 or ada=500.`);
  return [user, Number(number)];
}

/** `las (minimal quantum 5m, weight of ada 2)`. */
export function policyText({ policy, rules }: { policy: string; rules: PoolRules }): string {
  const set = describeRules(rules);
  return set.length === 0 ? policy : `${policy} (${set.join(", ")})`;
}

/** What was set, a few words each. */
function describeRules(rules: PoolRules): string[] {
  const { minQuantumSeconds, preemptCostSeconds, ageingSeconds, lasLimits, starvation } = rules;
  const { weights = {}, mostGpus = {}, quotas = {}, givesBack } = rules;
  const time = (seconds: number) => {
    if (seconds >= FOREVER) return "off";
    return seconds === 0 ? "0" : formatDuration(1000 * seconds);
  };
  return [
    ...(minQuantumSeconds === undefined ? [] : [`minimal quantum ${time(minQuantumSeconds)}`]),
    ...(preemptCostSeconds === undefined ? [] : [`preemption costs ${time(preemptCostSeconds)}`]),
    ...(ageingSeconds === undefined ? [] : [`ageing ${time(ageingSeconds)}`]),
    ...(lasLimits === undefined ? [] : [`limits ${lasLimits.join(", ")}`]),
    ...(starvation === undefined ? [] : [`starvation ${starvation}`]),
    ...(givesBack === undefined ? [] : [givesBack ? "gives back" : "gives nothing back"]),
    ...Object.entries(mostGpus).map(
      ([user, most]) => `at most ${describeGpus(most, undefined)} for ${user === "*" ? "a user" : user}`,
    ),
    ...Object.entries(quotas).map(([user, hours]) => `${hours} GPU hours for ${user === "*" ? "a user" : user}`),
    ...Object.entries(weights).map(([user, weight]) => `weight of ${user} ${weight}`),
  ];
}
