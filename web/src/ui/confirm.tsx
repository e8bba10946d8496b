import { lazy, Suspense, useRef } from "react";
import type { ConfirmProps } from "./confirm_dialog.tsx";

const ConfirmDialog = lazy(async () => ({ default: (await import("./confirm_dialog.tsx")).ConfirmDialog }));

/** Asks before something that cannot be taken back, and is loaded when it first does. */
export function Confirm(props: ConfirmProps) {
  const wasOpen = useRef(false);
  if (props.isOpen) wasOpen.current = true;
  return wasOpen.current ? (
    <Suspense>
      <ConfirmDialog {...props} />
    </Suspense>
  ) : null;
}
