import { lazy, Suspense, useRef } from "react";
import type { PanelProps } from "./panel_dialog.tsx";

const PanelDialog = lazy(async () => ({ default: (await import("./panel_dialog.tsx")).PanelDialog }));

/** A dialog over the page; Esc closes it. It is loaded when it is first opened. */
export function Panel(props: PanelProps) {
  const wasOpen = useRef(false);
  if (props.isOpen) wasOpen.current = true;
  return wasOpen.current ? (
    <Suspense>
      <PanelDialog {...props} />
    </Suspense>
  ) : null;
}
