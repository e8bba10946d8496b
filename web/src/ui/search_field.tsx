import { Search } from "lucide-react";
import { useRef } from "react";
import { TextField } from "./field.tsx";
import { useShortcuts } from "./shortcuts.ts";
import { useTyped } from "./use_typed.ts";

interface SearchFieldProps {
  /** What is searched. */
  label: string;
  value: string;
  /** Told when whoever types pauses. */
  onTyped(text: string): void;
}

/** What a list is searched for. `/` leads to it, Escape away. */
export function SearchField({ label, value, onTyped }: SearchFieldProps) {
  const [text, setText] = useTyped(value, onTyped);
  const field = useRef<HTMLInputElement>(null);
  useShortcuts({ "/": () => field.current?.focus() });
  return (
    <div className="relative min-w-40 flex-1 sm:max-w-72">
      <Search aria-hidden="true" className="pointer-events-none absolute top-2 left-2.5 size-4 text-muted" />
      <TextField
        ref={field}
        type="search"
        label={label}
        placeholder="Search   /"
        className="w-full pl-8"
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
      />
    </div>
  );
}
