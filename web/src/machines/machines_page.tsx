import { useNavigate, useSearch } from "@tanstack/react-router";
import { SearchX, Server } from "lucide-react";
import { useCallback, useDeferredValue, useMemo, useRef } from "react";
import type { Machine } from "../../../src/api/machine.ts";
import { printable } from "../../../src/core/printable.ts";
import { Button } from "../ui/button.tsx";
import { Command } from "../ui/command.tsx";
import { Loading } from "../ui/loading.tsx";
import { Notice, Problem } from "../ui/problem.tsx";
import { useShortcuts } from "../ui/shortcuts.ts";
import { MachineCard } from "./machine_card.tsx";
import { MachineRows } from "./machine_rows.tsx";
import type { MachinesSearch } from "./machines_search.ts";
import { MachinesToolbar } from "./machines_toolbar.tsx";
import { PoolHeading } from "./pool_heading.tsx";
import { Totals } from "./totals.tsx";
import { useMachines, useWallUse, type WallUse } from "./use_wall.ts";
import { fitInCards, inPools, isFound, isIn } from "./wall.ts";

/** Every machine of every pool with its GPUs: what they do, who has them, and what is wasted. */
export function MachinesPage() {
  const search: MachinesSearch = useSearch({ from: "/machines" });
  const machines = useMachines();
  const use = useWallUse(search.hours ?? 6);
  if (machines.data) return <Wall machines={machines.data} use={use} search={search} />;
  return (
    <div className="p-3 sm:p-4">
      <h1 className="sr-only">Machines</h1>
      {machines.error ? (
        <Problem title="The machines cannot be shown" error={machines.error} />
      ) : (
        <Loading what="the machines" />
      )}
    </div>
  );
}

interface WallProps {
  machines: readonly Machine[];
  use: WallUse | null;
  search: MachinesSearch;
}

function Wall({ machines, use, search }: WallProps) {
  const navigate = useNavigate();
  const change = (next: MachinesSearch) => void navigate({ to: "/machines", search: next, replace: true });
  const { pool, state } = search;
  const onToggle = useCallback(
    (name: string) => {
      void navigate({
        to: "/machines",
        replace: true,
        search: ({ open, ...rest }: MachinesSearch) => (open === name ? rest : { ...rest, open: name }),
      });
    },
    [navigate],
  );
  const text = useDeferredValue(search.search ?? "");
  const shown = useMemo(
    () =>
      machines.filter(
        (machine) =>
          (pool === undefined || machine.pool === pool) &&
          (state === undefined || isIn(machine, state)) &&
          (text === "" || isFound(machine, text)),
      ),
    [machines, pool, state, text],
  );
  const pools = useMemo(() => inPools(shown), [shown]);
  const names = useMemo(() => inPools(machines).map((one) => one.pool), [machines]);
  const wall = useRef<HTMLDivElement>(null);
  useShortcuts({ j: () => stepTo(wall.current, 1), k: () => stepTo(wall.current, -1) });
  return (
    <div ref={wall} className="flex min-h-0 flex-1 flex-col gap-3 p-3 sm:p-4">
      <h1 className="sr-only">Machines</h1>
      <Totals machines={machines} use={use} />
      <MachinesToolbar search={search} onChange={change} pools={names} shown={shown.length} />
      {machines.length === 0 ? (
        <NoMachines />
      ) : shown.length === 0 ? (
        <NothingFound onClear={() => change(search.hours ? { hours: search.hours } : {})} />
      ) : fitInCards(machines) ? (
        <Cards pools={pools} use={use} />
      ) : (
        <MachineRows pools={pools} use={use} open={search.open ?? null} onToggle={onToggle} />
      )}
    </div>
  );
}

/** Gives the next or the previous machine the focus: the button that opens it, where there is one. */
function stepTo(wall: HTMLElement | null, by: 1 | -1): void {
  const all = [...(wall?.querySelectorAll<HTMLElement>("article") ?? [])];
  const at = all.findIndex((one) => one.contains(document.activeElement));
  const next = at === -1 ? all.at(by === 1 ? 0 : -1) : all[at + by];
  (next?.querySelector<HTMLElement>("h3 button") ?? next)?.focus();
}

function Cards({ pools, use }: { pools: ReturnType<typeof inPools>; use: WallUse | null }) {
  return pools.map(({ pool, machines }) => (
    <section key={pool} aria-label={`Pool ${printable(pool)}`} className="flex shrink-0 flex-col gap-2">
      <PoolHeading pool={pool} machines={machines} />
      <div className="grid gap-3 2xl:grid-cols-[repeat(auto-fit,minmax(44rem,1fr))]">
        {machines.map((machine) => (
          <MachineCard key={machine.name} machine={machine} use={use} />
        ))}
      </div>
    </section>
  ));
}

function NoMachines() {
  return (
    <Notice title="There is no machine" icon={<Server className="size-6" aria-hidden="true" />}>
      <p>A machine is a login; nothing is installed on it. Make one known from a terminal:</p>
      <div className="w-full text-left">
        <Command text="runyard machines add lab1 user@host" />
      </div>
    </Notice>
  );
}

function NothingFound({ onClear }: { onClear(): void }) {
  return (
    <Notice title="No machine is like this" icon={<SearchX className="size-6" aria-hidden="true" />}>
      <p>None has all that is asked for above.</p>
      <Button onClick={onClear}>Show all machines</Button>
    </Notice>
  );
}
