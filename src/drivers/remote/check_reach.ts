import type { Check } from "../../core/enquiry.ts";
import { describeLogin, type Login } from "../../core/login.ts";
import type { HostKey } from "../../shells/host_key.ts";
import type { SshProblem } from "../../shells/problem.ts";

/**
 * How far one comes on the way to a machine, one line each.
 *
 * @param hostKey  null: nobody asked for it
 * @param problem  what stands in the way; null: it was reached
 */
export function checkReach(login: Login, hostKey: HostKey | null, problem: SshProblem | null): Check[] {
  const way = { ok: false, text: problem?.text ?? "" };
  if (problem?.code.startsWith("host_key_")) return [{ name: "host key", ...way }];
  if (problem?.code === "unreachable" || problem?.code === "no_such_host") return [{ name: "network", ...way }];
  const checks: Check[] = hostKey
    ? [
        {
          name: "host key",
          ok: true,
          text: `${hostKey.type} ${hostKey.fingerprint}${hostKey.wasKnown ? "" : ", new: accepted from now on"}`,
        },
      ]
    : [];
  if (problem?.code === "no_shell") {
    return [...checks, { name: "login", ok: true, text: describeLogin(login) }, { name: "shell", ...way }];
  }
  return [...checks, problem ? { name: "login", ...way } : { name: "login", ok: true, text: describeLogin(login) }];
}
