import type { Answer, Call } from "../client/client.ts";
import type { Connection } from "./connect.ts";

type ListName =
  | "listJobs"
  | "listRuns"
  | "results"
  | "history"
  | "listMachines"
  | "listUse"
  | "listPools"
  | "listTokens"
  | "listNotices"
  | "listNoticeTargets";

const PAGE = 1000;
/** Of lists whose rows are long. */
const SHORT_PAGE = 200;

/** A list page by page, to its end or as far as it is read. */
export async function* pages<Name extends ListName>(
  { client }: Pick<Connection, "client">,
  name: Name,
  call: Call<Name>,
  most = Number.POSITIVE_INFINITY,
): AsyncGenerator<Answer<Name>> {
  const limit = Math.min(name === "listUse" ? SHORT_PAGE : PAGE, most);
  for (let after: string | null = null; ; ) {
    const query = { ...call.query, limit, ...(after !== null && { after }) } as NonNullable<Call<Name>["query"]>;
    const page: Answer<Name> = await client.call(name, { ...call, query });
    yield page;
    after = page.next;
    if (after === null) return;
  }
}

export async function allMachines(connection: Pick<Connection, "client">): Promise<Answer<"listMachines">["machines"]> {
  const machines = [];
  for await (const page of pages(connection, "listMachines", {})) machines.push(...page.machines);
  return machines;
}

export async function allPools(connection: Pick<Connection, "client">): Promise<Answer<"listPools">["pools"]> {
  const pools = [];
  for await (const page of pages(connection, "listPools", {})) pools.push(...page.pools);
  return pools;
}
