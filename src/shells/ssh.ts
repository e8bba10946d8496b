import type { Readable, Writable } from "node:stream";
import type { Result } from "../platform/result.ts";
export type SshProblem = { code: string; text: string };
export interface SshChannel {
  stdin: Writable;
  stdout: Readable;
  ended: Promise<SshProblem | null>;
}
export interface SshHost {
  connect(): Promise<Result<null, SshProblem>>;
  run(
    script: string,
    options: { deadlineMs: number; input?: Readable; receive?: (stream: Readable) => Promise<void> },
  ): Promise<Result<{ code: number; stdout: string; stderr: string }, SshProblem>>;
  open(script: string): Promise<Result<SshChannel, SshProblem>>;
  close(all?: boolean): Promise<void>;
}
export declare function openSsh(login: unknown, place: unknown): SshHost;
