import { connectToChange, connectToLook } from "../connect.ts";
import type { Declaration } from "../declaration.ts";
import { allPools } from "../pages.ts";
import { printable } from "../printable.ts";
import { wrongUsage } from "../stop.ts";
import { layTable } from "../table.ts";
import { colours, outputWidth, print, printJson } from "../terminal.ts";

export function declarePools({ command, act }: Declaration): void {
  command.option("--json", "print JSON");
  act(command, () => list(command.opts<{ json?: boolean }>()));
  const set = command.command("set").description("say whose work a pool runs");
  set
    .argument("<pool>", "its name, e.g. local")
    .option("--shared", "run everyone's work, under the account of its owner")
    .option("--no-shared", "run only its owner's work")
    .option("--json", "print JSON");
  act(set, () => setPool(set.args[0] ?? "", set.opts<SetOptions>()));
}

interface SetOptions {
  shared?: boolean;
  json?: boolean;
}

async function setPool(name: string, { shared, json }: SetOptions): Promise<number> {
  if (shared === undefined) throw wrongUsage("Nothing to set. Say --shared or --no-shared");
  const { client } = await connectToChange({ quiet: json === true });
  const { pool } = await client.call("setPool", { params: { pool: name }, body: { shared } });
  if (json) printJson({ pool });
  else print(`Pool ${printable(pool.name)} runs ${whoseWork(pool)}.`);
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
    pool.policy,
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
