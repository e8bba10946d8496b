import { useQuery } from "@tanstack/react-query";
import { useId } from "react";
import { printable } from "../../../src/core/printable.ts";
import { Note } from "../ui/labelled.tsx";
import { call, problemOf } from "../yard/client.ts";
import { useSession } from "../yard/session.tsx";
import { useForm } from "./form_context.ts";
import { OptionField } from "./option_field.tsx";
import { poolRoom } from "./pool_room.ts";
import { More, Section } from "./section.tsx";

/** Where it may run, with what is free there now; and what a run needs. */
export function PoolsSection() {
  return (
    <Section title="Where it runs">
      <Pools />
      <div className="grid grid-cols-2 gap-3 sm:grid-cols-4">
        <OptionField flag="gpus" label="GPUs" placeholder="1, if any" hint="0: none" />
        <OptionField flag="cpus" label="Cores" placeholder="any" />
        <OptionField flag="memory" label="Memory" placeholder="any" hint="800M, 24G" />
        <OptionField flag="gpu-memory" label="GPU memory" placeholder="any" hint="at least, 24G" />
      </div>
      <More title="Certain GPUs, several workers" flags={["gpu-type", "workers"]}>
        <div className="grid gap-3 sm:grid-cols-2">
          <OptionField
            flag="gpu-type"
            label="Kind of GPU"
            placeholder="any"
            hint="a word of its name: a100, or a100,h100"
          />
          <OptionField flag="workers" label="Workers" placeholder="1" hint="processes that start together: 2, or 1-4" />
        </div>
      </More>
    </Section>
  );
}

function Pools() {
  const { draft, change, mistakeAt } = useForm();
  const { user } = useSession();
  const noteId = useId();
  const pools = useQuery({
    queryKey: ["machines", "pools"],
    queryFn: () => call("listPools", { query: { limit: 1000 } }),
  });
  const machines = useQuery({
    queryKey: ["machines", "room"],
    queryFn: () => call("listMachines", { query: { limit: 1000 } }),
  });
  const known = pools.data?.pools ?? [];
  const toggle = (name: string, isOn: boolean) =>
    change({ pools: isOn ? [...draft.pools, name] : draft.pools.filter((one) => one !== name) });
  // Of a job that is cloned, a pool may be gone.
  const gone = pools.data ? draft.pools.filter((name) => !known.some((pool) => pool.name === name)) : [];
  const mistake =
    mistakeAt("pools") ??
    (gone.length > 0 ? `There is no pool ${gone.join(", ")} any more: choose another one.` : null) ??
    (pools.error ? problemOf(pools.error).detail : null);
  return (
    <fieldset className="flex min-w-0 flex-col gap-2" {...(mistake !== null && { "aria-describedby": noteId })}>
      <legend className="sr-only">Pools</legend>
      <div className="grid gap-2 sm:grid-cols-2">
        {known.map(({ name, driver, owner, shared, paused, remote }) => {
          const room = machines.data && poolRoom(machines.data.machines.filter(({ pool }) => pool === name));
          const isForbidden = owner !== user && !shared;
          const isSlurms = driver === "slurm";
          const place = draft.pools.indexOf(name);
          return (
            <label
              key={name}
              className="flex items-start gap-2.5 rounded-md border border-line p-2.5 has-checked:border-accent has-checked:bg-accent-soft has-disabled:opacity-70 has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent"
            >
              <input
                type="checkbox"
                className="mt-0.5 size-4 shrink-0 accent-accent"
                checked={place !== -1}
                disabled={isForbidden && place === -1}
                onChange={(event) => toggle(name, event.target.checked)}
              />
              <span className="min-w-0 text-sm">
                <span className="flex flex-wrap items-baseline gap-x-2 font-medium">
                  {printable(name)}
                  {draft.pools.length > 1 && place !== -1 && (
                    <span className="text-xs font-normal text-muted">
                      {place === 0 ? "first" : `then, ${place + 1}.`}
                    </span>
                  )}
                </span>
                <span className="block text-muted">
                  <span
                    aria-hidden="true"
                    className={`mr-1.5 font-mono ${room?.some ? "text-succeeded" : "text-waiting"}`}
                  >
                    {room === undefined ? "…" : room.some ? "●" : "○"}
                  </span>
                  {room?.text ?? "looking …"}
                  {paused && ", paused"}
                </span>
                {isForbidden && <span className="block text-muted">runs only {printable(owner)}'s work</span>}
                {isSlurms && <span className="block text-muted">it goes as your last job there did</span>}
                {remote && !isSlurms && <span className="block text-muted">machines elsewhere: code goes along</span>}
              </span>
            </label>
          );
        })}
        {gone.map((name) => (
          <label key={name} className="flex items-start gap-2.5 rounded-md border border-failed p-2.5 text-sm">
            <input
              type="checkbox"
              className="mt-0.5 size-4 accent-accent"
              checked
              onChange={() => toggle(name, false)}
            />
            {printable(name)}
          </label>
        ))}
      </div>
      <Note id={noteId} mistake={mistake} />
    </fieldset>
  );
}
