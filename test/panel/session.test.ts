import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { aPanel, loginLink, noBrowser, obstacles, picture } from "../helpers/a_browser.ts";
import { aYard, type TestYard } from "../helpers/a_yard.ts";
import { until } from "../helpers/until.ts";

const withBrowser = test.skipIf(noBrowser);

/** The cookie that a browser got, as a header. */
async function cookieOf(yard: TestYard, token?: string): Promise<string> {
  const [, code] = (await loginLink(yard, "/", token)).split("#login=");
  const headers = { "content-type": "application/json", origin: yard.url(), "sec-fetch-site": "same-origin" };
  const answer = await yard.request("POST", "/api/v1/session", headers, JSON.stringify({ code }));
  expect(answer.status).toBe(200);
  const [cookie = ""] = answer.headers["set-cookie"] ?? [];
  expect(cookie).toMatch(/^runyard-[0-9a-f]+=ry_[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=86400$/);
  return cookie.split(";")[0] ?? "";
}

async function statusOf(yard: TestYard, method: string, path: string, headers: Record<string, string>, body?: object) {
  const content = body === undefined ? headers : { ...headers, "content-type": "application/json" };
  const answer = await yard.request(method, path, content, body && JSON.stringify(body));
  return answer.status;
}

withBrowser("a link lets one browser in, once, and leaves nothing of itself in the address", async () => {
  const yard = await aYard();
  const { page, context } = await aPanel(yard, { at: "/machines" });
  await page.getByRole("heading", { name: "Machines" }).waitFor();
  expect(page.url()).toBe(`${yard.url()}/machines`);
  expect(await page.evaluate("document.cookie")).toBe("");
  const [cookie] = await context.cookies();
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict", secure: false, path: "/" });

  const link = await loginLink(yard);
  const second = await aPanel(yard);
  await second.page.getByRole("navigation", { name: "Pages" }).waitFor();
  // Also in a tab where the panel is open: there only what stands behind the # is new.
  const entered = second.page.waitForResponse((answer) => answer.request().method() === "POST");
  await second.page.goto(link);
  await entered;
  const third = await aPanel(yard);
  await third.page.getByRole("navigation", { name: "Pages" }).waitFor();
  await third.context.clearCookies();
  await third.page.goto(link);
  await third.page.getByRole("heading", { name: "This link no longer works" }).waitFor();
  await third.page.getByText("runyard open").waitFor();
  expect(await obstacles(third.page)).toEqual([]);
  await picture(third.page, "link_used");
});

withBrowser("who signs out is out in every tab, and so is who is revoked", async () => {
  const yard = await aYard();
  const panel = await aPanel(yard);
  const other = await panel.tab("/machines");
  await other.getByRole("heading", { name: "Machines" }).waitFor();
  await panel.page.getByRole("button", { name: (await yard.client.call("showSession")).user }).click();
  await panel.page.getByRole("menuitem", { name: "Sign this browser out" }).click();
  await panel.page.getByRole("heading", { name: "Open the panel" }).waitFor();
  await other.getByRole("heading", { name: "Open the panel" }).waitFor();
  await panel.page.goto(await loginLink(yard));
  await panel.page.getByRole("navigation", { name: "Pages" }).waitFor();
  // A browser without a screen shows all of its tabs all the time.
  await other.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
  await other.getByRole("heading", { name: "Machines" }).waitFor();

  const again = await aPanel(yard);
  await again.page.getByRole("navigation", { name: "Pages" }).waitFor();
  const { tokens } = await yard.client.call("listTokens", { query: { good: "true" } });
  const sessions = tokens.filter(({ label }) => label === "a browser");
  for (const { id } of sessions) await yard.client.call("revokeToken", { params: { token: id } });
  await again.page.getByRole("heading", { name: "Open the panel" }).waitFor();
});

test("a session ends with the token that let the browser in, and with nobody's other", async () => {
  const yard = await aYard();
  const make = () => yard.client.call("createToken", { body: { user: "ada", role: "user", label: "laptop" } });
  const [one, two] = [await make(), await make()];
  const [first, second] = [await cookieOf(yard, one.secret), await cookieOf(yard, two.secret)];
  const look = (cookie: string) => statusOf(yard, "GET", "/api/v1/jobs", { cookie, "sec-fetch-site": "same-origin" });
  expect([await look(first), await look(second)]).toEqual([200, 200]);
  await yard.client.call("revokeToken", { params: { token: one.token.id } });
  expect([await look(first), await look(second)]).toEqual([401, 200]);
});

test("a browser may do what its user may, and no more", async () => {
  const yard = await aYard();
  const { secret } = await yard.client.call("createToken", { body: { user: "ada", role: "user" } });
  const own = { cookie: await cookieOf(yard, secret), origin: yard.url(), "sec-fetch-site": "same-origin" };
  expect(await statusOf(yard, "POST", "/api/v1/tokens", own, { user: "ada", role: "admin" })).toBe(403);
  expect(await statusOf(yard, "POST", "/api/v1/pause", own, { select: "all" })).toBe(403);
  const session = await yard.request("GET", "/api/v1/session", own);
  expect(JSON.parse(session.body.toString("utf8"))).toMatchObject({ user: "ada", role: "user" });
});

test("a cookie is worth nothing under another name of this machine, from another site, or beside a wrong token", async () => {
  const yard = await aYard();
  const cookie = await cookieOf(yard);
  const same = { cookie, "sec-fetch-site": "same-origin", origin: yard.url() };
  const pause = (headers: Record<string, string>) =>
    statusOf(yard, "POST", "/api/v1/pause", headers, { select: "all" });
  const look = (headers: Record<string, string>) => statusOf(yard, "GET", "/api/v1/jobs", headers);
  expect(await pause({ ...same, host: "rebound.example" })).toBe(403);
  expect(await look({ ...same, host: "rebound.example", origin: "http://rebound.example" })).toBe(403);
  expect(await pause({ ...same, "sec-fetch-site": "same-site", origin: "http://127.0.0.1:1" })).toBe(403);
  expect(await look({ cookie, "sec-fetch-site": "cross-site" })).toBe(403);
  expect(await pause({ cookie })).toBe(403);
  expect(await look({ ...same, authorization: "Bearer ry_wrong" })).toBe(401);
  expect((await yard.client.call("status")).paused).toEqual([]);
  expect(await pause(same)).toBe(200);
});

withBrowser("a page of another site on this very machine can neither see nor change anything", async () => {
  const yard = await aYard();
  const panel = await aPanel(yard);
  await panel.page.getByRole("navigation", { name: "Pages" }).waitFor();
  const evil = createServer((_request, answer) => {
    answer.setHeader("content-type", "text/html");
    answer.end(`<form method="post" enctype="text/plain" action="${yard.url()}/api/v1/pause">
      <input name='{"select":"all","x":"' value='"}'></form>`);
  });
  await new Promise<void>((listening) => evil.listen(0, "127.0.0.1", listening));
  onTestFinished(() => new Promise<void>((closed) => evil.close(() => closed())));
  const page = await panel.context.newPage();
  await page.goto(`http://127.0.0.1:${(evil.address() as AddressInfo).port}/`);
  // The browser does send the cookie along: a port makes no other site.
  const seen = await page.evaluate(
    `(async () => {
      const look = (path, how) => fetch("${yard.url()}" + path, { credentials: "include", ...how }).then((answer) => answer.type + answer.status, (error) => error.name);
      return [
        await look("/api/v1/jobs", {}),
        await look("/api/v1/pause", { method: "POST", mode: "no-cors", headers: { "content-type": "text/plain" }, body: '{"select":"all"}' }),
        await look("/api/v1/pause", { method: "POST", headers: { "content-type": "application/json" }, body: '{"select":"all"}' }),
      ];
    })()`,
  );
  expect(seen).toEqual(["TypeError", "opaque0", "TypeError"]);
  await page.evaluate("document.forms[0].submit()");
  await page.waitForURL(`${yard.url()}/api/v1/pause`);
  expect(await page.content()).toContain("foreign_page");
  expect((await yard.client.call("status")).paused).toEqual([]);
  await page.goto(`${yard.url()}/`);
  await page.getByRole("navigation", { name: "Pages" }).waitFor();
  // What it has tried is among the complaints, and nothing else.
  expect(panel.complaints.filter((one) => !/127\.0\.0\.1|CORS/.test(one))).toEqual([]);
  panel.complaints.length = 0;
});

test("the panel's pages let nothing in from elsewhere, and are nobody's frame", async () => {
  const yard = await aYard();
  for (const path of ["/", "/jobs/1", "/no/such/page"]) {
    const answer = await yard.request("GET", path, { accept: "text/html" });
    expect(answer.status).toBe(200);
    const policy = String(answer.headers["content-security-policy"]);
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect(answer.headers).toMatchObject({ "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" });
    expect(answer.body.toString("utf8")).not.toMatch(/<script(?![^>]*\bsrc=)|\bon\w+=|https?:/);
  }
  expect((await yard.request("GET", "/no/such/page")).status).toBe(404);
  expect((await yard.request("GET", "/api/v1/no", { accept: "text/html" })).status).toBe(404);
});

withBrowser("a browser whose clock is wrong still tells ages by the yard's", async () => {
  const yard = await aYard({ slots: [""] });
  await yard.submit("sleep 600", { name: "since just now" });
  await yard.reaches(1, "running");
  const { page } = await aPanel(yard, { at: "/" });
  await page.clock.setSystemTime(Date.now() + 7 * 3_600_000);
  await page.reload();
  const row = page.getByRole("row", { name: /since just now/ });
  await row.waitFor();
  await until(async () => /\b\d+s\b/.test(await row.innerText()), "its age is told in seconds");
});

test("`runyard open` prints a link for a browser, and its words lead to a job, a run or the machines", async () => {
  const yard = await aYard();
  await yard.submit("true");
  const open = async (...words: string[]) => (await yard.cli(["open", "--no-browser", ...words])).stdout.trim();
  expect(await open()).toMatch(new RegExp(`^${yard.url()}/#login=[\\w-]{22}$`));
  expect(await open("1")).toMatch(/\/jobs\/1#login=/);
  expect(await open("1.1")).toMatch(/\/jobs\/1\/runs\/1#login=/);
  expect(await open("machines")).toMatch(/\/machines#login=/);
  expect(await yard.cli(["open", "7"])).toMatchObject({ code: 4 });
  expect(await yard.cli(["open", "what?"])).toMatchObject({ code: 2, stdout: "" });
  const json = JSON.parse((await yard.cli(["open", "--json"])).stdout);
  expect(json).toMatchObject({ url: expect.stringContaining("#login="), expiresAt: expect.stringMatching(/Z$/) });
});

test("a yard behind a proxy prints links to where browsers reach it, and its cookies go over TLS alone", async () => {
  const yard = await aYard({ asleep: true });
  expect((await yard.cli(["up", "--url", "https://yard.example.org"])).code).toBe(0);
  const link = (await yard.cli(["open", "--no-browser"])).stdout.trim();
  expect(link).toMatch(/^https:\/\/yard\.example\.org\/#login=/);
  const [, code] = link.split("#login=");
  const headers = {
    host: "yard.example.org",
    origin: "https://yard.example.org",
    "sec-fetch-site": "same-origin",
    "content-type": "application/json",
  };
  const answer = await yard.request("POST", "/api/v1/session", headers, JSON.stringify({ code }));
  expect(answer.status).toBe(200);
  expect(answer.headers["set-cookie"]?.[0]).toMatch(/; Secure$/);
  expect((await yard.cli(["up", "--url", "https://other.example.org"])).code).toBe(2);
});
