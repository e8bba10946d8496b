import { isRefused, type Refused, refuse } from "../../core/failure.ts";
import type { Notice } from "../../core/notice.ts";
import type { NoticeSettings } from "../../core/notice_settings.ts";
import { maskedTarget } from "../../core/notice_target.ts";
import { wordNotice } from "../../core/notice_text.ts";
import { describeTrouble } from "../../core/trouble.ts";
import { describeFileProblem } from "../../files/problem.ts";
import { openBell } from "../../platform/bell.ts";
import { insertAudit } from "../../store/audit.ts";
import { deleteTarget, putTarget, selectTargetsOf, type TargetRow } from "../../store/notice_targets.ts";
import { insertNotices, type NoticeRow, noticeColumns, selectNotice, selectNotices } from "../../store/notices.ts";
import { selectKnownTroubles } from "../../store/troubles.ts";
import { listed, pageFrom, shown } from "../listing.ts";
import { keepAddress, objectionToTarget } from "../notice_wishes.ts";
import { isoOf } from "../present.ts";
import type { Handlers, Request, Yard } from "../yard.ts";

type NoticeHandlers = Pick<
  Handlers,
  | "listNoticeTargets"
  | "addNoticeTarget"
  | "removeNoticeTarget"
  | "testNotice"
  | "listNotices"
  | "listTroubles"
  | "noticeSecret"
  | "showNoticeSettings"
  | "setNoticeSettings"
>;

/** Longer than any one try may take. */
const TEST_MS = 45_000;

export function noticeHandlers(yard: Yard): NoticeHandlers {
  const { store, clock, files } = yard;
  const settings = files.notices.settings;
  const tests = new Set<number>();
  const tried = openBell<number>();
  store.changes.hear((changes) => {
    for (const change of changes) if (change.kind === "notice" && tests.has(change.notice)) tried.ring(change.notice);
  });

  return {
    async listNoticeTargets({ query, who }) {
      const own = (await selectTargetsOf(store.read, [who.user])).map(presentTarget);
      const targets = listed(own, query, ({ id }) => String(id).padStart(16, "0"), {
        createdAt: (target) => target.createdAt,
        target: ({ target }) => target,
      });
      if (isRefused(targets)) return targets;
      const { smtp, commands } = settings();
      const can = { email: smtp !== null, commands: Object.keys(commands).sort() };
      return { targets: targets.page, next: targets.next, can };
    },

    async addNoticeTarget({ body: { target, on }, who }) {
      const objection = objectionToTarget(target, settings());
      if (objection) return objection;
      const address = await keepAddress(yard, target);
      if (isRefused(address)) return address;
      const now = clock.now();
      const added = { user: who.user, address, shown: maskedTarget(target), sorts: [...new Set(on)], createdAt: now };
      const row = await store.write(async (db) => {
        const row = await putTarget(db, added);
        const entry = { action: "notify", target: row.shown, detail: { on: row.sorts } };
        await insertAudit(db, { at: now, user: who.user, ...entry });
        return row;
      });
      return { target: presentTarget(row) };
    },

    async removeNoticeTarget({ params, who }) {
      const removed = await store.write(async (db) => {
        const row = await deleteTarget(db, who.user, params.target);
        const entry = { action: "notify", target: row?.shown ?? "", detail: { removed: true } };
        if (row) await insertAudit(db, { at: clock.now(), user: who.user, ...entry });
        return row;
      });
      return removed ? { target: presentTarget(removed) } : refuse({ code: "no_such_target", target: params.target });
    },

    async testNotice({ body, who, signal }) {
      const to = await addresseeOf(body.target, who.user);
      if (isRefused(to)) return to;
      const now = clock.now();
      const notice: Notice = { event: "test", at: now, user: who.user };
      const [id = 0] = await store.write((db) => insertNotices(db, [{ to: [to], notice, job: null }], now));
      store.changes.tell([{ kind: "notice", notice: id }]);
      tests.add(id);
      // It may have been tried before anybody listened, or rung for while it still waits.
      if ((await selectNotice(store.read, id))?.state === "waiting") await tried.wait(id, 0, TEST_MS, signal);
      tests.delete(id);
      const row = await selectNotice(store.read, id);
      if (!row) throw new Error(`notice ${id} has vanished`);
      return { notice: presentNotice(row) };
    },

    async listNotices({ query, who }) {
      const page = pageFrom(query, noticeColumns);
      if (isRefused(page)) return page;
      const { job = null, state = null } = query;
      // Where others are told of their jobs is nobody's business but an administrator's.
      const user = who.role === "admin" && job !== null ? null : who.user;
      const rows = await selectNotices(store.read, { user, job, state }, page);
      const notices = shown(rows, query, ({ id }) => ({ value: id, id }));
      return { notices: notices.page.map(presentNotice), next: notices.next };
    },

    async listTroubles({ query, who }) {
      const found = (await selectKnownTroubles(store.read)).map(({ key, since, trouble, helpers }) => {
        return { key, ...describeTrouble(trouble), since: isoOf(since), mine: helpers.includes(who.user) };
      });
      const meant = found.filter(({ mine }) => query.mine === undefined || mine === query.mine);
      const troubles = listed(meant, query, ({ key }) => key, { since: (trouble) => trouble.since });
      return isRefused(troubles) ? troubles : { troubles: troubles.page, next: troubles.next };
    },

    noticeSecret: async ({ who }) => ({ secret: files.notices.secretOf(who.user) }),

    showNoticeSettings: async () => ({ settings: presentSettings(settings()) }),

    async setNoticeSettings({ body, who }) {
      const changed = await files.notices.change((before) => changedBy(before, body));
      if (!changed.ok) return refuse({ code: "bad_request", detail: describeFileProblem(changed.problem) });
      const entry = { action: "set", target: "notices", detail: { changed: Object.keys(body) } };
      await store.write((db) => insertAudit(db, { at: clock.now(), user: who.user, ...entry }));
      return { settings: presentSettings(changed.value) };
    },
  };

  async function addresseeOf(
    target: Request<"testNotice">["body"]["target"],
    user: string,
  ): Promise<{ user: string; address: string; shown: string } | Refused> {
    if (typeof target === "number") {
      const own = (await selectTargetsOf(store.read, [user])).find(({ id }) => id === target);
      return own ?? refuse({ code: "no_such_target", target });
    }
    const objection = objectionToTarget(target, settings());
    if (objection) return objection;
    const address = await keepAddress(yard, target);
    return isRefused(address) ? address : { user, address, shown: maskedTarget(target) };
  }
}

function changedBy(before: NoticeSettings, changes: Request<"setNoticeSettings">["body"]): NoticeSettings {
  const { smtp, commands = {}, allow = [], disallow = [], helpAfterMs } = changes;
  const named = Object.entries({ ...before.commands, ...commands });
  return {
    smtp: smtp === undefined ? before.smtp : smtp && { ...smtp, password: passwordOf(smtp, before) },
    commands: Object.fromEntries(named.flatMap(([name, argv]) => (argv === null ? [] : [[name, argv]]))),
    allow: [...new Set([...before.allow, ...allow])].filter((one) => !disallow.includes(one)),
    helpAfterMs: helpAfterMs ?? before.helpAfterMs,
  };
}

/** A password goes to the server and user that it was given for, and to no other that is set later. */
function passwordOf(
  smtp: NonNullable<Request<"setNoticeSettings">["body"]["smtp"]>,
  { smtp: before }: NoticeSettings,
): string | null {
  if (smtp.password !== undefined) return smtp.password;
  return before && before.host === smtp.host && before.user === smtp.user ? before.password : null;
}

function presentSettings({ smtp, ...others }: NoticeSettings) {
  if (smtp === null) return { smtp, ...others };
  const { password, ...shownSmtp } = smtp;
  return { smtp: { ...shownSmtp, hasPassword: password !== null }, ...others };
}

function presentTarget({ id, shown, sorts, createdAt }: TargetRow) {
  return { id, target: shown, on: sorts, createdAt: isoOf(createdAt) };
}

function presentNotice(row: NoticeRow) {
  const notice = JSON.parse(row.body_json) as Notice;
  return {
    id: row.id,
    event: notice.event,
    subject: wordNotice(notice).subject,
    job: row.job_id,
    user: row.user_name,
    target: row.shown,
    state: row.state,
    tries: row.tries,
    problem: row.problem,
    createdAt: isoOf(row.created_at),
    nextTryAt: row.state === "waiting" ? isoOf(row.due_at) : null,
    toldAt: isoOf(row.told_at),
  };
}
