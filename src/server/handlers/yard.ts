import { openApi } from "../../api/openapi.ts";
import { refuse } from "../../core/failure.ts";
import { formatBytes } from "../../core/quantity.ts";
import { describeFileProblem } from "../../files/problem.ts";
import { type AuditEntry, insertAudit, selectAudit } from "../../store/audit.ts";
import { proveWritable } from "../../store/facts.ts";
import { countWork } from "../../store/jobs.ts";
import { selectMachines } from "../../store/machines.ts";
import { selectPools } from "../../store/pools.ts";
import { revokeToken, selectTokens, type TokenRow } from "../../store/tokens.ts";
import { issueToken } from "../auth.ts";
import { isoOf } from "../present.ts";
import type { Handlers, Yard } from "../yard.ts";

type YardHandlers = Pick<
  Handlers,
  "health" | "ready" | "openapi" | "status" | "listTokens" | "createToken" | "revokeToken" | "audit" | "stopYard"
>;

/** A loop that has not come round for this long is stuck. */
const STUCK_MS = 10_000;

export function yardHandlers(yard: Yard): YardHandlers {
  const { store, clock } = yard;

  return {
    health: async () => ({ yard: yard.id, version: yard.version }),

    async ready({ outgoing }) {
      const checks = await check();
      const ready = Object.values(checks).every((word) => word === "ok");
      if (!ready) outgoing.statusCode = 503;
      return { ready, checks };
    },

    openapi: async () => openApi(yard.version),

    async status() {
      const counts = await countWork(store.read);
      const machines = (await selectMachines(store.read)).map((machine) => yard.presence.of(machine.id));
      const reachable = machines.filter(({ seenAt, unreachableSince }) => seenAt !== null && unreachableSince === null);
      const pools = await selectPools(store.read);
      const free = await yard.files.freeBytes();
      return {
        yard: yard.id,
        version: yard.version,
        epoch: yard.epoch,
        startedAt: isoOf(yard.startedAt),
        home: yard.home,
        url: yard.url(),
        ...counts,
        paused: pools.filter((pool) => pool.paused).map((pool) => pool.name),
        machines: { reachable: reachable.length, unreachable: machines.length - reachable.length },
        freeBytes: free.ok ? free.value : 0,
      };
    },

    listTokens: async () => ({ tokens: (await selectTokens(store.read)).map(presentToken) }),

    async createToken({ body, who }) {
      const now = clock.now();
      const expiresAt = body.expiresInMs === null ? null : now + body.expiresInMs;
      const { id, secret } = await issueToken(
        store,
        { user: body.user, role: body.role, label: body.label, expiresAt },
        now,
      );
      await audit(who.user, "create", `token ${id}`, { user: body.user, role: body.role });
      const row = (await selectTokens(store.read)).find((token) => token.id === id);
      return row ? { token: presentToken(row), secret } : refuse({ code: "no_such_token", token: id });
    },

    async revokeToken({ params, who }) {
      const revoked = await store.write((db) => revokeToken(db, params.token, clock.now()));
      if (!revoked) return refuse({ code: "no_such_token", token: params.token });
      yard.authority.forget();
      await audit(who.user, "revoke", `token ${params.token}`, {});
      const row = (await selectTokens(store.read)).find((token) => token.id === params.token);
      return row ? { token: presentToken(row) } : refuse({ code: "no_such_token", token: params.token });
    },

    async audit({ query }) {
      const rows = await selectAudit(store.read, query.before ?? null, query.limit);
      const last = rows.at(-1);
      return {
        entries: rows.map((row) => ({ ...row, at: isoOf(row.at) })),
        next: rows.length === query.limit && last ? last.id : null,
      };
    },

    async stopYard({ who }) {
      await audit(who.user, "stop", "yard", {});
      const { running } = await countWork(store.read);
      yard.stop();
      return { running };
    },
  };

  async function audit(user: string, action: string, target: string, detail: AuditEntry["detail"]): Promise<void> {
    await store.write((db) => insertAudit(db, { at: clock.now(), user, action, target, detail }));
  }

  async function check(): Promise<Record<string, string>> {
    const free = await yard.files.freeBytes();
    const isOnTime = clock.steady() - yard.lastTurnAt() < STUCK_MS;
    return {
      store: await store
        .write((db) => proveWritable(db, clock.now()))
        .then(() => "ok")
        .catch((error: unknown) => `cannot be written: ${error instanceof Error ? error.message : String(error)}`),
      loop: isOnTime ? "ok" : "the scheduler has not come round for 10 s",
      disk: !free.ok
        ? describeFileProblem(free.problem)
        : free.value >= yard.floorBytes
          ? "ok"
          : `only ${formatBytes(free.value)} free, the floor is ${formatBytes(yard.floorBytes)}`,
    };
  }
}

function presentToken(row: TokenRow) {
  return {
    id: row.id,
    user: row.user_name,
    role: row.role,
    label: row.label,
    createdAt: isoOf(row.created_at),
    expiresAt: isoOf(row.expires_at),
    revokedAt: isoOf(row.revoked_at),
  };
}
