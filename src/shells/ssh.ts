import { finished } from "node:stream/promises";
import type { Login } from "../core/login.ts";
import { collect } from "../platform/collect.ts";
import { bad, good } from "../platform/result.ts";
import type { SshPlace } from "./client.ts";
import { openConnection } from "./connection.ts";
import type { Host } from "./host.ts";
import { sshProblem, type Trouble } from "./problem.ts";
import { openSessions, silent, within } from "./sessions.ts";

const RUN_MS = 30_000;
const OUTPUT_BYTES = 4 * 1024 * 1024;

/**
 * A machine behind ssh. All scripts go over one connection, which outlives this process: the next yard finds it.
 *
 * @param machine  the name under which the user knows it
 */
export function openSshHost(machine: string, login: Login, place: SshPlace): Host {
  const connection = openConnection(login, place);
  const sessions = openSessions(connection);
  const refuse = (trouble: Trouble) => bad(sshProblem(machine, trouble));

  return {
    async connect({ anew = false } = {}) {
      const linked = await connection.link(anew);
      return linked.ok ? good(null) : refuse(linked.problem);
    },

    async run(script, { input = "", deadlineMs = RUN_MS, maxOutputBytes = OUTPUT_BYTES } = {}) {
      const begun = await sessions.begin(script, deadlineMs);
      if (!begun.ok) return refuse(begun.problem);
      const running = begun.value;
      if (running === null) {
        return good({ kind: "timed_out", deadlineMs, stdout: Buffer.alloc(0), stderr: "", truncated: false });
      }
      const { bytes, truncated } = collect(running.stdout, maxOutputBytes);
      const output = () => ({ stdout: bytes(), truncated: truncated() });
      const allRead = finished(running.stdout, { writable: false }).catch(() => {});
      running.stdin.end(input);
      const both = Promise.all([sessions.end(running), allRead]);
      const ended = await within(running.deadline - performance.now(), both);
      if (ended === null) {
        if (!(await sessions.kill(running))) return refuse(silent(deadlineMs));
        return good({ kind: "timed_out", deadlineMs, ...output(), stderr: (await running.ended).stderr });
      }
      const [end] = ended;
      return end.ok ? good({ kind: "exited", ...end.value, ...output() }) : refuse(end.problem);
    },

    async open(script, { deadlineMs = RUN_MS } = {}) {
      const begun = await sessions.begin(script, deadlineMs);
      if (!begun.ok) return refuse(begun.problem);
      const running = begun.value;
      if (running === null) return refuse({ code: "no_shell", said: `nothing within ${deadlineMs / 1000} s` });
      return good({
        stdin: running.stdin,
        stdout: running.stdout,
        ended: sessions.end(running).then((end) => (end.ok ? end : refuse(end.problem))),
        async kill() {
          await sessions.kill(running);
        },
      });
    },

    async close(all = false) {
      sessions.dropAll();
      await connection.close(all);
    },
  };
}
