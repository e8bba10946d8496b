import { useQuery } from "@tanstack/react-query";
import { RotateCcw } from "lucide-react";
import type { Machine } from "../../../src/api/machine.ts";
import { printable } from "../../../src/core/printable.ts";
import { Button } from "../ui/button.tsx";
import { Loading } from "../ui/loading.tsx";
import { Panel } from "../ui/panel.tsx";
import { Problem } from "../ui/problem.tsx";
import { call } from "../yard/client.ts";

/** What works on a machine and what does not, asked now. */
export function CheckDialog({ machine, onClose }: { machine: Machine; onClose(): void }) {
  const name = printable(machine.name);
  const check = useQuery({
    queryKey: ["check", machine.name],
    queryFn: ({ signal }) => call("checkMachine", { params: { machine: machine.name }, body: {}, signal }),
    // What was true when it was last looked at is not what is asked for.
    gcTime: 0,
    retry: false,
  });
  const again = () => void check.refetch();
  return (
    <Panel isOpen onClose={onClose} title={`Check of ${name}`}>
      <div className="mt-3 flex flex-col gap-4">
        {check.isFetching ? (
          <Loading what={`what ${name} answers`} />
        ) : check.data ? (
          <ul className="grid grid-cols-[auto_auto_1fr] gap-x-3 gap-y-1.5 text-sm">
            {check.data.checks.map((one) => (
              <li key={one.name} className="col-span-3 grid grid-cols-subgrid">
                <span className={`font-mono ${one.ok ? "text-succeeded" : "text-failed"}`}>
                  <span aria-hidden="true">{one.ok ? "✓" : "✗"}</span>
                  <span className="sr-only">{one.ok ? "works" : "does not work"}</span>
                </span>
                <span className="text-muted">{printable(one.name)}</span>
                <span className="[overflow-wrap:anywhere]">{printable(one.text)}</span>
              </li>
            ))}
          </ul>
        ) : (
          <Problem title={`${name} cannot be checked`} error={check.error} retry={again} />
        )}
        {check.data && !check.isFetching && (
          <Button className="self-end" onClick={again}>
            <RotateCcw aria-hidden="true" /> Check again
          </Button>
        )}
      </div>
    </Panel>
  );
}
