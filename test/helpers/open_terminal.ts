import { spawn } from "node:child_process";
import { shellQuote } from "../../src/core/shell_quote.ts";
import type { TestYard } from "./a_yard.ts";

/** A terminal of its own (util-linux' `script`) in which a command of the command line runs. Closing it hangs it up. */
export function openTerminal(yard: TestYard, args: string[]) {
  const { command, environment } = yard.program;
  const line = [...command, ...args].map(shellQuote).join(" ");
  const child = spawn("script", ["-qfec", `exec ${line}`, "/dev/null"], {
    cwd: yard.folder,
    env: { ...environment, TERM: "xterm", SHELL: "/bin/sh" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  return { pid: child.pid ?? 0, text: () => text, close: () => void child.kill("SIGKILL") };
}
