import type { AddressInfo } from "node:net";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { onTestFinished } from "vitest";
import { until } from "./until.ts";

export interface TakenMail {
  from: string;
  to: string[];
  /** Who had logged in; null: nobody. */
  user: string | null;
  isEncrypted: boolean;
  /** As it came: headers, an empty line, the body. */
  text: string;
}

export interface MailServer {
  port: number;
  mails: TakenMail[];
  /** Waits until so many mails are there. */
  has(count: number): Promise<TakenMail[]>;
}

/** A real SMTP server on loopback. `options`: in smtp-server's words; default: neither TLS nor a login. */
export async function aMailServer(options: SMTPServerOptions = {}): Promise<MailServer> {
  const mails: TakenMail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["AUTH", "STARTTLS"],
    logger: false,
    ...options,
    onData(stream, session, done) {
      let text = "";
      stream.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          from: mailFrom ? mailFrom.address : "",
          to: rcptTo.map(({ address }) => address),
          user: session.user === undefined ? null : String(session.user),
          isEncrypted: session.secure,
          text,
        });
        done();
      });
    },
  });
  server.on("error", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    has: (count) => until(() => (mails.length >= count ? mails : null), `${count} mails have come`),
  };
}
