import type { IncomingMessage } from "node:http";
import type { DoorName } from "../api/paths.ts";
import { doors } from "../api/paths.ts";
import { type Call, type Client, openClient, pathOf, refusal } from "../client/client.ts";
import { type Home, readJsonFile, readToken, unreadableHome, type YardAddress } from "../platform/home.ts";
import { type HttpAnswer, httpRequest, httpStream } from "../platform/http.ts";
import { version } from "../platform/version.ts";
import { findYard, startYard, yardIsGone } from "./start_yard.ts";
import { stopWith } from "./stop.ts";
import { note } from "./terminal.ts";
import { type YardPlace, yardPlace } from "./yard_place.ts";

/** A yard that can be asked. */
export interface Connection {
  client: Client;
  /** This machine's home, where the yard is this account's own; null: the yard is elsewhere and shares no files. */
  home: Home | null;
  url(): string;
  /** The answer's bytes and headers. Rejects with a RefusedCall where the yard refuses. */
  fetch<Name extends DoorName>(name: Name, call: Call<Name>): Promise<HttpAnswer>;
  /** An answer that goes on; read it from the stream. */
  stream<Name extends DoorName>(
    name: Name,
    call: Call<Name>,
    headers: Record<string, string>,
  ): Promise<IncomingMessage>;
  /** Looks anew where the yard is: one that was started again may have another address. `stopped`: it was asked to end. */
  refresh(): "there" | "stopped";
}

/** Longer silence of a stream than this is a lost connection: the yard gives a sign of life every 10 s. */
const SILENCE_MS = 30_000;
const ANSWER_WITHIN_MS = 120_000;
const STOP_WITHIN_MS = 20_000;

/** The yard, for commands that only look: never starts one. */
export async function connectToLook(): Promise<Connection> {
  const place = yardPlace(process.env);
  if (place.kind === "elsewhere") return openConnection(place);
  const found = await findYard(place.home);
  if (typeof found === "object") return openConnection(place);
  throw found === "none" ? noYard(place.home) : silentYard(place.home);
}

function noYard(home: Home) {
  const unreadable = unreadableHome(home);
  const message =
    unreadable === null
      ? "no yard is running. Start one with: runyard up, or submit something: runyard run -- COMMAND"
      : `The home ${home.folder} cannot be read: ${unreadable}. Name another one in RUNYARD_HOME, or log in to a yard with: runyard login URL`;
  return stopWith({ code: unreadable === null ? "no_yard" : "no_home", message, exitCode: 3 });
}

function silentYard(home: Home) {
  const message = `The yard of ${home.folder} is there but does not answer. Its log: ${home.yardLog}`;
  return stopWith({ code: "silent_yard", message, exitCode: 3 });
}

/** The yard, for commands that change something: starts one where none runs, and replaces one of an older version. */
export async function connectToChange(options: { quiet: boolean }): Promise<Connection> {
  const place = yardPlace(process.env);
  if (place.kind === "home") await ensureYard(place.home, { quiet: options.quiet, flags: [], database: null });
  return openConnection(place);
}

/** Returns whether one had to be started. */
export async function ensureYard(
  home: Home,
  options: { quiet: boolean; flags: readonly string[]; database: string | null },
): Promise<{ address: YardAddress; isNew: boolean }> {
  const say = options.quiet ? () => {} : note;
  const found = await findYard(home);
  if (typeof found === "object") {
    if (found.version === version) return { address: found, isNew: false };
    if (isNewer(found.version, version)) {
      say(`The yard is newer (${found.version}) than this program (${version}); going on with it.`);
      return { address: found, isNew: false };
    }
    await replaceYard(home, found, say);
  }
  const { address, isOurs } = await startYard(home, options.flags, options.database);
  if (isOurs) say(`Started a yard at ${address.url} (home ${home.folder}).`);
  return { address, isNew: isOurs };
}

async function replaceYard(home: Home, old: YardAddress, say: (text: string) => void): Promise<void> {
  say(`Replacing the yard of version ${old.version} by ${version}; what runs goes on.`);
  await openConnection({ kind: "home", home }).client.call("stopYard", { body: {} });
  if (await yardIsGone(old, STOP_WITHIN_MS)) return;
  const message = `The yard of version ${old.version} (pid ${old.pid}) does not end. Its log: ${home.yardLog}`;
  throw stopWith({ code: "not_replaced", message, exitCode: 3 });
}

/** Whether version `a` is newer than `b`. */
export function isNewer(a: string, b: string): boolean {
  const [x, y] = [a, b].map((text) => text.split(/[.-]/).slice(0, 3).map(Number));
  for (const i of [0, 1, 2]) {
    const difference = (x?.[i] || 0) - (y?.[i] || 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}

export function openConnection(place: YardPlace): Connection {
  let address = addressOf(place);

  function requestFor(name: DoorName, call: Call<DoorName>, headers: Record<string, string>) {
    return {
      method: doors[name].method,
      url: address.url + pathOf(name, call.params ?? {}, call.query ?? {}),
      headers: { authorization: `Bearer ${address.token}`, ...headers },
      ...(call.signal && { signal: call.signal }),
    };
  }

  return {
    home: place.kind === "home" ? place.home : null,
    url: () => address.url,
    client: openClient(async ({ method, path, body, signal }) => {
      const answer = await httpRequest({
        method,
        url: address.url + path,
        headers: { authorization: `Bearer ${address.token}` },
        silenceMs: ANSWER_WITHIN_MS,
        ...(body !== undefined && { body }),
        ...(signal && { signal }),
      });
      return { status: answer.status, body: answer.body.toString("utf8") };
    }),
    async fetch(name, call) {
      const answer = await httpRequest({
        ...requestFor(name, call as Call<DoorName>, {}),
        silenceMs: ANSWER_WITHIN_MS,
      });
      if (answer.status >= 400) throw refusal(answer.status, answer.body.toString("utf8"));
      return answer;
    },
    stream: (name, call, headers) =>
      httpStream({ ...requestFor(name, call as Call<DoorName>, headers), silenceMs: SILENCE_MS }),
    refresh() {
      if (place.kind === "elsewhere") return "there";
      const latest = readJsonFile<YardAddress>(place.home.address);
      if (!latest) return "stopped";
      address = addressOf(place);
      return "there";
    },
  };
}

function addressOf(place: YardPlace): { url: string; token: string } {
  if (place.kind === "elsewhere") return place;
  const url = readJsonFile<YardAddress>(place.home.address)?.url ?? "";
  return { url, token: readToken(place.home.adminToken) ?? "" };
}
