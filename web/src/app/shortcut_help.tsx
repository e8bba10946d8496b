import { Panel } from "../ui/panel.tsx";

const groups: { title: string; keys: [keys: string, what: string][] }[] = [
  {
    title: "Everywhere",
    keys: [
      ["?", "this help"],
      ["Shift Q", "to the queue"],
      ["/", "search"],
      ["Esc", "close, or leave the search"],
    ],
  },
  {
    title: "In a list",
    keys: [
      ["j k", "next and previous row or machine; in tables arrows do the same"],
      ["Enter", "open it"],
      ["x", "select the row, or not"],
      ["Shift X", "select all from the last one on"],
      ["Home End", "to the first and the last row"],
    ],
  },
  { title: "In the form of a new job", keys: [["Ctrl Enter", "queue it"]] },
];

export function ShortcutHelp({ isOpen, onClose }: { isOpen: boolean; onClose(): void }) {
  return (
    <Panel isOpen={isOpen} onClose={onClose} title="Keyboard shortcuts">
      {groups.map(({ title, keys }) => (
        <section key={title} className="mt-4">
          <h3 className="mb-2 text-sm font-semibold">{title}</h3>
          <dl className="grid grid-cols-[auto_1fr] items-center gap-x-4 gap-y-1.5">
            {keys.map(([names, what]) => (
              <div key={names} className="contents">
                <dt className="flex gap-1">
                  {names.split(" ").map((name) => (
                    <kbd key={name} className="min-w-6 rounded border border-line bg-sunken px-1.5 text-center text-xs">
                      {name}
                    </kbd>
                  ))}
                </dt>
                <dd className="text-muted">{what}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </Panel>
  );
}
