import { Menu } from "@base-ui/react/menu";
import { Check } from "lucide-react";
import type { ReactNode } from "react";
import { printable } from "../../../src/core/printable.ts";
import { buttonClass } from "../ui/button.tsx";
import { menuItemClass, menuPopupClass } from "../ui/menu.ts";
import { columnTitle } from "./run_columns.tsx";

export interface ColumnMenuProps {
  /** What stands on its button. */
  label: ReactNode;
  /** All there are. */
  names: readonly string[];
  chosen: readonly string[];
  /** Null: as usual. */
  onChoose(names: readonly string[] | null): void;
}

const groups = [
  { title: "Runs", has: (name: string) => !/^(params|metrics|result)\./.test(name) },
  { title: "Parameters", has: (name: string) => name.startsWith("params.") },
  { title: "Results", has: (name: string) => name.startsWith("result.") },
  { title: "Last metrics", has: (name: string) => name.startsWith("metrics.") },
];

/** Which columns are shown; open from the beginning. */
export function ColumnMenu({ label, names, chosen, onChoose }: ColumnMenuProps) {
  const toggle = (name: string, isOn: boolean) => {
    // In the order in which they are listed, wherever one was added.
    onChoose(names.filter((one) => (one === name ? isOn : chosen.includes(one))));
  };
  return (
    <Menu.Root defaultOpen>
      <Menu.Trigger className={buttonClass()}>{label}</Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner align="end" sideOffset={6} className="z-40">
          <Menu.Popup className={menuPopupClass}>
            {groups.map(({ title, has }) => {
              const own = names.filter(has);
              if (own.length === 0) return null;
              return (
                <Menu.Group key={title}>
                  <Menu.GroupLabel className="px-3 pt-2 pb-1 text-xs font-medium text-muted">{title}</Menu.GroupLabel>
                  {own.map((name) => (
                    <Menu.CheckboxItem
                      key={name}
                      className={menuItemClass}
                      checked={chosen.includes(name)}
                      onCheckedChange={(isOn) => toggle(name, isOn)}
                    >
                      <span className="w-4">
                        <Menu.CheckboxItemIndicator>
                          <Check aria-hidden="true" />
                        </Menu.CheckboxItemIndicator>
                      </span>
                      <span title={printable(name)}>{columnTitle(name)}</span>
                    </Menu.CheckboxItem>
                  ))}
                </Menu.Group>
              );
            })}
            <hr className="my-1 border-line" />
            <Menu.Item className={menuItemClass} onClick={() => onChoose(null)}>
              <span className="w-4" /> As usual
            </Menu.Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
