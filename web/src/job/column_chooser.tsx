import { Columns3 } from "lucide-react";
import { lazy } from "react";
import { buttonClass } from "../ui/button.tsx";
import { MenuButton } from "../ui/menu_button.tsx";
import type { ColumnMenuProps } from "./column_menu.tsx";

const load = () => import("./column_menu.tsx");
const ColumnMenu = lazy(async () => ({ default: (await load()).ColumnMenu }));

/** Chooses which columns are shown. */
export function ColumnChooser({ label, ...columns }: Omit<ColumnMenuProps, "label"> & { label: string }) {
  const shown = (
    <>
      <Columns3 aria-hidden="true" />
      {label}
    </>
  );
  return (
    <MenuButton label={shown} className={buttonClass()} load={load}>
      <ColumnMenu label={shown} {...columns} />
    </MenuButton>
  );
}
