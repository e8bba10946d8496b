import { User } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { printable } from "../../../src/core/printable.ts";
import { menuTriggerClass } from "../ui/menu.ts";
import { useSession } from "../yard/session.tsx";

const load = () => import("./account_menu.tsx");
const AccountMenu = lazy(async () => ({ default: (await load()).AccountMenu }));

/** Who looks. The menu behind it is loaded when somebody is about to open it. */
export function AccountButton() {
  const { user } = useSession();
  const [isWanted, setWanted] = useState(false);
  const label = (
    <>
      <User aria-hidden="true" />
      <span className="max-w-32 truncate">{printable(user)}</span>
    </>
  );
  const button = (
    <button
      type="button"
      aria-haspopup="menu"
      className={menuTriggerClass}
      onPointerEnter={() => void load()}
      onFocus={() => void load()}
      onClick={() => setWanted(true)}
    >
      {label}
    </button>
  );
  return isWanted ? (
    <Suspense fallback={button}>
      <AccountMenu label={label} />
    </Suspense>
  ) : (
    button
  );
}
