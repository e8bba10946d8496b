import { knownPolicies } from "../../core/policies/known_policies.ts";
import type { Declaration } from "../declaration.ts";
import { layTable } from "../table.ts";
import { colours, outputWidth, print, printJson } from "../terminal.ts";

export function declarePolicies({ command, act }: Declaration): void {
  command.option("--json", "print JSON");
  act(command, async () => {
    list(command.opts<{ json?: boolean }>());
    return 0;
  });
}

function list({ json }: { json?: boolean }): void {
  const policies = Object.entries(knownPolicies).map(([name, { summary, preempts, resizes, needsEstimates }]) => {
    return { name, summary, preempts, resizes, needsEstimates };
  });
  if (json) {
    printJson({ policies });
    return;
  }
  const rows = policies.map(({ name, summary, preempts }) => [name, preempts ? "yes" : "no", summary]);
  const columns = [{ title: "POLICY" }, { title: "PREEMPTS" }, { title: "ORDER", cuttable: true }];
  const table = layTable(columns, rows, outputWidth());
  print(colours.bold(table.head));
  for (const line of table.body) print(line);
}
