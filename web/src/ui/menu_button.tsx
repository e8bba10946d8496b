import { type ReactNode, Suspense, useState } from "react";

interface MenuButtonProps {
  /** What stands on it. */
  label: ReactNode;
  className: string;
  /** Brings the menu along, before it is opened. */
  load(): Promise<unknown>;
  /** The menu, open from the beginning, with a button like this one. */
  children: ReactNode;
}

/** A button with a menu behind it, which is loaded when somebody is about to open it. */
export function MenuButton({ label, className, load, children }: MenuButtonProps) {
  const [isWanted, setWanted] = useState(false);
  const button = (
    <button
      type="button"
      aria-haspopup="menu"
      aria-expanded={false}
      className={className}
      onPointerEnter={() => void load()}
      onFocus={() => void load()}
      onClick={() => setWanted(true)}
    >
      {label}
    </button>
  );
  return isWanted ? <Suspense fallback={button}>{children}</Suspense> : button;
}
