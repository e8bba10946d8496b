import type { NoticeShown, NoticeTargetShown } from "../../api/notice.ts";
import { isNoTarget, maskedTarget, type NoticeSort, noticeSorts, parseTarget } from "../../core/notice_target.ts";
import { describeSorts } from "../../core/notice_words.ts";
import { printable } from "../../core/printable.ts";
import { type Connection, connectToChange, connectToLook } from "../connect.ts";
import type { Declaration } from "../declaration.ts";
import { didYouMean } from "../nearest.ts";
import { addSetupOptions, printSettings, type SetupOptions, settingsFrom } from "../notice_settings.ts";
import { pages } from "../pages.ts";
import { stopWith, wrongUsage } from "../stop.ts";
import { layTable } from "../table.ts";
import { colours, note, outputWidth, print, printJson } from "../terminal.ts";

export function declareNotify({ command, exact, act }: Declaration): void {
  command.option("--json", "print JSON").addHelpText(
    "after",
    `
Examples:
  runyard notify add email:ada@example.org           of every job of yours that ends, and of machines that need help
  runyard notify add slack:https://hooks.slack.com/services/… --on failed
  runyard run --notify email:ada@example.org -- python3 train.py
  runyard notify setup --smtp mail.example.org --from runyard@example.org`,
  );
  act(command, () => list(command.opts<{ json?: boolean }>()));
  const add = command.command("add").description("be told there of your jobs that end, and of what needs help");
  add
    .argument(
      "<target>",
      "email:ADDRESS, slack:URL, webhook:URL, or command:NAME of an administrator's; - reads it from stdin",
    )
    .option("--on <LIST>", "of what: ended,failed,help; asked: only of jobs with --notify (default: ended,help)")
    .option("--json", "print JSON");
  act(add, () => addTarget(add.args[0] ?? "", add.opts<{ on?: string; json?: boolean }>()));
  const rm = command.command("rm").description("be told nothing there any more");
  rm.argument("<target>", "the target, or its number as listed").option("--json", "print JSON");
  act(rm, () => removeTarget(rm.args[0] ?? "", rm.opts<{ json?: boolean }>()));
  const test = command.command("test").description("send a notice there now, and say what came of it");
  test.argument("<target>", "a target, or the number of one of yours").option("--json", "print JSON");
  act(test, () => testTarget(test.args[0] ?? "", test.opts<{ json?: boolean }>()));
  const secret = command.command("secret").description("print what your webhooks are signed with");
  secret.option("--json", "print JSON");
  act(secret, () => printSecret(secret.opts<{ json?: boolean }>()));
  const setup = command.command("setup").description("show or change how this yard tells people (administrators)");
  addSetupOptions(setup);
  act(setup, () => setUp(setup.opts<SetupOptions>(), exact));
}

async function list({ json }: { json?: boolean }): Promise<number> {
  const connection = await connectToLook();
  const targets: NoticeTargetShown[] = [];
  let can = { email: false, commands: [] as string[] };
  for await (const page of pages(connection, "listNoticeTargets", {})) {
    targets.push(...page.targets);
    can = page.can;
  }
  if (json) {
    printJson({ targets, can });
    return 0;
  }
  if (targets.length === 0) note("You are told nowhere yet. Add a target with: runyard notify add email:ADDRESS");
  else {
    const columns = [
      { title: "#", align: "right" as const },
      { title: "TARGET", cuttable: true },
      { title: "TOLD OF" },
    ];
    const rows = targets.map((target) => [String(target.id), printable(target.target), describeSorts(target.on)]);
    const table = layTable(columns, rows, outputWidth());
    print(colours.bold(table.head));
    for (const line of table.body) print(line);
  }
  const ways = ["slack", "webhook", ...(can.email ? ["email"] : []), ...can.commands.map((name) => `command:${name}`)];
  note(`This yard can tell by ${printable(ways.join(", "))}.`);
  return 0;
}

async function addTarget(text: string, { on, json }: { on?: string; json?: boolean }): Promise<number> {
  const sorts = on === undefined ? undefined : sortsFrom(on);
  const target = await writtenTarget(text);
  const { client } = await connectToChange({ quiet: json === true });
  const answer = await client.call("addNoticeTarget", { body: { target, ...(sorts && { on: sorts }) } });
  if (json) printJson(answer);
  else {
    const { id, target: shown, on: of } = answer.target;
    print(`You are told at ${printable(shown)} of ${describeSorts(of)}.`);
    print(`  try it:     runyard notify test ${id}`);
    if (shown.startsWith("webhook:")) print("  signed by:  runyard notify secret");
  }
  return 0;
}

function sortsFrom(text: string): NoticeSort[] {
  if (text === "asked") return [];
  return text.split(",").map((word) => {
    const sort = noticeSorts.find((one) => one === word);
    if (sort) return sort;
    const meant = didYouMean(word, [...noticeSorts, "asked"]) || ".";
    throw wrongUsage(`--on: there is no "${word}"${meant} It takes some of ${noticeSorts.join(",")}, or asked alone.`);
  });
}

/** A target that may be a secret need not stand on a command line, where others of this machine see it: `-` is stdin. */
async function writtenTarget(text: string): Promise<string> {
  const written = text === "-" ? await firstLineOfStdin() : text;
  const target = parseTarget(written);
  if (isNoTarget(target)) throw wrongUsage(`No such target. ${target.misread}`);
  return written;
}

async function firstLineOfStdin(): Promise<string> {
  const { isUnreadable, readTextFile } = await import("../text_file.ts");
  const text = await readTextFile("-");
  if (isUnreadable(text)) throw wrongUsage(`-: ${text.unreadable}.`);
  return text.split("\n", 1)[0]?.trim() ?? "";
}

async function removeTarget(text: string, { json }: { json?: boolean }): Promise<number> {
  const connection = await connectToLook();
  const target = /^\d{1,15}$/.test(text) ? Number(text) : await numberOf(connection, text);
  const answer = await connection.client.call("removeNoticeTarget", { params: { target } });
  if (json) printJson(answer);
  else print(`You are told nothing more at ${printable(answer.target.target)}.`);
  return 0;
}

/** The yard shows of web addresses only whose they are: several may look alike. */
async function numberOf(connection: Connection, text: string): Promise<number> {
  const target = parseTarget(text);
  if (isNoTarget(target)) throw wrongUsage(`No such target. ${target.misread} Or its number, as listed.`);
  const like: number[] = [];
  for await (const page of pages(connection, "listNoticeTargets", {})) {
    like.push(...page.targets.filter((one) => one.target === maskedTarget(target)).map(({ id }) => id));
  }
  const [only, ...more] = like;
  if (only === undefined)
    throw stopWith({
      code: "no_such_target",
      message: "You have no such target. See them all with: runyard notify",
      exitCode: 4,
    });
  if (more.length > 0) throw wrongUsage(`That may be any of ${like.join(", ")}. Say which, by its number.`);
  return only;
}

async function testTarget(text: string, { json }: { json?: boolean }): Promise<number> {
  const target = /^\d{1,15}$/.test(text) ? Number(text) : await writtenTarget(text);
  const { client } = await connectToChange({ quiet: json === true });
  const answer = await client.call("testNotice", { body: { target } });
  if (json) printJson(answer);
  else if (answer.notice.state === "told") print(`It has been told at ${printable(answer.notice.target)}.`);
  else
    note(
      `It could not be told at ${printable(answer.notice.target)}: ${printable(answer.notice.problem ?? "not tried yet")}`,
    );
  return answer.notice.state === "told" ? 0 : 1;
}

async function printSecret({ json }: { json?: boolean }): Promise<number> {
  const { client } = await connectToLook();
  const answer = await client.call("noticeSecret");
  if (json) printJson(answer);
  else {
    note("Whoever has it can sign as your yard does. How to check a signature: docs/notices.md");
    print(answer.secret);
  }
  return 0;
}

async function setUp(options: SetupOptions, exact: readonly string[] | null): Promise<number> {
  const changes = await settingsFrom(options, exact);
  const isChange = Object.keys(changes).length > 0;
  const { client } = isChange ? await connectToChange({ quiet: options.json === true }) : await connectToLook();
  const { settings } = isChange
    ? await client.call("setNoticeSettings", { body: changes })
    : await client.call("showNoticeSettings");
  if (options.json) printJson({ settings });
  else printSettings(settings);
  return 0;
}

/** What became of a job's notices, on one line; empty: there are none. */
export function deliveriesText(notices: readonly NoticeShown[]): string {
  return notices
    .map(({ target, state, problem }) => {
      const how = {
        told: "told",
        waiting: problem === null ? "to be told" : `not yet: ${problem}`,
        given_up: `given up: ${problem}`,
      };
      return `${printable(target)} (${printable(how[state])})`;
    })
    .join(", ");
}
