import { useQuery } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect } from "react";
import type { Session } from "../../../src/api/session.ts";
import { SignedOut } from "../app/signed_out.tsx";
import { Loading } from "../ui/loading.tsx";
import { Problem } from "../ui/problem.tsx";
import { call, isSignedOut, problemOf } from "./client.ts";
import { setYardTime } from "./clock.ts";
import { startLive } from "./live.ts";

/** The cookie is renewed while a panel is open. */
const RENEW_MS = 15 * 60_000;

const LINK = /^#login=([\w-]{1,200})$/;

async function enter(): Promise<Session> {
  const [, code] = LINK.exec(location.hash) ?? [];
  // Out of the address, and of what the browser remembers, before anything else.
  if (code !== undefined) history.replaceState(null, "", location.pathname + location.search);
  const session = code === undefined ? await call("showSession") : await call("openSession", { body: { code } });
  setYardTime(session.now);
  return session;
}

const Current = createContext<Session | null>(null);

/** Who looks at the panel. */
export function useSession(): Session {
  const session = useContext(Current);
  if (!session) throw new Error("there is no session outside of SessionGate");
  return session;
}

/** A link that is opened in a tab where the panel is open already changes nothing but the address. */
addEventListener("hashchange", () => LINK.test(location.hash) && location.reload());

/** Shows the panel to whom the yard knows, and everybody else the way in. */
export function SessionGate({ children }: { children: ReactNode }) {
  const session = useQuery({
    queryKey: ["session"],
    queryFn: enter,
    refetchInterval: RENEW_MS,
    // Who has come in with another tab is in with this one.
    refetchOnWindowFocus: ({ state }) => isSignedOut(state.error) && "always",
    retry: (failures, error) => !isSignedOut(error) && failures < 1000,
  });
  const isIn = session.data !== undefined && !isSignedOut(session.error);
  // Not before: whom the yard does not know it tells nothing.
  useEffect(() => {
    if (isIn) startLive();
  }, [isIn]);
  if (isSignedOut(session.error)) return <SignedOut why={problemOf(session.error)} />;
  if (session.data) return <Current value={session.data}>{children}</Current>;
  if (session.failureReason) return <Problem page title="The yard cannot be reached" error={session.failureReason} />;
  return <Loading page what="the panel" />;
}
