import { openApi } from "../../api/openapi.ts";
import { isRefused, refuse } from "../../core/failure.ts";
import { minuteOfDay } from "../../core/hours.ts";
import { whyClosed } from "../../core/machine.ts";
import { formatBytes } from "../../core/quantity.ts";
import { describeFileProblem } from "../../files/problem.ts";
import { auditColumns, insertAudit, selectAudit } from "../../store/audit.ts";
import { proveWritable } from "../../store/facts.ts";
import { countWork } from "../../store/jobs.ts";
import { allowsOf, selectMachines } from "../../store/machines.ts";
import { selectPools } from "../../store/pools.ts";
import { revokeToken, selectTokens, type TokenRow } from "../../store/tokens.ts";
import { issueToken } from "../auth.ts";
import { listed, pageFrom, shown } from "../listing.ts";
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
      const machines = (await selectMachines(store.read)).map((row) => ({ ...row, ...yard.presence.of(row.id) }));
      const reachable = machines.filter(
        ({ seenAt, unreachableSince, trouble }) => seenAt !== null && unreachableSince === null && trouble === null,
      );
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
        problems: machines.flatMap(
          (machine) => whyClosed({ ...machine, ...allowsOf(machine) }, minuteOfDay(yard.clock.now())) ?? [],
        ),
        freeBytes: free.ok ? free.value : 0,
      };
    },

    async listTokens({ query }) {
      const { user, role, good } = query;
      const now = clock.now();
      const meant = (await selectTokens(store.read)).filter(
        (token) =>
          (user === undefined || token.user_name === user) &&
          (role?.includes(token.role) ?? true) &&
          (good === undefined || isGood(token, now) === good),
      );
      const tokens = listed(meant.map(presentToken), query, ({ id }) => id, {
        createdAt: (token) => token.createdAt,
        user: (token) => token.user,
        role: (token) => token.role,
        expiresAt: (token) => token.expiresAt,
      });
      return isRefused(tokens) ? tokens : { tokens: tokens.page, next: tokens.next };
    },

    async createToken({ body, who }) {
      const now = clock.now();
      const { user, role, label, expiresInMs } = body;
      const order = { user, role, label, expiresAt: expiresInMs === null ? null : now + expiresInMs };
      const { token, secret } = await issueToken(store, order, who.user, now);
      return { token: presentToken(token), secret };
    },

    async revokeToken({ params, who }) {
      const now = clock.now();
      const revoked = await store.write(async (db) => {
        const token = await revokeToken(db, params.token, now);
        if (token) {
          const target = `token ${token.id}`;
          await insertAudit(db, {
            at: now,
            user: who.user,
            action: "revoke",
            target,
            detail: { user: token.user_name },
          });
        }
        return token;
      });
      if (!revoked) return refuse({ code: "no_such_token", token: params.token });
      yard.authority.forget();
      return { token: presentToken(revoked) };
    },

    async audit({ query }) {
      const page = pageFrom(query, auditColumns);
      if (isRefused(page)) return page;
      const { user = null, action = null, target = null } = query;
      const rows = await selectAudit(store.read, { user, action, target }, page);
      const entries = shown(rows, query, ({ id }) => ({ value: id, id }));
      return { entries: entries.page.map((row) => ({ ...row, at: isoOf(row.at) })), next: entries.next };
    },

    async stopYard({ who }) {
      await store.write((db) =>
        insertAudit(db, { at: clock.now(), user: who.user, action: "stop", target: "yard", detail: {} }),
      );
      const { running } = await countWork(store.read);
      yard.stop();
      return { running };
    },
  };

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

function isGood({ revoked_at, expires_at }: TokenRow, now: number): boolean {
  return revoked_at === null && (expires_at === null || expires_at > now);
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
