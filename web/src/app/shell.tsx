import { Link, Outlet, useLocation, useNavigate } from "@tanstack/react-router";
import { CircleHelp, ListOrdered, Plus, Server } from "lucide-react";
import { useState } from "react";
import { useEndingToasts } from "../notices/use_ending_toasts.ts";
import { IconButton } from "../ui/button.tsx";
import { useShortcuts } from "../ui/shortcuts.ts";
import { AccountButton } from "./account_button.tsx";
import { BrowserWatch } from "./browser_watch.tsx";
import { LiveNotice } from "./live_notice.tsx";
import { ShortcutHelp } from "./shortcut_help.tsx";

const pages = [
  { to: "/", label: "Queue", icon: ListOrdered },
  { to: "/machines", label: "Machines", icon: Server },
  { to: "/new", label: "New job", icon: Plus },
] as const;

/** What stands around every page. */
export function Shell() {
  const [isHelpOpen, setHelpOpen] = useState(false);
  const navigate = useNavigate();
  useEndingToasts(useLocation().pathname);
  useShortcuts({ "?": () => setHelpOpen(true), Q: () => void navigate({ to: "/" }) });
  return (
    <div className="flex h-dvh flex-col">
      <a
        href="#content"
        className="sr-only z-50 rounded-md bg-accent px-3 py-2 text-accent-ink focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        To the content
      </a>
      <header className="flex h-12 shrink-0 items-center gap-1 border-b border-line bg-surface px-3 sm:gap-2 sm:px-4">
        <Link to="/" className="mr-1 flex items-center gap-2 font-semibold sm:mr-3">
          <img src="/icon.svg" alt="" className="size-6" />
          <span className="max-sm:sr-only">Runyard</span>
        </Link>
        <nav aria-label="Pages" className="flex min-w-0 items-center gap-1">
          {pages.map(({ to, label, icon: Icon }) => (
            <Link
              key={to}
              to={to}
              activeOptions={{ exact: to === "/" }}
              className="flex h-8 items-center gap-1.5 rounded-md px-2.5 text-sm font-medium whitespace-nowrap text-muted hover:bg-sunken hover:text-ink aria-[current=page]:bg-accent-soft aria-[current=page]:text-ink [&_svg]:size-4"
            >
              <Icon aria-hidden="true" className="max-sm:hidden" />
              {label}
            </Link>
          ))}
        </nav>
        <div className="ml-auto flex items-center gap-1">
          <IconButton label="Keyboard shortcuts" className="max-sm:hidden" onClick={() => setHelpOpen(true)}>
            <CircleHelp />
          </IconButton>
          <AccountButton />
        </div>
      </header>
      <LiveNotice />
      <BrowserWatch />
      <main id="content" tabIndex={-1} className="flex min-h-0 flex-1 flex-col overflow-auto outline-none">
        <Outlet />
      </main>
      <ShortcutHelp isOpen={isHelpOpen} onClose={() => setHelpOpen(false)} />
    </div>
  );
}
