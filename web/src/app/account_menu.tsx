import { Menu } from "@base-ui/react/menu";
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Bell, Check, LogOut, Monitor, Moon, Sun } from "lucide-react";
import type { ReactNode } from "react";
import { printable } from "../../../src/core/printable.ts";
import { menuItemClass, menuPopupClass, menuTriggerClass } from "../ui/menu.ts";
import { tellProblem } from "../ui/toast.tsx";
import { call } from "../yard/client.ts";
import { useSession } from "../yard/session.tsx";
import { setTheme, type Theme, useTheme } from "./theme.ts";

const themes = [
  { theme: "system", label: "As the system", icon: Monitor },
  { theme: "light", label: "Light", icon: Sun },
  { theme: "dark", label: "Dark", icon: Moon },
] as const;

/** Who looks, and how it is to look; open from the beginning. */
export function AccountMenu({ label }: { label: ReactNode }) {
  const { user, role, yard, version } = useSession();
  const theme = useTheme();
  const cache = useQueryClient();

  async function signOut(): Promise<void> {
    try {
      await call("closeSession");
      await cache.resetQueries({ queryKey: ["session"] });
    } catch (error) {
      tellProblem(error);
    }
  }

  return (
    <Menu.Root defaultOpen>
      <Menu.Trigger className={menuTriggerClass}>{label}</Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner align="end" sideOffset={6} className="z-40">
          <Menu.Popup className={menuPopupClass}>
            <p className="px-3 py-1.5 text-xs text-muted">
              {printable(user)}, {role} · yard {yard} · version {version}
            </p>
            <Menu.RadioGroup value={theme} onValueChange={(value: Theme) => setTheme(value)} aria-label="Colours">
              {themes.map(({ theme: value, label, icon: Icon }) => (
                <Menu.RadioItem key={value} value={value} closeOnClick className={menuItemClass}>
                  <Icon aria-hidden="true" />
                  {label}
                  <Menu.RadioItemIndicator className="ml-auto">
                    <Check aria-hidden="true" />
                  </Menu.RadioItemIndicator>
                </Menu.RadioItem>
              ))}
            </Menu.RadioGroup>
            <hr className="my-1 border-line" />
            <Menu.Item className={menuItemClass} render={<Link to="/notifications" />}>
              <Bell aria-hidden="true" />
              Notifications
            </Menu.Item>
            <Menu.Item className={menuItemClass} onClick={() => void signOut()}>
              <LogOut aria-hidden="true" />
              Sign this browser out
            </Menu.Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
