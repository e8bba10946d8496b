import type { Slot } from "../core/demand.ts";
import { type Ledger, openLedger } from "../core/ledger.ts";
import { type Hardware, itself, UNKNOWN_HARDWARE } from "../core/machine.ts";

/** Those who want a slot of this machine, in the order in which they came, and those who hold one. */
export interface Line<Who extends { slot: Slot }> {
  /** Stands in line until `advance` finds its slot free. */
  join(who: Who): void;
  /** Holds its slot from now on, whoever else does. */
  seat(who: Who): void;
  /** Wants nothing more: it stands in line no longer, and the slot that it held is free. */
  leave(who: Who): void;
  /** Calls up those whose slot is free, in order. */
  advance(): void;
  /** The machine's slots (null: GPUs and cores are counted) or hardware have changed. Who holds a slot keeps it. */
  refit(slots: string[] | null, hardware: Hardware): void;
  /** Whether several may hold one GPU, as slots named by hand may say. */
  sharesGpus(): boolean;
}

/**
 * @param callUp  its slot is free, and held for it from now on
 * @param sendAway  its slot is no longer there, so it waits for nothing
 */
export function openLine<Who extends { slot: Slot }>(
  callUp: (who: Who) => void,
  sendAway: (who: Who) => void,
): Line<Who> {
  const waiting = new Set<Who>();
  const holding = new Set<Who>();
  let slots: string[] | null = null;
  let ledger: Ledger = openLedger(itself(null, UNKNOWN_HARDWARE));
  /** The machine's account with nothing held. */
  let idle = ledger;

  function seat(who: Who): void {
    waiting.delete(who);
    if (holding.has(who)) return;
    holding.add(who);
    ledger.hold(who.slot);
  }

  function advance(): void {
    for (const who of waiting) {
      if (ledger.isFree(who.slot)) {
        seat(who);
        callUp(who);
      } else if (!idle.isFree(who.slot)) {
        waiting.delete(who);
        sendAway(who);
      }
    }
  }

  return {
    join: (who) => waiting.add(who),
    seat,
    leave(who) {
      waiting.delete(who);
      if (holding.delete(who)) ledger.release(who.slot);
    },
    advance,
    refit(newSlots, hardware) {
      slots = newSlots;
      idle = openLedger(itself(slots, hardware));
      ledger = openLedger(itself(slots, hardware));
      for (const { slot } of holding) ledger.hold(slot);
    },
    sharesGpus: () => slots !== null,
  };
}
