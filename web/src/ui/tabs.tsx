import { Tabs as BaseTabs } from "@base-ui/react/tabs";
import type { ReactNode } from "react";

interface TabsProps<Key extends string> {
  label: string;
  /** Which one is shown. */
  current: Key;
  tabs: readonly { key: Key; label: string; content: ReactNode }[];
  onChange(key: Key): void;
}

/** One of several views of a thing. Arrows move between them. */
export function Tabs<Key extends string>({ label, current, tabs, onChange }: TabsProps<Key>) {
  return (
    <BaseTabs.Root
      value={current}
      onValueChange={(key: Key) => onChange(key)}
      className="flex min-h-0 min-w-0 flex-1 flex-col gap-3"
    >
      <BaseTabs.List aria-label={label} className="flex gap-1 overflow-x-auto border-b border-line">
        {tabs.map((tab) => (
          <BaseTabs.Tab
            key={tab.key}
            value={tab.key}
            className="-mb-px h-9 shrink-0 border-b-2 border-transparent px-3 text-sm font-medium text-muted hover:text-ink data-active:border-accent data-active:text-ink"
          >
            {tab.label}
          </BaseTabs.Tab>
        ))}
      </BaseTabs.List>
      {tabs.map((tab) => (
        <BaseTabs.Panel key={tab.key} value={tab.key} className="flex min-h-0 flex-1 flex-col outline-offset-[-2px]">
          {tab.content}
        </BaseTabs.Panel>
      ))}
    </BaseTabs.Root>
  );
}
