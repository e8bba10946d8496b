import { Plus, Trash2 } from "lucide-react";
import { useId, useState } from "react";
import type { Machine } from "../../../src/api/machine.ts";
import { printable } from "../../../src/core/printable.ts";
import { objectionToSlot } from "../../../src/core/slot_devices.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { TextField } from "../ui/field.tsx";
import { Panel } from "../ui/panel.tsx";
import { Segments } from "../ui/segments.tsx";
import { setMachine } from "./set_machine.ts";
import { afterSlots, listedSlots } from "./slot_changes.ts";

/** A slot as it is being edited. */
interface Line {
  key: number;
  devices: string;
}

/** Which runs a machine takes at once: counted by itself, or in slots by hand. */
export function SlotsDialog({ machine, onClose }: { machine: Machine; onClose(): void }) {
  const name = printable(machine.name);
  // What was seen when the dialog opened: if somebody else has changed it meanwhile, nothing is set.
  const [seen] = useState(() => listedSlots(machine));
  const [isByHand, setByHand] = useState(seen !== null);
  const [lines, setLines] = useState<readonly Line[]>(() => linesOf(seen ?? machine.gpus.map(({ index }) => index)));
  const [isSetting, setSetting] = useState(false);
  const hint = useId();
  const slots = isByHand ? lines.map(({ devices }) => devices.trim()) : null;
  const objection = slots?.map(objectionToSlot).find((one) => one !== null) ?? null;
  const isSame = JSON.stringify(slots) === JSON.stringify(seen);

  async function set(): Promise<void> {
    setSetting(true);
    const said = slots === null ? `${name} counts its GPUs and cores.` : `The slots of ${name} are set.`;
    await setMachine(machine.name, { slots, expectSlots: seen }, said);
    onClose();
  }

  return (
    <Panel isOpen onClose={onClose} title={`Slots of ${name}`}>
      <form
        className="mt-3 flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          if (objection === null && !isSame) void set();
        }}
      >
        <div className="flex">
          <Segments
            label="How runs are counted"
            value={isByHand ? "hand" : "counted"}
            options={[
              { value: "counted", label: "Counted by itself" },
              { value: "hand", label: "Slots by hand" },
            ]}
            onChange={(value) => setByHand(value === "hand")}
          />
        </div>
        {isByHand ? (
          <>
            <p id={hint} className="text-sm text-muted">
              Each slot takes one run at a time, and is what CUDA_VISIBLE_DEVICES says to it: <code>0</code>,{" "}
              <code>0,1</code> for a pair, nothing for a run without a GPU. A GPU that stands in two slots is shared.
            </p>
            <ul className="flex flex-col gap-1.5">
              {lines.map(({ key, devices }, at) => (
                <li key={key} className="flex items-center gap-2">
                  <span className="w-5 text-right text-sm text-muted">{at + 1}</span>
                  <TextField
                    label={`Devices of slot ${at + 1}`}
                    aria-describedby={hint}
                    aria-invalid={objectionToSlot(devices.trim()) !== null}
                    className="flex-1 font-mono"
                    placeholder="no GPU"
                    value={devices}
                    onChange={(event) => setLines(lines.with(at, { key, devices: event.target.value }))}
                  />
                  <IconButton
                    label={`Remove slot ${at + 1}`}
                    onClick={() => setLines(lines.filter((line) => line.key !== key))}
                  >
                    <Trash2 />
                  </IconButton>
                </li>
              ))}
            </ul>
            <Button className="self-start" onClick={() => setLines([...lines, { key: nextKey(lines), devices: "" }])}>
              <Plus aria-hidden="true" /> Add a slot
            </Button>
          </>
        ) : (
          <p className="text-sm text-muted">
            Each GPU takes one run at a time; runs without a GPU are counted by their cores and memory.
          </p>
        )}
        <p role="status" className={`text-sm ${objection === null ? "text-muted" : "text-failed"}`}>
          {objection ?? afterSlots(machine, slots)}
        </p>
        <Button type="submit" look="primary" disabled={objection !== null || isSame || isSetting} className="self-end">
          Set the slots
        </Button>
      </form>
    </Panel>
  );
}

function linesOf(slots: readonly string[]): Line[] {
  return slots.map((devices, key) => ({ key, devices }));
}

function nextKey(lines: readonly Line[]): number {
  return Math.max(-1, ...lines.map(({ key }) => key)) + 1;
}
