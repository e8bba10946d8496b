import { Mail, MessageSquare, Send, SquareTerminal, Trash2, Webhook } from "lucide-react";
import { useState } from "react";
import type { NoticeTargetShown } from "../../../src/api/notice.ts";
import type { NoticeTarget } from "../../../src/core/notice_target.ts";
import { describeSorts, kindWords } from "../../../src/core/notice_words.ts";
import { printable } from "../../../src/core/printable.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { Card } from "./card.tsx";
import { removeTarget, testTarget } from "./deeds.ts";
import { SigningSecret } from "./signing_secret.tsx";

/** Where one is told of things, each with what can be done to it. */
export function TargetsCard({ targets }: { targets: readonly NoticeTargetShown[] }) {
  const isSigned = targets.some(({ target }) => target.startsWith("webhook:"));
  return (
    <Card title="Where you are told" about="Of each job of yours, and of machines that you look after.">
      {targets.length === 0 ? (
        <p className="rounded-md bg-sunken px-3 py-4 text-center text-sm text-muted">
          Nowhere yet. Add a target below, or turn on notifications in this browser.
        </p>
      ) : (
        <ul className="divide-y divide-line rounded-md border border-line">
          {targets.map((target) => (
            <Target key={target.id} target={target} />
          ))}
        </ul>
      )}
      {isSigned && <SigningSecret />}
    </Card>
  );
}

const icons: Record<NoticeTarget["kind"], typeof Mail> = {
  email: Mail,
  slack: MessageSquare,
  webhook: Webhook,
  command: SquareTerminal,
};

function Target({ target: { id, target, on } }: { target: NoticeTargetShown }) {
  const [isTesting, setTesting] = useState(false);
  const [isAsking, setAsking] = useState(false);
  const kind = target.slice(0, target.indexOf(":")) as NoticeTarget["kind"];
  const where = printable(target.slice(kind.length + 1));
  const Icon = icons[kind];

  async function test(): Promise<void> {
    setTesting(true);
    await testTarget(id);
    setTesting(false);
  }

  return (
    <li className="flex items-center gap-3 px-3 py-2">
      <Icon className="size-4 shrink-0 text-muted" aria-hidden="true" />
      <div className="min-w-0 flex-1">
        <p className="truncate font-medium" title={where}>
          {where}
        </p>
        <p className="text-xs text-muted">
          {kindWords[kind]}, told of {describeSorts(on)}
        </p>
      </div>
      <div className="ml-auto flex items-center gap-1">
        <Button disabled={isTesting} onClick={() => void test()} aria-label={`Send a test to ${where}`}>
          <Send aria-hidden="true" />
          <span className="max-sm:sr-only">{isTesting ? "Sending …" : "Test"}</span>
        </Button>
        <IconButton label={`Remove ${where}`} onClick={() => setAsking(true)}>
          <Trash2 />
        </IconButton>
      </div>
      <Confirm
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        title={`Be told nothing more at ${where}?`}
        action="Remove it"
        onConfirm={() => void removeTarget(id)}
      >
        What still waits to be told there is dropped. You can add it again.
      </Confirm>
    </li>
  );
}
