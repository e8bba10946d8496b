import { useState } from "react";
import { Button } from "../ui/button.tsx";
import { CopyButton } from "../ui/copy_button.tsx";
import { tellProblem } from "../ui/toast.tsx";
import { call } from "../yard/client.ts";

/** What webhooks are signed with; asked for only where somebody wants to see it. */
export function SigningSecret() {
  const [secret, setSecret] = useState<string | null>(null);

  async function show(): Promise<void> {
    try {
      setSecret((await call("noticeSecret")).secret);
    } catch (error) {
      tellProblem(error);
    }
  }

  return (
    <div className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1 text-sm text-muted">
      <p className="min-w-0">Webhooks are signed, so that their receivers know that this yard has sent them.</p>
      {secret === null ? (
        <Button className="ml-auto" onClick={() => void show()}>
          Show the secret
        </Button>
      ) : (
        <p className="flex min-w-0 items-center gap-1">
          <code className="min-w-0 [overflow-wrap:anywhere] text-ink">{secret}</code>
          <CopyButton text={secret} label="Copy the secret" />
        </p>
      )}
    </div>
  );
}
