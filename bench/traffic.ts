import type { SshHost } from "../test/testbed/ssh_hosts/host.ts";

/** Bytes that have gone over the host's wire since it booted, both ways, headers included. */
export function bytesOnWire(host: SshHost): number {
  const line = host
    .run("cat /proc/net/dev")
    .split("\n")
    .find((text) => text.trim().startsWith("eth0:"));
  const fields = line?.split(":")[1]?.trim().split(/\s+/).map(Number) ?? [];
  return (fields[0] ?? Number.NaN) + (fields[8] ?? Number.NaN);
}

/** The most bytes that any of the hosts' wires has carried during some work. */
export async function mostBytes(hosts: readonly SshHost[], work: () => Promise<unknown>): Promise<number> {
  const before = hosts.map(bytesOnWire);
  await work();
  return Math.max(...hosts.map((host, at) => bytesOnWire(host) - (before[at] ?? Number.NaN)));
}
