import { IdLink } from "../ui/id_link.tsx";

/** `12.3`, with its way to the run's page. */
export function RunLink({ run, title }: { run: string; title?: string | undefined }) {
  return (
    <IdLink id={run} className="font-medium text-accent underline-offset-2 hover:underline" title={title}>
      {run}
    </IdLink>
  );
}
