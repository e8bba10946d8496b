import { Pause, Play, Rows3, Stethoscope } from "lucide-react";
import { useState } from "react";
import type { Machine } from "../../../src/api/machine.ts";
import { counted } from "../../../src/core/number_text.ts";
import { printable } from "../../../src/core/printable.ts";
import { Button } from "../ui/button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { useSession } from "../yard/session.tsx";
import { CheckDialog } from "./check_dialog.tsx";
import { setMachine } from "./set_machine.ts";
import { SlotsDialog } from "./slots_dialog.tsx";

type Asked = "drain" | "slots" | "check" | null;

/** What an administrator can do to a machine. */
export function MachineActions({ machine }: { machine: Machine }) {
  const { role } = useSession();
  const [asked, setAsked] = useState<Asked>(null);
  if (role !== "admin") return null;
  const name = printable(machine.name);
  const close = () => setAsked(null);
  return (
    <div className="ml-auto flex flex-wrap gap-2">
      {machine.drained ? (
        <Button
          aria-label={`Resume ${name}`}
          onClick={() => void setMachine(machine.name, { drained: false }, `${name} takes runs again.`)}
        >
          <Play aria-hidden="true" /> Resume
        </Button>
      ) : (
        <Button aria-label={`Drain ${name}`} onClick={() => setAsked("drain")}>
          <Pause aria-hidden="true" /> Drain …
        </Button>
      )}
      {machine.driver !== "slurm" && (
        <Button aria-label={`Slots of ${name}`} onClick={() => setAsked("slots")}>
          <Rows3 aria-hidden="true" /> Slots …
        </Button>
      )}
      {machine.driver !== "agent" && (
        <Button aria-label={`Check ${name}`} onClick={() => setAsked("check")}>
          <Stethoscope aria-hidden="true" /> Check …
        </Button>
      )}
      <Confirm
        isOpen={asked === "drain"}
        onClose={close}
        title={`Drain ${name}?`}
        action={`Drain ${name}`}
        look="primary"
        onConfirm={() => void setMachine(machine.name, { drained: true }, `${name} starts nothing more.`)}
      >
        <p>
          Nothing more starts on it until it is resumed.{" "}
          {machine.running.length === 0
            ? "Nothing runs there now."
            : `What runs there goes on to its end, and nothing of it is lost: ${counted(machine.running.length, "run")} now.`}{" "}
          What was given to it and has not begun goes back to the queue.
        </p>
      </Confirm>
      {asked === "slots" && <SlotsDialog machine={machine} onClose={close} />}
      {asked === "check" && <CheckDialog machine={machine} onClose={close} />}
    </div>
  );
}
