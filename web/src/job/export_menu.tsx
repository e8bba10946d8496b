import { Menu } from "@base-ui/react/menu";
import type { ReactNode } from "react";
import { pathOf } from "../../../src/client/client.ts";
import { buttonClass } from "../ui/button.tsx";
import { menuItemClass, menuPopupClass } from "../ui/menu.ts";

interface ExportMenuProps {
  /** What stands on its button. */
  label: ReactNode;
  job: number;
  where: string;
  sort: string;
}

/** The runs that are shown as a file, in one form or another; open from the beginning. */
export function ExportMenu({ label, job, where, sort }: ExportMenuProps) {
  const formats = [
    { format: "csv", label: "CSV, for spreadsheets and pandas" },
    { format: "json", label: "JSON, all that is known of each" },
  ];
  return (
    <Menu.Root defaultOpen>
      <Menu.Trigger className={buttonClass()}>{label}</Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner align="end" sideOffset={6} className="z-40">
          <Menu.Popup className={menuPopupClass}>
            <p className="px-3 py-1.5 text-xs text-muted">
              {where === "" ? "All runs" : "The runs that are shown"}, in their order
            </p>
            {formats.map(({ format, label }) => (
              <Menu.Item
                key={format}
                className={menuItemClass}
                render={
                  // biome-ignore lint/a11y/useAnchorContent: the item puts its label in it
                  <a download href={pathOf("exportRuns", { job }, { format, sort, ...(where !== "" && { where }) })} />
                }
              >
                {label}
              </Menu.Item>
            ))}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
