import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addressIn, isAllowance, whyNotPublic, whyRefused } from "./public_address.ts";

const nobody = { own: [], allow: [] };

test.each([
  ["127.0.0.1", "loopback"],
  ["127.255.3.4", "loopback"],
  ["::1", "loopback"],
  ["0.0.0.0", "reserved"],
  ["::", "reserved"],
  ["10.1.2.3", "private"],
  ["172.16.0.1", "private"],
  ["172.31.255.255", "private"],
  ["192.168.1.1", "private"],
  ["100.64.0.1", "private"],
  ["fd12::1", "private"],
  ["169.254.169.254", "link-local"],
  ["fe80::1%eth0", "link-local"],
  ["fd00:ec2::254", "private"],
  ["224.0.0.251", "multicast"],
  ["ff02::1", "multicast"],
  ["255.255.255.255", "reserved"],
  ["198.18.0.1", "reserved"],
  ["2001:db8::1", "reserved"],
  ["2001::1", "reserved"],
  ["2002:7f00:1::", "reserved"],
  ["::ffff:127.0.0.1", "loopback"],
  ["::ffff:a9fe:a9fe", "link-local"],
  ["64:ff9b::10.0.0.1", "private"],
  ["64:ff9b:1::1", "reserved"],
  ["::127.0.0.1", "reserved"],
  ["example.org", "no address"],
  ["127.1", "no address"],
  ["0177.0.0.1", "no address"],
])("%s is not public: %s", (address, why) => {
  expect(whyNotPublic(address)).toBe(why);
});

test.each([
  "1.1.1.1",
  "172.32.0.1",
  "172.15.255.255",
  "100.63.255.255",
  "100.128.0.1",
  "2606:4700:4700::1111",
  "::ffff:8.8.8.8",
  "64:ff9b::8.8.8.8",
])("%s is public", (address) => {
  expect(whyNotPublic(address)).toBeNull();
});

test("an IPv4 address is judged alike however IPv6 wraps it", () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      expect(whyNotPublic(`::ffff:${address}`)).toBe(whyNotPublic(address));
      expect(whyNotPublic(`64:ff9b::${address}`)).toBe(whyNotPublic(address));
    }),
  );
});

describe("what the administrator allows", () => {
  test("an address, a block or a host, and nothing beside them", () => {
    const to = (address: string, host = "hooks.lab.example") => ({ host, address });
    expect(whyRefused(to("10.1.2.3"), { own: [], allow: ["10.0.0.0/8"] })).toBeNull();
    expect(whyRefused(to("11.1.2.3"), { own: ["11.1.2.3"], allow: ["10.0.0.0/8"] })).toBe("the yard's own");
    expect(whyRefused(to("10.1.2.3"), { own: [], allow: ["10.1.2.4"] })).toBe("private");
    expect(whyRefused(to("127.0.0.1"), { own: [], allow: ["Hooks.lab.example"] })).toBeNull();
    expect(whyRefused(to("127.0.0.1", "a.hooks.lab.example"), { own: [], allow: ["hooks.lab.example"] })).toBe(
      "loopback",
    );
    expect(whyRefused(to("::ffff:10.0.0.1"), { own: [], allow: ["10.0.0.0/8"] })).toBeNull();
    expect(whyRefused(to("fd00::1"), { own: [], allow: ["fd00::/8"] })).toBeNull();
  });

  test("the yard's own public address is refused, however it is written", () => {
    const own = ["8.8.8.8", "2606:4700::1"];
    expect(whyRefused({ host: "x", address: "::ffff:8.8.8.8" }, { own, allow: [] })).toBe("the yard's own");
    expect(whyRefused({ host: "x", address: "2606:4700:0:0::1" }, { own, allow: [] })).toBe("the yard's own");
    expect(whyRefused({ host: "x", address: "8.8.4.4" }, { own, allow: [] })).toBeNull();
  });

  test.each(["10.0.0.0/8", "10.1.2.3", "::1", "fd00::/8", "hooks.lab.example", "lab1"])("%s may be allowed", (text) => {
    expect(isAllowance(text)).toBe(true);
  });
  test.each([
    "",
    "10.0.0.0/33",
    "10.0.0.0/",
    "10.0.0.0/8/8",
    "fd00::/129",
    "http://x",
    "a b",
    "*.example.org",
    "-x",
  ])("%j may not be", (text) => {
    expect(isAllowance(text)).toBe(false);
  });
});

test("a host that is an address, or this machine's own name for itself, is judged without asking", () => {
  expect(addressIn("127.0.0.1")).toBe("127.0.0.1");
  expect(addressIn("[::1]")).toBe("::1");
  expect(addressIn("localhost")).toBe("127.0.0.1");
  expect(addressIn("a.b.localhost.")).toBe("127.0.0.1");
  expect(addressIn("localhost.example.org")).toBeNull();
});

test("whatever a URL makes of a host, it is judged as what would be connected to", () => {
  const loopbacks = [
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://[::ffff:7f00:1]/",
    "http://①②⑦.0.0.1/",
  ];
  for (const url of loopbacks) {
    const { hostname } = new URL(url);
    expect(whyRefused({ host: hostname, address: addressIn(hostname) ?? "" }, nobody), url).toBe("loopback");
  }
});
