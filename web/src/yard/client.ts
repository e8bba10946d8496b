import type { DoorName } from "../../../src/api/paths.ts";
import {
  type Answer,
  type Call,
  isRefusedCall,
  openClient,
  type Problem,
  pathOf,
  refusal,
} from "../../../src/client/client.ts";

const client = openClient(async ({ method, path, body, signal }) => {
  const answer = await fetch(path, {
    method,
    ...(body !== undefined && { body, headers: { "content-type": "application/json" } }),
    ...(signal && { signal }),
  });
  return { status: answer.status, body: await answer.text() };
});

/** Asks the yard. Rejects with a RefusedCall, or with a TypeError where nothing answers. */
export function call<Name extends DoorName>(name: Name, how: Call<Name> = {}): Promise<Answer<Name>> {
  return client.call(name, how);
}

/** An answer that is no JSON: output, files. Rejects as `call` does. */
export async function callForBytes<Name extends DoorName>(name: Name, how: Call<Name> = {}): Promise<Response> {
  const answer = await fetch(pathOf(name, how.params ?? {}, how.query ?? {}), how.signal ? { signal: how.signal } : {});
  if (!answer.ok) throw refusal(answer.status, await answer.text());
  return answer;
}

/** Why something did not work, worded for people by the yard, or for it where it is silent. */
export function problemOf(error: unknown): Pick<Problem, "code" | "detail"> {
  if (isRefusedCall(error)) return error.problem;
  if (error instanceof TypeError)
    return { code: "unreachable", detail: "The yard does not answer. Look whether it runs, with: runyard status" };
  return { code: "internal", detail: error instanceof Error ? error.message : String(error) };
}

export function isSignedOut(error: unknown): boolean {
  return isRefusedCall(error) && error.problem.status === 401;
}
