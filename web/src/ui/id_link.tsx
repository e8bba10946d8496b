import { useRouter } from "@tanstack/react-router";
import type { MouseEvent, ReactNode } from "react";

interface IdLinkProps {
  /** Of a job, `12`, or of a run, `12.3`. */
  id: string;
  className?: string;
  title?: string | undefined;
  children: ReactNode;
}

/** To the page of a job or of a run. The router's own links watch the address each; in a long list that is felt. */
export function IdLink({ id, className, title, children }: IdLinkProps) {
  const router = useRouter();
  const [job = "", n] = id.split(".");
  const place =
    n === undefined
      ? ({ to: "/jobs/$job", params: { job } } as const)
      : ({ to: "/jobs/$job/runs/$n", params: { job, n } } as const);
  return (
    <a
      href={n === undefined ? `/jobs/${job}` : `/jobs/${job}/runs/${n}`}
      className={className}
      title={title}
      onPointerDown={() => void router.preloadRoute(place)}
      onClick={(event) => {
        if (!isPlain(event)) return;
        event.preventDefault();
        void router.navigate(place);
      }}
    >
      {children}
    </a>
  );
}

/** Not one that opens another tab or window. */
function isPlain({ button, metaKey, ctrlKey, shiftKey, altKey }: MouseEvent): boolean {
  return button === 0 && !(metaKey || ctrlKey || shiftKey || altKey);
}
