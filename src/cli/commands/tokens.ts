import { userInfo } from "node:os";
import type { Token } from "../../api/steering.ts";
import { localTime } from "../../core/local_time.ts";
import { printable } from "../../core/printable.ts";
import { parseDurationMs } from "../../core/quantity.ts";
import { connectToChange, connectToLook } from "../connect.ts";
import type { Declaration } from "../declaration.ts";
import { pages } from "../pages.ts";
import { wrongUsage } from "../stop.ts";
import { type Column, layTable } from "../table.ts";
import { colours, note, outputWidth, print, printJson } from "../terminal.ts";

interface CreateOptions {
  user?: string;
  role: string;
  label?: string;
  expires?: string;
  json?: boolean;
}

export function declareTokens({ command, act }: Declaration): void {
  command.option("--json", "print JSON");
  act(command, () => list(command.opts<{ json?: boolean }>()));
  const create = command.command("create").description("make a token; it is shown once");
  create
    .option("--user <USER>", "whose it is (default: you)")
    .option("--role <ROLE>", "user, admin or agent", "user")
    .option("--label <TEXT>", "what it is for")
    .option("--expires <TIME>", "good for so long: 12h, 30d (default: until it is revoked)")
    .option("--json", "print JSON");
  act(create, () => createToken(create.opts<CreateOptions>()));
  const revoke = command
    .command("revoke")
    .description("make a token worthless at once")
    .argument("<token>", "its id, as listed");
  revoke.option("--json", "print JSON");
  act(revoke, () => revokeToken(revoke.args[0] ?? "", revoke.opts<{ json?: boolean }>()));
}

async function list({ json }: { json?: boolean }): Promise<number> {
  const tokens: Token[] = [];
  for await (const page of pages(await connectToLook(), "listTokens", {})) tokens.push(...page.tokens);
  if (json) {
    printJson({ tokens });
    return 0;
  }
  const columns: Column[] = [
    { title: "TOKEN" },
    { title: "USER", cuttable: true },
    { title: "ROLE" },
    { title: "STATE" },
    { title: "CREATED", optional: true },
    { title: "LABEL", cuttable: true },
  ];
  const now = Date.now();
  const rows = tokens.map((token) => [
    token.id,
    printable(token.user),
    token.role,
    stateOf(token, now),
    localTime(token.createdAt, now),
    printable(token.label),
  ]);
  const table = layTable(columns, rows, outputWidth());
  print(colours.bold(table.head));
  for (const line of table.body) print(line);
  return 0;
}

function stateOf({ revokedAt, expiresAt }: Token, now: number): string {
  if (revokedAt !== null) return "revoked";
  if (expiresAt === null) return "good";
  return Date.parse(expiresAt) <= now ? "expired" : `good until ${localTime(expiresAt, now)}`;
}

async function createToken(options: CreateOptions): Promise<number> {
  const { role, expires } = options;
  if (role !== "user" && role !== "admin" && role !== "agent")
    throw wrongUsage(`--role ${role}: it is user, admin or agent.`);
  const expiresInMs = expires === undefined ? null : parseDurationMs(expires);
  if (expires !== undefined && expiresInMs === null)
    throw wrongUsage(`--expires ${expires}: it takes a duration: 12h, 30d.`);
  const { client } = await connectToChange({ quiet: options.json === true });
  const body = { user: options.user ?? userInfo().username, role, label: options.label ?? "", expiresInMs } as const;
  const answer = await client.call("createToken", { body });
  if (options.json) printJson(answer);
  else {
    note(
      `Token ${answer.token.id} of ${body.user}, role ${role}. It is shown only now; revoke it with: runyard tokens revoke ${answer.token.id}`,
    );
    print(answer.secret);
  }
  return 0;
}

async function revokeToken(token: string, { json }: { json?: boolean }): Promise<number> {
  const { client } = await connectToLook();
  const answer = await client.call("revokeToken", { params: { token } });
  if (json) printJson(answer);
  else print(`Token ${answer.token.id} of ${printable(answer.token.user)} is revoked.`);
  return 0;
}
