/** Where a notice goes, as people write it: `email:ada@example.org`, `webhook:https://…`, `slack:https://…`, `command:NAME`. */
export type NoticeTarget =
  | { kind: "email"; address: string }
  /** A signed POST of the notice as JSON. */
  | { kind: "webhook"; url: string }
  /** The same in the form that Slack, and much that speaks like it, takes: `{"text": …}`. */
  | { kind: "slack"; url: string }
  /** A command that an administrator has given this name. */
  | { kind: "command"; name: string };

/** A text that is no target, and what would be one. */
export interface NoTarget {
  misread: string;
}

export function isNoTarget(value: unknown): value is NoTarget {
  return typeof value === "object" && value !== null && "misread" in value;
}

const LONGEST_ADDRESS = 254;
const LONGEST_URL = 2000;
/** RFC 5322's atoms with dots between, and a host name: no quotes, comments, routes or lists, which mail programs read in more than one way. */
const mailAddress =
  /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*@[a-z\d](?:[a-z\d-]{0,62})(?:\.[a-z\d][a-z\d-]{0,62})*$/i;
const commandName = /^[a-z\d][a-z\d._-]{0,63}$/i;

/** A target as it is written; the same one has one form only, see formatTarget. */
export function parseTarget(text: string): NoticeTarget | NoTarget {
  const [kind = ""] = text.split(":", 1);
  const rest = text.slice(kind.length + 1);
  switch (kind) {
    case "email":
      return mailTarget(rest);
    case "webhook":
    case "slack": {
      const url = webAddress(rest);
      return typeof url === "string" ? { kind, url } : url;
    }
    case "command":
      return commandName.test(rest)
        ? { kind, name: rest }
        : {
            misread: "A command has a name of letters, digits and . _ - that an administrator gave it: command:pager.",
          };
    default:
      return {
        misread: "It takes email:ADDRESS, webhook:URL, slack:URL or command:NAME.",
      };
  }
}

export function isMailAddress(text: string): boolean {
  return text.length <= LONGEST_ADDRESS && mailAddress.test(text);
}

export function isCommandName(text: string): boolean {
  return commandName.test(text);
}

function mailTarget(text: string): NoticeTarget | NoTarget {
  if (!isMailAddress(text)) return { misread: "It takes one plain address: email:ada@example.org." };
  const at = text.lastIndexOf("@");
  return { kind: "email", address: `${text.slice(0, at)}${text.slice(at).toLowerCase()}` };
}

function webAddress(text: string): string | NoTarget {
  // What a URL's reader drops or turns round has no business in one; `…` stands where a list leaves something out.
  const isPlain = text.length <= LONGEST_URL && !/[\s\\…\p{Cc}\p{Cf}]/u.test(text) && URL.canParse(text);
  const url = isPlain ? new URL(text) : null;
  if (!url || (url.protocol !== "https:" && url.protocol !== "http:") || url.href.length > LONGEST_URL)
    return { misread: "It takes a whole address: https://hooks.example.org/…" };
  if (url.username !== "" || url.password !== "")
    return {
      misread: "A name and password in the address are not sent. Leave them out; the signature says who sends.",
    };
  if (url.hash !== "") return { misread: "What stands after # is never sent. Leave it out." };
  return url.href;
}

/** As it is written, whole. It may be a secret: who knows the address of a Slack channel can write there. */
export function formatTarget(target: NoticeTarget): string {
  switch (target.kind) {
    case "email":
      return `email:${target.address}`;
    case "webhook":
    case "slack":
      return `${target.kind}:${target.url}`;
    case "command":
      return `command:${target.name}`;
  }
}

/** For lists and logs: of a web address only whose it is. */
export function maskedTarget(target: NoticeTarget): string {
  if (target.kind !== "webhook" && target.kind !== "slack") return formatTarget(target);
  const { origin, pathname, search } = new URL(target.url);
  return `${target.kind}:${origin}/${pathname === "/" && search === "" ? "" : "…"}`;
}

/** What somebody wants to be told of one job: where (`me`: at the user's own targets), and whether only of a failure. */
export interface NoticeWish {
  to: NoticeTarget | "me";
  on: "ended" | "failed";
}

/** `TARGET`, `me`, or with `failed=` in front; `failed` alone is `failed=me`, nothing is `me`. */
export function parseWish(text: string): NoticeWish | NoTarget {
  if (text === "" || text === "me") return { to: "me", on: "ended" };
  if (text === "failed" || text === "failed=me") return { to: "me", on: "failed" };
  const isOnFailed = text.startsWith("failed=");
  const to = parseTarget(isOnFailed ? text.slice("failed=".length) : text);
  if (isNoTarget(to)) return { misread: `${to.misread} Or me, your own targets; failed= in front: only of a failure.` };
  return { to, on: isOnFailed ? "failed" : "ended" };
}

export function formatWish({ to, on }: NoticeWish): string {
  return `${on === "failed" ? "failed=" : ""}${to === "me" ? "me" : formatTarget(to)}`;
}

/** Of what a user's own target is told unasked. None: only of jobs that were submitted with `--notify`. */
export const noticeSorts = ["ended", "failed", "help"] as const;
export type NoticeSort = (typeof noticeSorts)[number];
