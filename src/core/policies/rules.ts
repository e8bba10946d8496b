import { knownPolicies, USUAL_POLICY } from "./known_policies.ts";
import type { Policy, PolicySettings } from "./policy.ts";

/** How a pool shares out what it has, as its administrator has set it. What is absent is as usual. */
export type PoolRules = { [Rule in keyof Rules]?: Rules[Rule] | undefined };

type Rules = Omit<PolicySettings, "total">;

/** Of a yard's pools: who is stopped loses work, so that it is done seldom. */
export const USUAL_RULES: Rules = {
  ageingSeconds: 30,
  minQuantumSeconds: 300,
  preemptCostSeconds: 60,
  lasLimits: [3250, 7200],
  starvation: 4,
  weights: {},
  givesBack: true,
  mostGpus: {},
  quotas: {},
};

/** The usual rules, but for what was set. */
export function wholeRules(rules: PoolRules, usual: Rules = USUAL_RULES): Rules {
  return { ...usual, ...Object.fromEntries(Object.entries(rules).filter(([, value]) => value !== undefined)) };
}

/**
 * What was set before stays, but for what is set now; of what is set user by user, other users' stays too.
 *
 * @param isAnew  whether all is to be as usual first
 */
export function changedRules(before: PoolRules, changes: PoolRules, isAnew: boolean): PoolRules {
  if (isAnew) return changes;
  const byUser = (["weights", "mostGpus", "quotas"] as const).flatMap((rule) =>
    changes[rule] === undefined ? [] : [[rule, { ...before[rule], ...changes[rule] }]],
  );
  return { ...before, ...changes, ...Object.fromEntries(byUser) };
}

/** The policy of that name; one that this program does not know counts as the usual one. */
export function policyNamed(name: string): Policy {
  const known = Object.hasOwn(knownPolicies, name) ? knownPolicies[name] : undefined;
  return known ?? (knownPolicies[USUAL_POLICY] as Policy);
}
