import type { Status } from "../../api/steering.ts";
import { age, localTime } from "../../core/local_time.ts";
import { counted, grouped } from "../../core/number_text.ts";
import { printable } from "../../core/printable.ts";
import { formatBytes } from "../../core/quantity.ts";
import { version } from "../../platform/version.ts";
import { connectToLook, isNewer } from "../connect.ts";
import type { Declaration } from "../declaration.ts";
import { colours, note, print, printJson } from "../terminal.ts";

export function declareStatus({ command, act }: Declaration): void {
  command.option("--json", "print JSON");
  act(command, () => status(command.opts<{ json?: boolean }>()));
}

async function status({ json }: { json?: boolean }): Promise<number> {
  const { client } = await connectToLook();
  const answer = await client.call("status");
  if (json) printJson(answer);
  else printStatus(answer);
  return 0;
}

function printStatus(now: Status): void {
  const rows: [string, string][] = [
    ["yard", `${now.url}  ${colours.dim(`version ${now.version}`)}`],
    ["home", now.home],
    ["up since", `${localTime(now.startedAt, Date.now())} (${age(now.startedAt, Date.now())})`],
    ["jobs", `${counted(now.jobs, "open job")}: ${grouped(now.queued)} waiting, ${grouped(now.running)} running`],
    ["paused", now.paused.join(", ")],
    [
      "machines",
      `${now.machines.reachable} reachable${now.machines.unreachable > 0 ? `, ${now.machines.unreachable} unreachable` : ""}`,
    ],
    ["disk", `${formatBytes(now.freeBytes)} free`],
  ];
  for (const [name, value] of rows) if (value !== "") print(`${colours.dim(name.padEnd(9))} ${value}`);
  for (const problem of now.problems) print(`${colours.yellow("!")} ${printable(problem)}`);
  if (isNewer(version, now.version))
    note(`This program is version ${version}: the next command that changes something replaces the older yard.`);
}
