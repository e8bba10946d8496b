import { expect, test } from "vitest";
import { reach } from "./reach.ts";

const rules = { own: ["203.0.114.9"], allow: [] };

test("a name is looked up once, and all that it leads to has to be public", async () => {
  let asked = 0;
  const resolve = async () => {
    asked += 1;
    // A name that is public when it is looked at, and another one when it is gone to.
    return asked === 1 ? ["93.184.216.34", "2606:2800::1"] : ["127.0.0.1"];
  };
  expect(await reach("rebinding.example", resolve, rules)).toEqual({ addresses: ["93.184.216.34", "2606:2800::1"] });
  expect(asked).toBe(1);
});

test.each([
  [["127.0.0.1"], /loopback/],
  [["93.184.216.34", "10.0.0.1"], /private/],
  [["93.184.216.34", "::ffff:169.254.169.254"], /link-local/],
  [["203.0.114.9"], /the yard's own/],
])("a name that leads to %j is refused for good", async (addresses, why) => {
  const reached = await reach("x.example", async () => addresses, rules);
  expect(reached).toEqual({ refused: expect.stringMatching(why), isFinal: true });
});

test("a name that is not known now may be known later", async () => {
  const unknown = async () => {
    throw Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" });
  };
  expect(await reach("x.example", unknown, rules)).toMatchObject({ isFinal: false });
  expect(await reach("x.example", async () => [], rules)).toMatchObject({ isFinal: false });
});

test("an address, or this machine's name for itself, is judged without asking anybody", async () => {
  const never = async () => {
    throw new Error("nobody is asked");
  };
  for (const host of ["127.0.0.1", "[::1]", "localhost", "x.localhost"])
    expect(await reach(host, never, rules)).toMatchObject({ isFinal: true });
  expect(await reach("93.184.216.34", never, rules)).toEqual({ addresses: ["93.184.216.34"] });
});
