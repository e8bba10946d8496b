import type { Command } from "commander";
import type { NoticeSettingsChanges, NoticeSettingsShown } from "../api/notice.ts";
import { smtpTls } from "../core/notice_settings.ts";
import { isCommandName, isMailAddress } from "../core/notice_target.ts";
import { duration, isMisread, wholeNumber } from "../core/option_values.ts";
import { printable } from "../core/printable.ts";
import { isAllowance } from "../core/public_address.ts";
import { formatDuration } from "../core/quantity.ts";
import { shellQuote } from "../core/shell_quote.ts";
import { wrongUsage } from "./stop.ts";
import { print } from "./terminal.ts";
import { isUnreadable, readTextFile } from "./text_file.ts";

export interface SetupOptions {
  /** False: --no-smtp. */
  smtp?: string | false;
  from?: string;
  user?: string;
  passwordFile?: string;
  tls?: string;
  command?: string;
  dropCommand?: string[];
  allow?: string[];
  disallow?: string[];
  helpAfter?: string;
  json?: boolean;
}

export function addSetupOptions(command: Command): void {
  const several = (text: string, others: string[] = []) => [...others, text];
  command
    .usage("[options] [-- PROGRAM [ARGUMENT...]]")
    .option("--smtp <HOST[:PORT]>", "the server to send mail by (port: 587, with --tls implicit 465, with none 25)")
    .option("--no-smtp", "send no mail")
    .option("--from <ADDRESS>", "the address that mail comes from")
    .option("--user <USER>", "log in there as this user")
    .option("--password-file <FILE>", "with the password in this file's first line; - is stdin")
    .option("--tls <HOW>", "start: STARTTLS (default); implicit: from the first byte; none: in the clear")
    .option("--command <NAME>", "let users be told by the command after --, which gets the notice as JSON on its stdin")
    .option("--drop-command <NAME>", "take a command away again", several)
    .option(
      "--allow <ADDRESS>",
      "let webhooks go there although it is not public: 10.1.2.3, 10.0.0.0/8, a host",
      several,
    )
    .option("--disallow <ADDRESS>", "take that back", several)
    .option("--help-after <TIME>", "tell of a machine once something is wrong for so long (default: 5m)")
    .option("--json", "print JSON");
}

/** What was said of it; what was not stays as it is. */
export async function settingsFrom(
  options: SetupOptions,
  exact: readonly string[] | null,
): Promise<NoticeSettingsChanges> {
  const { allow, disallow, helpAfter } = options;
  const wrong = allow?.find((one) => !isAllowance(one));
  if (wrong !== undefined)
    throw wrongUsage(`--allow ${wrong}: it takes an address, a block of addresses (10.0.0.0/8) or a host's name.`);
  const helpAfterMs = helpAfter === undefined ? undefined : duration(helpAfter);
  if (isMisread(helpAfterMs)) throw wrongUsage(`--help-after ${helpAfter}: ${helpAfterMs.misread}`);
  const smtp = await smtpFrom(options);
  const commands = commandsFrom(options, exact);
  return {
    ...(smtp !== undefined && { smtp }),
    ...(commands && { commands }),
    ...(allow && { allow }),
    ...(disallow && { disallow }),
    ...(helpAfterMs !== undefined && { helpAfterMs }),
  };
}

const usualPorts = { start: 587, implicit: 465, none: 25 };

async function smtpFrom(options: SetupOptions): Promise<NoticeSettingsChanges["smtp"]> {
  const { smtp, from, user, passwordFile, tls: wanted = "start" } = options;
  if (smtp === false) return null;
  if (smtp === undefined) {
    if ([from, user, passwordFile, options.tls].some((one) => one !== undefined))
      throw wrongUsage(
        "--from, --user, --password-file and --tls say how to send mail by a server: name it with --smtp HOST.",
      );
    return undefined;
  }
  const tls = smtpTls.find((one) => one === wanted);
  if (!tls) throw wrongUsage(`--tls ${wanted}: it is ${smtpTls.join(", ")}.`);
  const [, host = "", digits] = /^(\[[^\]]+\]|[^:]*)(?::(.*))?$/.exec(smtp) ?? [];
  const port = digits === undefined ? usualPorts[tls] : wholeNumber(digits, 1, 65_535);
  if (isMisread(port) || host === "") throw wrongUsage(`--smtp ${smtp}: it takes HOST or HOST:PORT.`);
  if (from === undefined || !isMailAddress(from))
    throw wrongUsage("--smtp needs --from ADDRESS, the plain address that mail comes from: runyard@example.org");
  if (passwordFile !== undefined && user === undefined) throw wrongUsage("--password-file goes with --user.");
  return {
    host: host.replace(/^\[(.*)\]$/, "$1"),
    port,
    tls,
    from,
    user: user ?? null,
    ...(passwordFile !== undefined && { password: await passwordIn(passwordFile) }),
  };
}

async function passwordIn(file: string): Promise<string> {
  const text = await readTextFile(file);
  if (isUnreadable(text)) throw wrongUsage(`--password-file ${file}: ${text.unreadable}.`);
  const [line = ""] = text.split(/\r?\n/, 1);
  if (line === "") throw wrongUsage(`--password-file ${file}: its first line is empty.`);
  return line;
}

function commandsFrom({ command, dropCommand = [] }: SetupOptions, exact: readonly string[] | null) {
  if (command === undefined && exact !== null) throw wrongUsage("A program after -- needs a name: --command NAME.");
  if (command === undefined && dropCommand.length === 0) return null;
  const commands: Record<string, string[] | null> = Object.fromEntries(dropCommand.map((name) => [name, null]));
  if (command === undefined) return commands;
  if (!isCommandName(command)) throw wrongUsage(`--command ${command}: a name is of letters, digits and . _ -`);
  if (exact?.[0]?.startsWith("/") !== true)
    throw wrongUsage(`--command ${command}: write the program after --, with its whole path: -- /usr/local/bin/page`);
  return { ...commands, [command]: [...exact] };
}

export function printSettings({ smtp, commands, allow, helpAfterMs }: NoticeSettingsShown): void {
  const login = smtp?.user ? `, as ${smtp.user}${smtp.hasPassword ? " with a password" : ""}` : "";
  const mail = smtp ? `${smtp.host}:${smtp.port} (TLS: ${smtp.tls}), from ${smtp.from}${login}` : "none is sent";
  print(printable(`mail        ${mail}`));
  for (const [name, argv] of Object.entries(commands))
    print(printable(`command     ${name}: ${argv.map(shellQuote).join(" ")}`));
  if (allow.length > 0) print(printable(`allowed     ${allow.join(", ")}`));
  print(`help after  ${formatDuration(helpAfterMs)}`);
}
