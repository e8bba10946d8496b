import { connectToLook } from "../connect.ts";
import type { Declaration } from "../declaration.ts";
import { printable } from "../printable.ts";
import { layTable } from "../table.ts";
import { colours, outputWidth, print, printJson } from "../terminal.ts";

export function declarePools({ command, act }: Declaration): void {
  command.option("--json", "print JSON");
  act(command, () => list(command.opts<{ json?: boolean }>()));
}

async function list({ json }: { json?: boolean }): Promise<number> {
  const { client } = await connectToLook();
  const { pools } = await client.call("listPools");
  if (json) {
    printJson({ pools });
    return 0;
  }
  const rows = pools.map((pool) => [printable(pool.name), pool.driver, pool.policy, pool.paused ? "paused" : "open"]);
  const table = layTable(
    [{ title: "POOL" }, { title: "DRIVER" }, { title: "POLICY" }, { title: "QUEUE" }],
    rows,
    outputWidth(),
  );
  print(colours.bold(table.head));
  for (const line of table.body) print(line);
  return 0;
}
