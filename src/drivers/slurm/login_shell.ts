import { shellQuote } from "../../core/shell_quote.ts";
import type { Host } from "../../shells/host.ts";

/** What a login shell there sets and defines, kept beside the launcher for tasks to begin with. */
export interface LoginShell {
  /** Looks, where that was not done lately. Resolves once something is there: for what is only old nobody waits. */
  ensure(home: string): Promise<void>;
  /** It may be gone: a new connection. */
  reset(): void;
}

/** Who changes a profile finds it changed after so long. */
const FRESH_MS = 60_000;
/** A profile may wait for a lock, or ask for something. */
const DEADLINE_MS = 20_000;

/**
 * Slurm's own way (`--export=NONE`) is to log in on the node before each task: a thousand short runs pay for a thousand logins,
 * and one that takes long has Slurm give up the task or its node. One for all of them tells the same.
 */
export function openLoginShell(host: Host, log: (text: string) => void): LoginShell {
  let seenAt = Number.NEGATIVE_INFINITY;
  let isThere = false;
  let looking: Promise<void> | null = null;

  async function look(home: string): Promise<void> {
    const ran = await host.run(loginScript(home), { deadlineMs: DEADLINE_MS }).catch(() => null);
    // Without it runs begin with what Slurm sets and what their pool says.
    if (!ran?.ok || ran.value.kind !== "exited" || ran.value.code !== 0)
      log(
        `what a login shell sets could not be seen; runs begin ${isThere ? "with what it set before" : "without it"}`,
      );
    else isThere = true;
    seenAt = Date.now();
  }

  return {
    async ensure(home) {
      if (Date.now() - seenAt >= FRESH_MS) {
        looking ??= look(home).finally(() => {
          looking = null;
        });
      }
      if (!isThere) await looking;
    },
    reset() {
      seenAt = Number.NEGATIVE_INFINITY;
      isThere = false;
    },
  };
}

/** bash's functions too: `module` is one. What its files print goes nowhere. */
function loginScript(home: string): string {
  const file = shellQuote(`${home}/cluster/login.sh`);
  const tell = "unset PWD OLDPWD SHLVL _; { declare -f; export -p; } >&3";
  return [
    `mkdir -p -m 700 ${shellQuote(`${home}/cluster`)} && umask 077 || exit`,
    `env -i HOME="$HOME" USER="$(id -un)" LOGNAME="$(id -un)" SHELL="\${SHELL:-/bin/bash}" PATH=/usr/local/bin:/usr/bin:/bin \\`,
    `  /bin/bash -lc ${shellQuote(tell)} 3>${file}.new >/dev/null 2>&1 </dev/null && [ -s ${file}.new ] && mv ${file}.new ${file}`,
  ].join("\n");
}
