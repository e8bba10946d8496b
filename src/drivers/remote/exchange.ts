import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { good, type Result } from "../../platform/result.ts";
import type { Host } from "../../shells/host.ts";
import type { SshProblem } from "../../shells/problem.ts";

export interface ExchangeOptions {
  /** The script's stdin; empty otherwise. */
  input?: Readable;
  /** Takes its stdout as it comes; else it is answered as text. What it throws ends the script, and is thrown on. */
  receive?: (stdout: Readable) => Promise<void>;
}

export interface Exchanged {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a script on the machine to its end, however much goes in and out: for as long as the connection lives. */
export async function exchange(
  host: Host,
  script: string,
  { input, receive }: ExchangeOptions = {},
): Promise<Result<Exchanged, SshProblem>> {
  const opened = await host.open(script);
  if (!opened.ok) return opened;
  const { stdin, stdout, ended, kill } = opened.value;
  const received = receive ? receive(stdout).then(() => "") : text(stdout);
  // A script that ends early reads no further: its end says more than the broken pipe.
  if (input) pipeline(input, stdin).catch(() => {});
  else stdin.end();
  try {
    const taken = await received;
    const end = await ended;
    return end.ok ? good({ ...end.value, stdout: taken }) : end;
  } catch (error) {
    await kill();
    const end = await ended;
    if (!end.ok) return end;
    throw error;
  }
}
