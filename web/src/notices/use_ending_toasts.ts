import { useEffect, useRef } from "react";
import type { Job } from "../../../src/api/job.ts";
import { tell } from "../ui/toast.tsx";
import { yardNow } from "../yard/clock.ts";
import { hearEvents } from "../yard/live.ts";
import { useSession } from "../yard/session.tsx";
import { openEndings } from "./endings.ts";

/**
 * Says how jobs of whoever looks have ended, on pages that do not show it by themselves.
 *
 * @param path  of the page that is open
 */
export function useEndingToasts(path: string): void {
  const { user } = useSession();
  const latest = useRef(path);
  latest.current = path;
  useEffect(() => {
    const endings = openEndings(user, yardNow());
    return hearEvents((event, data) => {
      if (event !== "job") return;
      const job: Job = JSON.parse(data);
      const ending = endings.hear(job);
      const isShown = latest.current === "/" || `${latest.current}/`.startsWith(`/jobs/${job.id}/`);
      if (ending && !isShown)
        tell(`${ending.title}. ${ending.body}`, { to: ending.to, isGood: job.status === "succeeded" });
    });
  }, [user]);
}
