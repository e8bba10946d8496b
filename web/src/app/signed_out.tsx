import { Command } from "../ui/command.tsx";

/** Whom the yard does not know: how to get in. */
export function SignedOut({ why }: { why: { code: string; detail: string } }) {
  return (
    <main className="mx-auto flex min-h-dvh max-w-md flex-col justify-center gap-4 p-6">
      <img src="/icon.svg" alt="" className="size-10" />
      <h1 className="text-xl font-semibold">
        {why.code === "no_such_login" ? "This link no longer works" : "Open the panel"}
      </h1>
      <p className="text-muted">
        {why.code === "no_such_login"
          ? "A link lets one browser in, once, within a minute. Get a new one on a machine that reaches the yard:"
          : "The yard does not know this browser. Get a link on a machine that reaches the yard, and open it here:"}
      </p>
      <Command text="runyard open" />
    </main>
  );
}
