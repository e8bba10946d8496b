import { isDeepStrictEqual } from "node:util";
import { changedRules } from "../../core/policies/rules.ts";
import { printable } from "../../core/printable.ts";
import type { Connection } from "../connect.ts";
import { allPools } from "../pages.ts";
import { policyText } from "../policy_options.ts";
import type { GovernedPool } from "./governed_pool.ts";

/**
 * Has the yard's pools share out what they have as their user's file says, which is what `pools set` does; what the file says
 * nothing of stays.
 *
 * @param say  is told what has changed, and which pools the yard does not know
 */
export async function governPools(
  connection: Pick<Connection, "client">,
  governed: readonly GovernedPool[],
  say: (text: string) => void,
): Promise<void> {
  if (governed.length === 0) return;
  const pools = await allPools(connection);
  for (const { name, policy, rules } of governed) {
    const pool = pools.find((one) => one.name === name);
    if (!pool) {
      say(
        `There is no pool ${printable(name)} yet: what your runyard.yaml says of it counts from the next runyard up on.`,
      );
      continue;
    }
    const isAsSaid =
      pool.policy === (policy ?? pool.policy) && isDeepStrictEqual(changedRules(pool.rules, rules, false), pool.rules);
    if (isAsSaid) continue;
    const { pool: now } = await connection.client.call("setPool", { params: { pool: name }, body: { policy, rules } });
    say(`Pool ${printable(name)} runs under ${policyText(now)}, as your runyard.yaml says.`);
  }
}
