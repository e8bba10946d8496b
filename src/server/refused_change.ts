import type { DoorName } from "../api/paths.ts";
import type { AuditEntry } from "../store/audit.ts";

/** What the audit log says of a change that was not somebody's to make: in the words of one that was made. */
export function refusedChange(
  name: DoorName,
  request: { params: unknown; body: unknown },
  code: string,
): Pick<AuditEntry, "action" | "target" | "detail"> {
  const [, action = "", what = ""] = /^([a-z]+)(.*)$/.exec(name) ?? [];
  const { select = "" } = (request.body ?? {}) as { select?: unknown };
  const [target = select] = Object.values(request.params ?? {});
  const kind = what === "Job" ? "" : what.toLowerCase();
  return { action, target: `${kind} ${target}`.trim(), detail: { refused: code } };
}
