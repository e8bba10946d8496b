import { User } from "lucide-react";
import { lazy } from "react";
import { printable } from "../../../src/core/printable.ts";
import { menuTriggerClass } from "../ui/menu.ts";
import { MenuButton } from "../ui/menu_button.tsx";
import { useSession } from "../yard/session.tsx";

const load = () => import("./account_menu.tsx");
const AccountMenu = lazy(async () => ({ default: (await load()).AccountMenu }));

/** Who looks, with what that one can do to the panel behind it. */
export function AccountButton() {
  const { user } = useSession();
  const label = (
    <>
      <User aria-hidden="true" />
      <span className="max-w-32 truncate">{printable(user)}</span>
    </>
  );
  return (
    <MenuButton label={label} className={menuTriggerClass} load={load}>
      <AccountMenu label={label} />
    </MenuButton>
  );
}
