import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { localTime } from "../../../src/core/local_time.ts";
import { useLiveState } from "../yard/live.ts";

/** A break that is over before anybody has read of it is not worth a word. */
const GRACE_MS = 1500;

/** Says that what is shown may be out of date, and since when; nothing while all is live. */
export function LiveNotice() {
  const state = useLiveState();
  const cache = useQueryClient();
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    setLate(false);
    if (state.kind === "signed_out") void cache.invalidateQueries({ queryKey: ["session"] });
    if (state.kind !== "stale") return;
    const timer = setTimeout(() => setLate(true), GRACE_MS);
    return () => clearTimeout(timer);
  }, [state, cache]);
  if (state.kind !== "stale" || !isLate) return null;
  return (
    <p
      role="status"
      className="flex items-center gap-2 border-b border-line bg-waiting-soft px-4 py-1.5 text-sm text-ink"
    >
      <span aria-hidden="true" className="font-mono text-waiting">
        !
      </span>
      Not live: the yard has not answered since {localTime(new Date(state.since).toISOString(), Date.now())}. What you
      see is as it was then; it goes on by itself when the yard is back.
    </p>
  );
}
