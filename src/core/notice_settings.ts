/** How a yard tells people of things, as its administrator has set it up. */
export interface NoticeSettings {
  /** Null: it sends no mail. */
  smtp: Smtp | null;
  /** By the names under which users ask for them: program and arguments, the program as a whole path. */
  commands: Record<string, string[]>;
  /** Addresses, blocks of them and host names that it may be led to although they are not public. */
  allow: string[];
  /** How long something must be wrong with a machine before it is told. Default 5 min. */
  helpAfterMs: number;
}

export interface Smtp {
  host: string;
  port: number;
  /** `start`: STARTTLS, or no mail; `implicit`: TLS from the first byte; `none`: in the clear. */
  tls: SmtpTls;
  /** Null: without logging in. */
  user: string | null;
  password: string | null;
  /** The address that mail comes from. */
  from: string;
}

export const smtpTls = ["start", "implicit", "none"] as const;
type SmtpTls = (typeof smtpTls)[number];

/** As long as nobody has set anything up. */
export const usualNoticeSettings: NoticeSettings = { smtp: null, commands: {}, allow: [], helpAfterMs: 5 * 60_000 };
