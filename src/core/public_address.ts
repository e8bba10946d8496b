/**
 * Which network addresses a yard may be led to by what its users write. The others are where it has doors that its users
 * have not: its own services, the machines beside it, the cloud's account of it.
 */

/** Bytes of an address: 4 or 16. */
type Bytes = readonly number[];

/** A block of addresses, as `10.0.0.0/8` or `fd00::/8`. */
interface Block {
  bytes: Bytes;
  bits: number;
}

/** Null: it is no address. */
export function parseAddress(text: string): Bytes | null {
  const [plain = ""] = text.split("%", 1);
  return plain.includes(":") ? sixteenBytes(plain) : fourBytes(plain);
}

function fourBytes(text: string): Bytes | null {
  if (!/^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}$/.test(text)) return null;
  const bytes = text.split(".").map(Number);
  return bytes.every((byte) => byte < 256) ? bytes : null;
}

function sixteenBytes(text: string): Bytes | null {
  const [before = "", after, ...more] = text.split("::");
  if (more.length > 0) return null;
  const head = groups(before, after === undefined);
  const tail = after === undefined ? [] : groups(after, true);
  if (!head || !tail) return null;
  const missing = 16 - head.length - tail.length;
  if (after === undefined ? missing !== 0 : missing < 2) return null;
  return [...head, ...Array.from({ length: missing }, () => 0), ...tail];
}

/** `2001:db8`; at the end of an address the last two may be an IPv4 one. */
function groups(text: string, isEnd: boolean): Bytes | null {
  if (text === "") return [];
  const parts = text.split(":");
  const bytes: number[] = [];
  for (const [index, part] of parts.entries()) {
    const four = isEnd && index === parts.length - 1 && part.includes(".") ? fourBytes(part) : null;
    if (four) bytes.push(...four);
    else if (/^[\da-f]{1,4}$/i.test(part)) bytes.push(Number.parseInt(part, 16) >> 8, Number.parseInt(part, 16) & 255);
    else return null;
  }
  return bytes;
}

function block(text: string): Block {
  const [address = "", bits = ""] = text.split("/");
  return { bytes: parseAddress(address) ?? [], bits: Number(bits) };
}

function isWithin({ bytes, bits }: Block, address: Bytes): boolean {
  if (bytes.length !== address.length) return false;
  return bytes.every((byte, at) => {
    const mask = (0xff00 >> Math.min(8, Math.max(0, bits - at * 8))) & 255;
    return ((byte ^ (address[at] ?? 0)) & mask) === 0;
  });
}

/** IANA's registries of addresses with a special purpose, IPv4 and IPv6. */
const special: readonly (readonly [why: string, blocks: readonly Block[]])[] = [
  ["loopback", ["127.0.0.0/8", "::1/128"].map(block)],
  ["link-local", ["169.254.0.0/16", "fe80::/10"].map(block)],
  ["private", ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7", "fec0::/10"].map(block)],
  ["multicast", ["224.0.0.0/4", "ff00::/8"].map(block)],
  [
    "reserved",
    [
      "0.0.0.0/8",
      "192.0.0.0/24",
      "192.0.2.0/24",
      "192.88.99.0/24",
      "198.18.0.0/15",
      "198.51.100.0/24",
      "203.0.113.0/24",
      "240.0.0.0/4",
      "2001::/23",
      "2001:db8::/32",
      "2002::/16",
      "3fff::/20",
    ].map(block),
  ],
];
/** All that is given out for the public net; what lies outside of it is special, known or not. */
const globalUnicast = block("2000::/3");
/** IPv6 addresses that lead to the IPv4 one in their last four bytes. */
const embedding = ["::ffff:0:0/96", "64:ff9b::/96"].map(block);

/** What is not public about an address, e.g. `loopback`; null: it is a public one. */
export function whyNotPublic(address: string): string | null {
  const bytes = parseAddress(address);
  return bytes ? whyNot(bytes) : "no address";
}

function whyNot(bytes: Bytes): string | null {
  const inner = embedded(bytes);
  if (inner) return whyNot(inner);
  const known = special.find(([, blocks]) => blocks.some((one) => isWithin(one, bytes)));
  if (known) return known[0];
  return bytes.length === 16 && !isWithin(globalUnicast, bytes) ? "reserved" : null;
}

function embedded(bytes: Bytes): Bytes | null {
  return embedding.some((one) => isWithin(one, bytes)) ? bytes.slice(12) : null;
}

/** The same address in one form, however it is written. */
function plain(address: string): string {
  const bytes = parseAddress(address) ?? [];
  return (embedded(bytes) ?? bytes).join(".");
}

/** Whether the text is what an administrator may allow: an address, a block of them, or a host's name. */
export function isAllowance(text: string): boolean {
  const [address = "", bits, ...more] = text.split("/");
  const bytes = parseAddress(address);
  if (!bytes)
    return /^[a-z\d_](?:[a-z\d_-]*[a-z\d])?(?:\.[a-z\d_](?:[a-z\d_-]*[a-z\d])?)*$/i.test(text) && text.length <= 253;
  return more.length === 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= bytes.length * 8));
}

/**
 * Why a yard does not go to `host` at `address`, e.g. `loopback`; null: it may.
 *
 * @param own    addresses of the yard's machine itself
 * @param allow  what the administrator allows all the same: see isAllowance
 */
export function whyRefused(
  { host, address }: { host: string; address: string },
  { own, allow }: { own: readonly string[]; allow: readonly string[] },
): string | null {
  if (allow.some((one) => allows(one, host, address))) return null;
  const why = whyNotPublic(address);
  if (why !== null) return why;
  return own.some((one) => plain(one) === plain(address)) ? "the yard's own" : null;
}

function allows(allowance: string, host: string, address: string): boolean {
  const [from = "", bits] = allowance.split("/");
  const bytes = parseAddress(from);
  if (!bytes) return allowance.toLowerCase() === host.toLowerCase().replace(/\.$/, "");
  const known = parseAddress(address) ?? [];
  const whole = { bytes, bits: bits === undefined ? bytes.length * 8 : Number(bits) };
  return isWithin(whole, known) || isWithin(whole, embedded(known) ?? []);
}

/** What the name of a host says of its address without anyone being asked; null: nothing. */
export function addressIn(host: string): string | null {
  const plainHost = host.replace(/^\[(.*)\]$/, "$1");
  if (parseAddress(plainHost)) return plainHost;
  return /(?:^|\.)localhost\.?$/i.test(plainHost) ? "127.0.0.1" : null;
}

export function describeRefusedAddress(host: string, why: string): string {
  return `${host} is not gone to: its address is ${why}. Name a public one, or ask the administrator to allow it with: runyard notify setup --allow ${host}`;
}
