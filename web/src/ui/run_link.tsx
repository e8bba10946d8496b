import { useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";

interface RunLinkProps {
  /** `12.3` */
  id: string;
  className?: string;
  children: ReactNode;
}

/** To the page of a run. The router's own links watch the address each; in a long list that is felt. */
export function RunLink({ id, className, children }: RunLinkProps) {
  const navigate = useNavigate();
  const [job = "", n = ""] = id.split(".");
  return (
    <a
      href={`/jobs/${job}/runs/${n}`}
      className={className}
      onClick={(event) => {
        if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        void navigate({ to: "/jobs/$job/runs/$n", params: { job, n } });
      }}
    >
      {children}
    </a>
  );
}
