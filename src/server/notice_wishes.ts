import { isRefused, type Refused, refuse } from "../core/failure.ts";
import type { NoticeSettings } from "../core/notice_settings.ts";
import { formatTarget, maskedTarget, type NoticeTarget, type NoticeWish } from "../core/notice_target.ts";
import { addressIn, whyRefused } from "../core/public_address.ts";
import { describeFileProblem } from "../files/problem.ts";
import { ownAddresses } from "../platform/network.ts";
import { selectTargetsOf } from "../store/notice_targets.ts";
import type { KeptWish } from "../store/notices.ts";
import type { Yard } from "./yard.ts";

/** Why nothing can ever be told there, as the yard is set up now; null: it may work. Nobody is asked for it. */
export function objectionToTarget(target: NoticeTarget, { smtp, commands, allow }: NoticeSettings): Refused | null {
  switch (target.kind) {
    case "email":
      return smtp === null ? refuse({ code: "no_mail" }) : null;
    case "command":
      if (Object.hasOwn(commands, target.name)) return null;
      return refuse({ code: "no_such_command", name: target.name, known: Object.keys(commands) });
    case "webhook":
    case "slack": {
      const host = new URL(target.url).hostname;
      const address = addressIn(host);
      const why = address === null ? null : whyRefused({ host, address }, { own: ownAddresses(), allow });
      return why === null ? null : refuse({ code: "address_refused", host, why });
    }
  }
}

/** Keeps where a target is, durably: the id under which it is found again. */
export async function keepAddress({ files }: Yard, target: NoticeTarget): Promise<string | Refused> {
  const kept = await files.addresses.put({ target: formatTarget(target) });
  return kept.ok ? kept.value : refuse({ code: "bad_request", detail: describeFileProblem(kept.problem) });
}

/** Who is to be told of a job's end, as it is kept with the job; or why one of them cannot be. */
export async function keepWishes(
  yard: Yard,
  wishes: readonly NoticeWish[],
  user: string,
): Promise<KeptWish[] | Refused> {
  if (wishes.some(({ to }) => to === "me") && (await selectTargetsOf(yard.store.read, [user])).length === 0)
    return refuse({ code: "no_targets" });
  const kept: KeptWish[] = [];
  for (const { to, on } of wishes) {
    if (to === "me") {
      kept.push({ to, on });
      continue;
    }
    const objection = objectionToTarget(to, yard.files.notices.settings());
    if (objection) return objection;
    const address = await keepAddress(yard, to);
    if (isRefused(address)) return address;
    kept.push({ to: "target", on, address, shown: maskedTarget(to) });
  }
  return kept;
}

/** As it was written, without what may be secret in it. */
export function shownWish(wish: KeptWish): string {
  return `${wish.on === "failed" ? "failed=" : ""}${wish.to === "me" ? "me" : wish.shown}`;
}
