import { BlockList, isIP } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseAddress, whyNotPublic } from "../core/public_address.ts";

describe("addresses are read as Node reads them", () => {
  test("whatever Node takes for an address is one, with 4 or 16 bytes, and nothing else is", () => {
    const written = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.ipV4Extended(),
      fc.string(),
      fc
        .array(fc.constantFrom("0", "1", "ffff", ":", "::", ".", "127", "00"), { maxLength: 12 })
        .map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(written, (text) => {
        fc.pre(!text.includes("%"));
        const length = parseAddress(text)?.length ?? 0;
        expect(length).toBe({ 0: 0, 4: 4, 6: 16 }[isIP(text)]);
      }),
      { numRuns: 2000 },
    );
  });

  test("what lies in a block that is not public lies there by Node's own count too", () => {
    const blocks = new BlockList();
    for (const [net, bits] of [
      ["10.0.0.0", 8],
      ["127.0.0.0", 8],
      ["169.254.0.0", 16],
      ["172.16.0.0", 12],
      ["192.168.0.0", 16],
      ["100.64.0.0", 10],
    ] as const) {
      blocks.addSubnet(net, bits);
    }
    const near = fc
      .tuple(
        fc.constantFrom(9, 10, 11, 126, 127, 128, 169, 172, 192, 100),
        fc.constantFrom(0, 15, 16, 31, 32, 63, 64, 127, 128, 168, 254),
        fc.nat(255),
        fc.nat(255),
      )
      .map((bytes) => bytes.join("."));
    fc.assert(
      fc.property(near, (address) => {
        const why = whyNotPublic(address);
        expect(why === "private" || why === "loopback" || why === "link-local").toBe(blocks.check(address));
      }),
    );
  });
});
