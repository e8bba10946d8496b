import { createHmac } from "node:crypto";
import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { aReceiver } from "../helpers/a_receiver.ts";
import { aTellingYard, noticesOf, triedNotice } from "../helpers/a_telling_yard.ts";
import { aYard } from "../helpers/a_yard.ts";
import { until } from "../helpers/until.ts";

describe("webhooks", () => {
  test("a job's end is posted, signed so that its receiver knows who sends and when", async () => {
    const yard = await aTellingYard();
    const receiver = await aReceiver();
    await yard.submit("exit 3", { name: "train", notify: [`webhook:${receiver.url}/hook?x=1`] });
    await yard.ends(1);
    const [post] = await receiver.has(1);
    const { secret } = await yard.client.call("noticeSecret");
    expect(post?.path).toBe("/hook?x=1");
    expect(post?.headers["content-type"]).toBe("application/json");
    const [, seconds = "", digest] =
      /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(post?.headers["runyard-signature"])) ?? [];
    expect(createHmac("sha256", secret).update(`${seconds}.${post?.body}`).digest("hex")).toBe(digest);
    expect(Math.abs(Number(seconds) * 1000 - Date.now())).toBeLessThan(600_000);
    const body = JSON.parse(post?.body ?? "");
    expect(body).toMatchObject({
      event: "job_failed",
      subject: "Job 1 failed: train",
      job: { id: 1, name: "train", status: "failed", firstFailure: { run: "1.1", cause: { code: "exit_code" } } },
    });
    expect(body.id).toBe(post?.headers["runyard-notice"]);
    expect(await triedNotice(yard, 1)).toMatchObject({ state: "told", tries: 1, problem: null, event: "job_failed" });
  });

  test("Slack's form is one text, in which a job's name calls nobody", async () => {
    const yard = await aTellingYard();
    const receiver = await aReceiver();
    await yard.submit("true", { name: "<!channel> & co", notify: [`slack:${receiver.url}/services/x`] });
    const [post] = await receiver.has(1);
    const body = JSON.parse(post?.body ?? "");
    expect(Object.keys(body)).toEqual(["text"]);
    expect(body.text).toMatch(/^Job 1 succeeded: &lt;!channel&gt; &amp; co\nIt has ended .* Of 1 run: 1 succeeded\./);
  });

  test("of a wish for failures, a success is not told", async () => {
    const yard = await aTellingYard();
    const receiver = await aReceiver();
    const notify = [`failed=webhook:${receiver.url}/`];
    await yard.submit("true", { notify });
    await yard.ends(1);
    await yard.submit("exit 1", { notify });
    await receiver.has(1);
    expect(JSON.parse(receiver.received[0]?.body ?? "").job.id).toBe(2);
    expect(await noticesOf(yard, 1)).toEqual([]);
  });

  test("a redirect is not followed, and is not tried again", async () => {
    const yard = await aTellingYard();
    const target = await aReceiver();
    const receiver = await aReceiver((response) => response.writeHead(307, { location: `${target.url}/secret` }).end());
    await yard.submit("true", { notify: [`webhook:${receiver.url}/`] });
    expect(await triedNotice(yard, 1)).toMatchObject({
      state: "given_up",
      problem: expect.stringMatching(/^It answered 307, to go elsewhere, which is not followed/),
    });
    expect(target.received).toEqual([]);
  });

  test("a receiver that is away is tried again, and told once it is back", async () => {
    const yard = await aTellingYard();
    const receiver = await aReceiver();
    await receiver.away();
    await yard.submit("true", { notify: [`webhook:${receiver.url}/`] });
    const notice = await triedNotice(yard, 1);
    expect(notice).toMatchObject({ state: "waiting", tries: 1, problem: "connection refused." });
    expect(Date.parse(notice.nextTryAt ?? "") - Date.parse(notice.createdAt)).toBeGreaterThanOrEqual(10_000);
    expect((await yard.cli(["show", "1"])).stdout).toMatch(
      /notices +webhook:http:\/\/127.0.0.1:\d+\/ \(not yet: connection refused\.\)/,
    );
    await receiver.back();
    await receiver.has(1);
    await until(async () => (await noticesOf(yard, 1))[0]?.state === "told", "it has been told");
    expect(receiver.received).toHaveLength(1);
  }, 60_000);

  test("an answer without end is not read to its end", async () => {
    const yard = await aTellingYard();
    const chunk = Buffer.alloc(65_536, "x");
    let sent = 0;
    const receiver = await aReceiver((response) => {
      response.writeHead(200);
      const more = () => {
        sent += chunk.length;
        if (!response.destroyed) response.write(chunk, more);
      };
      more();
    });
    await yard.submit("true", { notify: [`webhook:${receiver.url}/`] });
    expect(await triedNotice(yard, 1)).toMatchObject({ state: "told" });
    const before = await until(async () => {
      const at = sent;
      await yard.run(1);
      return at === sent ? at : null;
    }, "nothing more is sent");
    expect(before).toBeLessThan(64 * 1024 * 1024);
  });

  test("a receiver that hangs delays no run, and no other notice", async () => {
    const yard = await aTellingYard();
    const hanging = await aReceiver(() => {});
    const receiver = await aReceiver();
    await yard.submit("true", { notify: [`webhook:${hanging.url}/`] });
    await hanging.has(1);
    await yard.submit("true", { notify: [`webhook:${receiver.url}/`] });
    await yard.reaches(2, "succeeded");
    await receiver.has(1);
    expect(await noticesOf(yard, 1)).toMatchObject([{ state: "waiting", tries: 0 }]);
    expect(await triedNotice(yard, 1)).toMatchObject({ state: "waiting", problem: "It has not answered in 10 s." });
  }, 60_000);

  test("a yard that is killed between a job's end and the telling tells it when it is back", async () => {
    const yard = await aTellingYard();
    // Never answered, so that the yard that is killed knows nothing of it.
    let isKilled = false;
    const receiver = await aReceiver((response) => {
      if (isKilled) response.writeHead(204).end();
    });
    await yard.submit("true", { notify: [`webhook:${receiver.url}/`] });
    await receiver.has(1);
    await yard.killYard();
    isKilled = true;
    await yard.start();
    const [first, second] = await receiver.has(2);
    expect(await triedNotice(yard, 1)).toMatchObject({ state: "told" });
    // By its id a receiver knows that it is the same.
    expect(second?.headers["runyard-notice"]).toBe(first?.headers["runyard-notice"]);
  });

  test("a yard that ends does not wait for a receiver that hangs", async () => {
    const yard = await aTellingYard();
    const hanging = await aReceiver(() => {});
    await yard.submit("true", { notify: [`webhook:${hanging.url}/`] });
    await hanging.has(1);
    const before = performance.now();
    await yard.stop();
    expect(performance.now() - before).toBeLessThan(8000);
    await yard.start();
    expect(await noticesOf(yard, 1)).toMatchObject([{ state: "waiting", tries: 0 }]);
  });
});

describe("where a yard does not go", () => {
  test.each([
    "http://127.0.0.1:9/",
    "http://localhost:9/",
    "http://a.localhost:9/",
    "http://[::1]:9/",
    "http://2130706433/",
    "http://[::ffff:169.254.169.254]/latest/meta-data",
    "http://169.254.169.254/latest/meta-data",
    "http://10.0.0.1/",
    "http://0.0.0.0/",
    "http://metadata.localhost/",
  ])("%s is refused at once, and nothing is queued", async (url) => {
    const yard = await aYard();
    await expect(yard.submit("true", { notify: [`webhook:${url}`] })).rejects.toThrow(/is not gone to: its address is/);
    await expect(yard.client.call("addNoticeTarget", { body: { target: `slack:${url}` } })).rejects.toThrow(
      /is not gone to/,
    );
    await expect(yard.client.call("testNotice", { body: { target: `webhook:${url}` } })).rejects.toThrow(
      /is not gone to/,
    );
    expect((await yard.client.call("listJobs")).jobs).toEqual([]);
  });

  test("what the administrator takes back is refused when it would be told", async () => {
    const yard = await aTellingYard();
    const receiver = await aReceiver();
    await yard.submit("while [ ! -e go ]; do sleep 0.02; done", { notify: [`webhook:${receiver.url}/`] });
    await yard.client.call("setNoticeSettings", { body: { disallow: ["127.0.0.0/8"] } });
    writeFileSync(`${yard.folder}/go`, "");
    expect(await triedNotice(yard, 1)).toMatchObject({ state: "given_up", problem: expect.stringMatching(/loopback/) });
    expect(receiver.received).toEqual([]);
  });
});
