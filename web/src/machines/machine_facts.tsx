import type { Machine } from "../../../src/api/machine.ts";
import { printable } from "../../../src/core/printable.ts";
import { processText } from "./gpu_words.ts";
import { troublesOf } from "./machine_words.ts";
import { RunLink } from "./run_link.tsx";

/** What is wrong, what is wasted, which slots there are and who runs without a GPU. */
export function MachineFacts({ machine }: { machine: Machine }) {
  const { waste, reserved, holders, slots } = machine;
  const troubles = troublesOf(machine);
  const onCores = holders.filter(({ gpus }) => gpus.length === 0);
  return (
    <>
      {troubles.length + waste.length + reserved.length > 0 && (
        <ul className="flex flex-col gap-1 text-sm">
          {troubles.map((problem) => (
            <Fact key={problem} glyph="!" colour="text-waiting">
              {problem}
            </Fact>
          ))}
          {waste.map((one) => (
            <Fact key={one.text} glyph="◌" colour="text-waiting">
              <RunLink run={one.run} />
              {printable(one.text.slice(one.run.length))}
            </Fact>
          ))}
          {reserved.map(({ device, by }) => (
            <Fact key={`${device} ${by.pid}`} glyph="◆" colour="text-muted">
              {printable(device)} is held by {processText(by)}
            </Fact>
          ))}
        </ul>
      )}
      {slots !== null && (
        <ul aria-label={`Slots of ${printable(machine.name)}`} className="flex flex-wrap gap-1.5 text-xs">
          {slots.map(({ devices, heldBy, draining }, at) => (
            // Slots that name the same devices are alike.
            // biome-ignore lint/suspicious/noArrayIndexKey: they have no other name
            <li key={at} className="flex items-baseline gap-1.5 rounded-sm border border-line px-1.5 py-0.5">
              <span className="text-muted">slot</span>
              <code>{devices === "" ? "no GPU" : printable(devices)}</code>
              {heldBy === null ? <span className="text-muted">not held</span> : <RunLink run={heldBy} />}
              {draining && <span className="text-waiting">removed when it ends</span>}
            </li>
          ))}
        </ul>
      )}
      {onCores.length > 0 && slots === null && (
        <p className="text-sm text-muted">
          Running without a GPU:{" "}
          {onCores.slice(0, MOST_NAMED).map(({ attempt, run, name }, at) => (
            <span key={attempt}>
              {at > 0 && ", "}
              <RunLink run={run} title={printable(name)} />
            </span>
          ))}
          {onCores.length > MOST_NAMED && ` and ${onCores.length - MOST_NAMED} more`}
        </p>
      )}
    </>
  );
}

const MOST_NAMED = 12;

function Fact({ glyph, colour, children }: { glyph: string; colour: string; children: React.ReactNode }) {
  return (
    <li className="flex items-baseline gap-2">
      <span aria-hidden="true" className={`w-3 shrink-0 text-center font-mono ${colour}`}>
        {glyph}
      </span>
      <span className="min-w-0 [overflow-wrap:anywhere]">{children}</span>
    </li>
  );
}
