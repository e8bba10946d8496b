import type { Machine } from "../../../src/api/machine.ts";
import { gpusNamed } from "../../../src/core/machine.ts";
import { counted } from "../../../src/core/number_text.ts";

/** The slots that are set, without those that are let go when their runs end; null: there are none by hand. */
export function listedSlots({ slots }: Pick<Machine, "slots">): string[] | null {
  return slots?.filter(({ draining }) => !draining).map(({ devices }) => devices) ?? null;
}

/** What becomes of what runs when a machine's slots are set so. */
export function afterSlots({ gpus, holders }: Pick<Machine, "gpus" | "holders">, slots: string[] | null): string {
  if (holders.length === 0) return "Nothing runs there now.";
  const goOn = "What runs there goes on to its end, and nothing of it is lost.";
  if (slots === null) return goOn;
  const left = slots.map((devices) => gpusNamed(gpus, devices).join());
  const stranded = holders.filter((holder) => {
    const at = left.indexOf(gpusNamed(gpus, holder.devices).join());
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
  if (stranded.length === 0) return goOn;
  const runs = stranded.map(({ run }) => run);
  const shown = runs.length > 4 ? counted(runs.length, "run") : runs.join(", ");
  return `${goOn} The slot${runs.length === 1 ? "" : "s"} of ${shown} will be gone after that.`;
}
