import type { Check } from "../../core/enquiry.ts";
import { describeLogin, type Login } from "../../core/login.ts";
import type { SshPlace } from "../../shells/client.ts";
import { type HostKey, seeHostKey } from "../../shells/host_key.ts";
import type { SshProblem } from "../../shells/problem.ts";
import type { DriverMachine } from "../driver.ts";

/** How far one comes where something stands in the way. A host key that nobody knows is shown. */
export async function checkUpTo(
  problem: SshProblem,
  { name, login }: Pick<DriverMachine, "name" | "login">,
  hostKey: HostKey | null,
  place: SshPlace,
): Promise<Check[]> {
  if (login === null) return [{ name: "spool", ok: false, text: problem.text }];
  const seen = problem.code === "host_key_unknown" ? await seeHostKey(name, login, place) : null;
  return checkReach(name, login, seen?.ok ? seen.value : hostKey, problem);
}

/**
 * How far one comes on the way to a machine, one line each.
 *
 * @param hostKey  null: nobody asked for it
 * @param problem  what stands in the way; null: it was reached
 */
export function checkReach(name: string, login: Login, hostKey: HostKey | null, problem: SshProblem | null): Check[] {
  if (problem?.code === "host_key_unknown" && hostKey) {
    const text = `${hostKey.type} ${hostKey.fingerprint} is not known. If whoever runs the machine names the same, accept it with: runyard machines check ${name} --accept`;
    return [{ name: "host key", ok: false, text }];
  }
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
