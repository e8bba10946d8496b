import { printable } from "../../core/printable.ts";
import { connectToChange, connectToLook } from "../connect.ts";
import type { Declaration } from "../declaration.ts";
import { allPools } from "../pages.ts";
import { addRuleOptions, policyFrom, policyText, type RuleOptions, rulesFrom } from "../policy_options.ts";
import { wrongUsage } from "../stop.ts";
import { layTable } from "../table.ts";
import { colours, outputWidth, print, printJson } from "../terminal.ts";

export function declarePools({ command, act }: Declaration): void {
  command.option("--json", "print JSON");
  act(command, () => list(command.opts<{ json?: boolean }>()));
  const set = command.command("set").description("say whose work a pool runs, and in which order");
  set
    .argument("<pool>", "its name, e.g. local")
    .option("--shared", "run everyone's work, under the account of its owner")
    .option("--no-shared", "run only its owner's work")
    .option("--policy <NAME>", "who comes first: see runyard policies");
  addRuleOptions(set, { minQuantum: "5m", preemptCost: "1m", ageing: "30s", starvation: "4" })
    .option("--usual-rules", "forget what was set of these, but for what is set with it")
    .option("--json", "print JSON");
  act(set, () => setPool(set.args[0] ?? "", set.opts<SetOptions>()));
}

interface SetOptions extends RuleOptions {
  shared?: boolean;
  policy?: string;
  usualRules?: boolean;
  json?: boolean;
}

async function setPool(name: string, options: SetOptions): Promise<number> {
  const { shared, policy: wanted, usualRules = false, json } = options;
  const policy = wanted === undefined ? undefined : policyFrom("--policy", wanted);
  const rules = rulesFrom(options);
  const isRuled = usualRules || Object.keys(rules).length > 0;
  if (shared === undefined && policy === undefined && !isRuled)
    throw wrongUsage("Nothing to set. Say --policy, one of its rules, --shared or --no-shared");
  const { client } = await connectToChange({ quiet: json === true });
  const body = { shared, policy, rules, usualRules };
  const { pool } = await client.call("setPool", { params: { pool: name }, body });
  if (json) printJson({ pool });
  else print(`Pool ${printable(pool.name)} runs ${whoseWork(pool)}, under ${policyText(pool)}.`);
  return 0;
}

function whoseWork({ shared, owner }: { shared: boolean; owner: string }): string {
  return shared ? `everyone's work, as ${printable(owner)}` : `only ${printable(owner)}'s work`;
}

async function list({ json }: { json?: boolean }): Promise<number> {
  const pools = await allPools(await connectToLook());
  if (json) {
    printJson({ pools });
    return 0;
  }
  const rows = pools.map((pool) => [
    printable(pool.name),
    pool.driver,
    printable(policyText(pool)),
    pool.paused ? "paused" : "open",
    whoseWork(pool),
  ]);
  const table = layTable(
    [
      { title: "POOL" },
      { title: "DRIVER" },
      { title: "POLICY", optional: true },
      { title: "QUEUE" },
      { title: "RUNS", cuttable: true },
    ],
    rows,
    outputWidth(),
  );
  print(colours.bold(table.head));
  for (const line of table.body) print(line);
  return 0;
}
