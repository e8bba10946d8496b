import { Link } from "@tanstack/react-router";

/** `12.3`, with its way to the run's page. */
export function RunLink({ run, title }: { run: string; title?: string | undefined }) {
  const [job = "", n = ""] = run.split(".");
  return (
    <Link
      to="/jobs/$job/runs/$n"
      params={{ job, n }}
      className="font-medium text-accent underline-offset-2 hover:underline"
      title={title}
    >
      {run}
    </Link>
  );
}
