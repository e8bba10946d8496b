import { aYard, type TestYard, type YardOptions } from "./a_yard.ts";
import { until } from "./until.ts";

/** A yard that may go to this machine's own receivers. */
export async function aTellingYard(options: YardOptions = {}): Promise<TestYard> {
  const yard = await aYard(options);
  await yard.client.call("setNoticeSettings", { body: { allow: ["127.0.0.0/8"] } });
  return yard;
}

export async function noticesOf(yard: TestYard, job: number) {
  return (await yard.client.call("listNotices", { query: { job, sort: "id" } })).notices;
}

/** What became of the only notice of a job, once it is no longer waiting to be tried for the first time. */
export function triedNotice(yard: TestYard, job: number) {
  return until(async () => {
    const [notice] = await noticesOf(yard, job);
    return notice && notice.tries > 0 ? notice : null;
  }, `the notice of job ${job} has been tried`);
}

/** The yard as somebody sees it who is no administrator. */
export async function aUser(yard: TestYard, user: string) {
  await yard.client.call("setPool", { params: { pool: "local" }, body: { shared: true } });
  const { secret } = await yard.client.call("createToken", { body: { user, role: "user" } });
  return yard.clientWith(secret);
}
