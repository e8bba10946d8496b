import type { Smtp } from "../core/notice_settings.ts";
import type { NoticeText } from "../core/notice_text.ts";
import { systemErrorText } from "../platform/system_error.ts";
import { failed, type Outcome, told } from "./outcome.ts";

/** For the connection, the greeting, and each answer of the mail server. */
const SILENCE_MS = 10_000;
/** For all of it. */
const DEADLINE_MS = 30_000;

export interface Mail extends NoticeText {
  to: string;
  /** The same however often it is sent, so that a mail program knows it again. */
  id: string;
  signal: AbortSignal;
}

/** Hands one mail to the administrator's server. */
export async function sendMail(smtp: Smtp, { to, id, subject, text, signal }: Mail): Promise<Outcome> {
  const { createTransport } = await import("nodemailer");
  const transport = createTransport({
    host: smtp.host,
    port: smtp.port,
    secure: smtp.tls === "implicit",
    requireTLS: smtp.tls === "start",
    ignoreTLS: smtp.tls === "none",
    ...(smtp.user !== null && { auth: { user: smtp.user, pass: smtp.password ?? "" } }),
    connectionTimeout: SILENCE_MS,
    greetingTimeout: SILENCE_MS,
    socketTimeout: SILENCE_MS,
    dnsTimeout: SILENCE_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const late = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]);
  const isOver = new Promise<Outcome>((resolve) => {
    const give = () => resolve(failed(`The mail server has not taken it in ${DEADLINE_MS / 1000} s.`));
    if (late.aborted) give();
    late.addEventListener("abort", give, { once: true });
  });
  const sending = transport
    .sendMail({
      from: { name: "Runyard", address: smtp.from },
      to: { name: "", address: to },
      subject,
      text: `${text}\n`,
      messageId: `<${id}@${smtp.from.split("@").at(-1)}>`,
      headers: { "Auto-Submitted": "auto-generated" },
    })
    .then(() => told, whatMailServerSaid);
  try {
    return await Promise.race([sending, isOver]);
  } finally {
    transport.close();
  }
}

/** What SMTP says of a recipient for good (5xx) is not asked twice; all else may be mended. */
function whatMailServerSaid(error: unknown): Outcome {
  const { code, responseCode } = error as { code?: string; responseCode?: number };
  const isForGood = code === "EENVELOPE" && responseCode !== undefined && responseCode >= 500;
  return failed(`The mail server: ${systemErrorText(error).replace(/\.$/, "")}.`, isForGood);
}
