import { Plus } from "lucide-react";
import { type FormEvent, useState } from "react";
import type { Answer } from "../../../src/client/client.ts";
import { isNoTarget, type NoticeSort, type NoticeTarget, parseTarget } from "../../../src/core/notice_target.ts";
import { kindWords } from "../../../src/core/notice_words.ts";
import { Button } from "../ui/button.tsx";
import { Choice } from "../ui/field.tsx";
import { LabelledCheckbox, LabelledField } from "../ui/labelled.tsx";
import { useSession } from "../yard/session.tsx";
import { Card } from "./card.tsx";
import { addTarget } from "./deeds.ts";

type Kind = NoticeTarget["kind"];

const kinds = Object.entries(kindWords).map(([value, label]) => ({ value, label }));

const fields: Record<Exclude<Kind, "command">, { label: string; placeholder: string; hint: string }> = {
  email: { label: "Address", placeholder: "ada@example.org", hint: "one plain address" },
  slack: {
    label: "Address of the incoming webhook",
    placeholder: "https://hooks.slack.com/services/…",
    hint: "Slack's, Mattermost's, Rocket.Chat's; Discord's with /slack at the end. It is kept secret.",
  },
  webhook: {
    label: "Address",
    placeholder: "https://hooks.example.org/runyard",
    hint: "It gets each notice as signed JSON, by POST.",
  },
};

const ends = [
  { value: "ended", label: "every job of mine that ends" },
  { value: "failed", label: "jobs of mine that fail" },
  { value: "none", label: "only jobs submitted with --notify" },
] as const;

/** Adds where one is told of things. */
export function NewTarget({ can }: { can: Answer<"listNoticeTargets">["can"] }) {
  const { role } = useSession();
  const [kind, setKind] = useState<Kind>(can.email ? "email" : "slack");
  const [written, setWritten] = useState("");
  const [end, setEnd] = useState<(typeof ends)[number]["value"]>("ended");
  const [isHelping, setHelping] = useState(true);
  const [isTried, setTried] = useState(false);
  const [isSending, setSending] = useState(false);

  const [firstCommand = ""] = can.commands;
  const text = kind === "command" ? written || firstCommand : written.trim();
  const target = parseTarget(`${kind}:${text}`);
  const missing = whatIsMissing(kind, can, role === "admin");
  const mistake = isTried && isNoTarget(target) ? target.misread : null;
  const sorts: NoticeSort[] = [...(end === "none" ? [] : [end]), ...(isHelping ? (["help"] as const) : [])];

  async function add(event: FormEvent): Promise<void> {
    event.preventDefault();
    setTried(true);
    if (isNoTarget(target) || missing !== null) return;
    setSending(true);
    if (await addTarget(`${kind}:${text}`, sorts)) {
      setWritten("");
      setTried(false);
    }
    setSending(false);
  }

  return (
    <Card title="Add a target">
      <form className="flex flex-col gap-3" noValidate onSubmit={(event) => void add(event)}>
        <div className="grid items-start gap-3 sm:grid-cols-[9rem_minmax(0,1fr)]">
          <div className="flex flex-col gap-1">
            <span aria-hidden="true" className="text-sm font-medium">
              By
            </span>
            <Choice
              label="By"
              className="h-9"
              value={kind}
              options={kinds}
              onChange={(value) => {
                setKind(value as Kind);
                setWritten("");
                setTried(false);
              }}
            />
          </div>
          {missing !== null ? (
            <p className="self-center text-sm text-muted sm:pt-5">{missing}</p>
          ) : kind === "command" ? (
            <div className="flex flex-col gap-1">
              <span aria-hidden="true" className="text-sm font-medium">
                Command
              </span>
              <Choice
                label="Command"
                className="h-9"
                value={text}
                options={can.commands.map((name) => ({ value: name, label: name }))}
                onChange={setWritten}
              />
            </div>
          ) : (
            <LabelledField
              key={kind}
              {...fields[kind]}
              inputMode={kind === "email" ? "email" : "url"}
              value={written}
              mistake={mistake}
              onChange={(event) => setWritten(event.target.value)}
            />
          )}
        </div>
        <div className="flex flex-wrap items-end gap-x-6 gap-y-3">
          <div className="flex min-w-0 flex-col gap-1">
            <span aria-hidden="true" className="text-sm font-medium">
              Of
            </span>
            <Choice
              label="Of"
              className="h-9"
              value={end}
              options={ends}
              onChange={(value) => setEnd(value as typeof end)}
            />
          </div>
          <LabelledCheckbox
            className="pb-2"
            label="and of machines that need help"
            checked={isHelping}
            onChange={(event) => setHelping(event.target.checked)}
          />
          <Button type="submit" look="primary" className="ml-auto h-9" disabled={isSending || missing !== null}>
            <Plus aria-hidden="true" />
            Add
          </Button>
        </div>
      </form>
    </Card>
  );
}

/** Why nobody can be told in this way here; null: one can. */
function whatIsMissing(kind: Kind, can: Answer<"listNoticeTargets">["can"], isAdmin: boolean): string | null {
  if (kind === "email" && !can.email)
    return isAdmin
      ? "This yard sends no mail yet. Name a mail server: runyard notify setup --smtp HOST --from ADDRESS"
      : "This yard sends no mail yet. Ask its administrator to name a mail server.";
  if (kind === "command" && can.commands.length === 0)
    return isAdmin
      ? "There is no command yet. Give one a name: runyard notify setup --command NAME -- /path/to/program"
      : "There is no command yet. Ask the yard's administrator for one.";
  return null;
}
