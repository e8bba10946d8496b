import { createHmac } from "node:crypto";
import type { Notice } from "../core/notice.ts";
import type { NoticeSettings } from "../core/notice_settings.ts";
import type { NoticeTarget } from "../core/notice_target.ts";
import { noticeBody, slackText, wordNotices } from "../core/notice_text.ts";
import { execute } from "./execute.ts";
import { sendMail } from "./mail.ts";
import { failed, type Outcome } from "./outcome.ts";
import { post } from "./post.ts";
import { type Resolve, reach } from "./reach.ts";

/** What is sent in one message. */
export interface Message {
  /** The same however often it is sent: by it a receiver knows it again. */
  id: string;
  /** One, or several where people read them. */
  notices: Notice[];
  /** What webhooks of the user's are signed with. */
  secret: string;
}

export type Send = (target: NoticeTarget, message: Message, signal: AbortSignal) => Promise<Outcome>;

export interface Means {
  settings: () => NoticeSettings;
  resolve: Resolve;
  /** Addresses of the yard's machine. */
  own: () => string[];
  /** Epoch ms. */
  now: () => number;
  log: (text: string) => void;
}

/** Sends by what the administrator has set up, as that is at the moment. Never rejects for what may go wrong outside. */
export function openSend({ settings, resolve, own, now, log }: Means): Send {
  return async (target, message, signal) => {
    const { smtp, commands, allow } = settings();
    switch (target.kind) {
      case "email":
        if (smtp === null) return failed("This yard sends no mail: its administrator has not set it up.");
        return sendMail(smtp, { ...wordNotices(message.notices), to: target.address, id: message.id, signal });
      case "command": {
        const argv = Object.hasOwn(commands, target.name) ? commands[target.name] : undefined;
        if (!argv) return failed(`This yard has no command ${target.name}: its administrator has taken it away.`, true);
        return execute(argv, `${bodyOf(message)}\n`, log);
      }
      case "slack":
        return toWeb(target.url, JSON.stringify({ text: slackText(wordNotices(message.notices)) }), {});
      case "webhook": {
        const body = bodyOf(message);
        return toWeb(target.url, body, { "runyard-signature": signature(body, message.secret, now()) });
      }
    }

    async function toWeb(url: string, body: string, headers: Record<string, string>): Promise<Outcome> {
      const reached = await reach(new URL(url).hostname, resolve, { own: own(), allow });
      if ("refused" in reached) return failed(reached.refused, reached.isFinal);
      const all = { "user-agent": "runyard", "runyard-notice": message.id, ...headers };
      return post({ url, addresses: reached.addresses, headers: all, body, signal });
    }
  };
}

function bodyOf({ notices: [notice], id }: Message): string {
  return JSON.stringify(notice ? noticeBody(notice, id) : {});
}

/** `t=…,v1=…`: seconds since 1970, and the HMAC-SHA-256 of `t.body` in hex: who keeps the body cannot send it again later. */
function signature(body: string, secret: string, now: number): string {
  const seconds = Math.floor(now / 1000);
  return `t=${seconds},v1=${createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex")}`;
}
