import { useQuery } from "@tanstack/react-query";
import { printable } from "../../../src/core/printable.ts";
import { Button } from "../ui/button.tsx";
import { call } from "../yard/client.ts";
import { steer } from "../yard/steer.ts";

/** What keeps the whole yard from working as usual: a queue that is paused, machines that take no runs. */
export function YardNotices() {
  const status = useQuery({ queryKey: ["status"], queryFn: () => call("status"), refetchInterval: 30_000 });
  const { paused = [], problems = [] } = status.data ?? {};
  if (paused.length + problems.length === 0) return null;
  return (
    <ul className="flex flex-col gap-1 rounded-lg border border-line bg-waiting-soft px-3 py-2 text-sm">
      {paused.length > 0 && (
        <li className="flex flex-wrap items-center gap-2">
          <Mark glyph="‖" />
          Paused: {paused.map(printable).join(", ")}. What runs goes on; nothing further starts.
          <Button className="ml-auto" onClick={() => void steer("resume", "all")}>
            Resume the queue
          </Button>
        </li>
      )}
      {problems.map((problem) => (
        <li key={problem} className="flex items-baseline gap-2">
          <Mark glyph="!" />
          {printable(problem)}
        </li>
      ))}
    </ul>
  );
}

function Mark({ glyph }: { glyph: string }) {
  return (
    <span aria-hidden="true" className="font-mono text-waiting">
      {glyph}
    </span>
  );
}
