import { useQuery } from "@tanstack/react-query";
import { printable } from "../../../src/core/printable.ts";
import { Age } from "../ui/times.tsx";
import { call } from "../yard/client.ts";

/** What needs help now; nothing where nothing does. */
export function TroublesCard() {
  const { data } = useQuery({ queryKey: ["notices", "troubles"], queryFn: () => call("listTroubles") });
  if (!data || data.troubles.length === 0) return null;
  return (
    <section aria-label="What needs help now" className="rounded-lg border border-line bg-waiting-soft p-4">
      <h2 className="font-semibold">What needs help now</h2>
      <ul className="mt-2 flex flex-col gap-2 text-sm">
        {data.troubles.map(({ key, what, advice, since }) => (
          <li key={key} className="flex gap-2">
            <span aria-hidden="true" className="font-mono text-waiting">
              !
            </span>
            <div className="min-w-0 [overflow-wrap:anywhere]">
              <p>
                {printable(what)}{" "}
                <span className="text-muted">
                  (told <Age at={since} /> ago)
                </span>
              </p>
              <p className="text-muted">{printable(advice)}</p>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
