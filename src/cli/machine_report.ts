import type { Answer } from "../client/client.ts";
import { printable } from "../core/printable.ts";
import { colours, print } from "./terminal.ts";

type Checks = Answer<"checkMachine">["checks"];

/** What works on a machine and what does not, a line each. */
export function printChecks(name: string, checks: Checks): void {
  print(colours.bold(printable(name)));
  const width = Math.max(...checks.map((check) => check.name.length));
  for (const check of checks) {
    const mark = check.ok ? colours.green("✓") : colours.red("✗");
    print(`  ${mark} ${check.name.padEnd(width)}  ${printable(check.text)}`);
  }
}

export function isAllWell(checks: Checks): boolean {
  return checks.every(({ ok }) => ok);
}
