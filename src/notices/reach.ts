import { lookup } from "node:dns/promises";
import { addressIn, describeRefusedAddress, whyRefused } from "../core/public_address.ts";
import { systemErrorText } from "../platform/system_error.ts";

/** All addresses of a host, as the system finds them. */
export type Resolve = (host: string) => Promise<string[]>;

export const systemResolve: Resolve = async (host) => {
  return (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);
};

/** Where a host lies: looked up once, and good for one connection; or why nobody goes there. */
export type Reached = { addresses: string[] } | { refused: string; isFinal: boolean };

/**
 * Looks the host up and judges every address found: one that may not be gone to refuses the host, since which of them
 * a connection would take is not the yard's choice alone.
 *
 * @param host  as it stands in a URL, an IPv6 address in brackets
 */
export async function reach(
  host: string,
  resolve: Resolve,
  rules: { own: readonly string[]; allow: readonly string[] },
): Promise<Reached> {
  const known = addressIn(host);
  let addresses: string[];
  try {
    addresses = known === null ? await resolve(host) : [known];
  } catch (error) {
    return { refused: `${host} is not known: ${systemErrorText(error)}.`, isFinal: false };
  }
  for (const address of addresses) {
    const why = whyRefused({ host, address }, rules);
    if (why !== null) return { refused: describeRefusedAddress(host, why), isFinal: true };
  }
  return addresses.length > 0 ? { addresses } : { refused: `${host} has no address.`, isFinal: false };
}
