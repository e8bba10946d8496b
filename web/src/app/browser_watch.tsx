import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { useBrowserNotices, watchForNotices } from "../notices/browser_notices.ts";
import { useSession } from "../yard/session.tsx";

/** Shows notifications of the browser for as long as they are turned on, whatever page is open. */
export function BrowserWatch() {
  const { user } = useSession();
  const state = useBrowserNotices();
  const navigate = useNavigate();
  useEffect(() => {
    if (state !== "on") return;
    return watchForNotices(user, (to) => void navigate({ to }));
  }, [state, user, navigate]);
  return null;
}
