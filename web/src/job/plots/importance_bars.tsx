import { useQuery } from "@tanstack/react-query";
import { counted } from "../../../../src/core/number_text.ts";
import { printable } from "../../../../src/core/printable.ts";
import { Loading } from "../../ui/loading.tsx";
import { Problem } from "../../ui/problem.tsx";
import { call } from "../../yard/client.ts";

/** Which part of a result's variation goes with each parameter, and which way. */
export function ImportanceBars({ job, of, where }: { job: number; of: string; where: string }) {
  const { data, error } = useQuery({
    queryKey: ["plots", job, "importance", of, where],
    queryFn: ({ signal }) => call("importance", { params: { job }, query: { of, where }, signal }),
  });
  if (error) return <Problem title="Importance cannot be shown" error={error} />;
  if (!data) return <Loading what="importance" />;
  const told = data.parameters.filter(({ share }) => share !== null);
  if (told.length === 0) {
    return <p className="py-6 text-center text-muted">Too few runs have told of it to say what matters.</p>;
  }
  return (
    <>
      <table className="w-full text-sm">
        <thead className="text-left text-xs text-muted">
          <tr>
            <th scope="col" className="py-1 pr-3 font-medium">
              Parameter
            </th>
            <th scope="col" className="w-1/2 py-1 font-medium">
              Share of the variation
            </th>
            <th scope="col" className="py-1 pl-3 font-medium">
              With more
            </th>
          </tr>
        </thead>
        <tbody>
          {told.map(({ name, share, direction }) => (
            <tr key={name} className="border-t border-line">
              <th scope="row" className="max-w-40 truncate py-1.5 pr-3 text-left font-normal" title={printable(name)}>
                {printable(name)}
              </th>
              <td>
                <span className="flex items-center gap-2">
                  <span aria-hidden="true" className="h-3 flex-1 rounded-sm bg-sunken">
                    <span
                      className="block h-full rounded-sm bg-accent"
                      style={{ width: `${Math.max(0.5, 100 * (share ?? 0))}%` }}
                    />
                  </span>
                  <span className="w-10 text-right">{Math.round(100 * (share ?? 0))} %</span>
                </span>
              </td>
              <td className="py-1.5 pl-3 whitespace-nowrap text-muted">{directionText(direction)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="mt-2 text-xs text-muted">
        Each parameter by itself, over {counted(told[0]?.runs ?? 0, "run")}, by ranks and corrected for chance. What two
        do only together is in neither.
      </p>
    </>
  );
}

function directionText(direction: number | null): string {
  if (direction === null) return "– no order";
  if (Math.abs(direction) < 0.1) return "→ neither";
  return `${direction > 0 ? "↗ rises" : "↘ falls"} (ρ ${direction.toFixed(2).replace("-", "−")})`;
}
