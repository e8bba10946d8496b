import { type Client, openClient } from "../client/client.ts";
import { type Home, readJsonFile, readToken, type YardAddress } from "../platform/home.ts";
import { httpRequest } from "../platform/http.ts";

/** A yard on this machine, as its home says it is reached; null: none has said so. */
export function connectHome(home: Home): Client | null {
  const address = readJsonFile<YardAddress>(home.address);
  const token = readToken(home.agentToken);
  if (!address || token === null) return null;
  return openClient(async ({ method, path, body, signal }) => {
    const answer = await httpRequest({
      method,
      url: `${address.url}${path}`,
      headers: { authorization: `Bearer ${token}` },
      silenceMs: 45_000,
      ...(body !== undefined && { body }),
      ...(signal && { signal }),
    });
    return { status: answer.status, body: answer.body.toString("utf8") };
  });
}
