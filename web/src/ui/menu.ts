/** How menus look, wherever they open. */
export const menuPopupClass =
  "min-w-48 rounded-lg border border-line bg-raised p-1 shadow-float outline-none max-h-(--available-height) overflow-auto";
export const menuItemClass =
  "flex cursor-default items-center gap-2 rounded-md px-3 py-1.5 text-sm outline-none data-disabled:opacity-50 data-highlighted:bg-sunken [&_svg]:size-4 [&_svg]:text-muted";
export const menuTriggerClass =
  "flex h-8 items-center gap-1.5 rounded-md px-2 text-sm font-medium text-muted hover:bg-sunken hover:text-ink [&_svg]:size-4";
