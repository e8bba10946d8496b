import type { IncomingMessage, ServerResponse } from "node:http";
import type { z } from "zod";
import type { Contract } from "../api/contract.ts";
import type { DoorName } from "../api/paths.ts";
import type { Refused } from "../core/failure.ts";
import type { Outlook } from "../core/outlook.ts";
import type { Pending } from "../core/pending.ts";
import type { Presence } from "../core/presence.ts";
import type { Reasons } from "../core/reasons.ts";
import type { Desk } from "../dispatch/desk.ts";
import type { Uses } from "../dispatch/uses.ts";
import type { Works } from "../dispatch/works.ts";
import type { Files } from "../files/open_files.ts";
import type { Bell } from "../platform/bell.ts";
import type { Clock } from "../platform/clock.ts";
import type { Store } from "../store/store.ts";
import type { Authority, Principal } from "./auth.ts";
import type { Enquire } from "./enquire.ts";

/** All that the handlers of a yard work with. */
export interface Yard {
  id: string;
  version: string;
  epoch: number;
  home: string;
  /** Spools of clusters that are reached from this machine, by the ids of their machines. */
  clusters: string;
  /** What a login on this machine has: for work that comes from no terminal. */
  environment: Record<string, string>;
  startedAt: number;
  url: () => string;
  /** Where browsers reach it, if that is somewhere else: behind a proxy. */
  publicUrl: string | null;
  store: Store;
  files: Files;
  clock: Clock;
  presence: Presence;
  reasons: Reasons;
  outlook: Outlook;
  pending: Pending;
  /** Rung for a machine when its agent has something to fetch. */
  bell: Bell<number>;
  authority: Authority;
  works: Works;
  uses: Uses;
  desk: Desk;
  enquire: Enquire;
  /** When the scheduler last came round. */
  lastTurnAt: () => number;
  /** New work is refused while less than this is free on the yard's disk. */
  floorBytes: number;
  /** Asks the process to end; what runs goes on. */
  stop: () => void;
  log: (text: string) => void;
}

export interface Request<Name extends DoorName> {
  params: z.output<Contract[Name]["params"]>;
  query: z.output<Contract[Name]["query"]>;
  body: Contract[Name]["body"] extends z.ZodType ? z.output<Contract[Name]["body"]> : undefined;
  who: Principal;
  secret: string;
  /** It came with the panel's cookie. */
  isFromBrowser: boolean;
  /** Aborts when the other side has gone. */
  signal: AbortSignal;
  incoming: IncomingMessage;
  outgoing: ServerResponse;
}

/** Parsed by the contract, answered by it. `answered`: the handler has written the answer itself. */
export type Handler<Name extends DoorName> = (
  request: Request<Name>,
) => Promise<z.input<Contract[Name]["answer"]> | Refused | typeof answered>;

export const answered: unique symbol = Symbol("answered");

export type Handlers = { [Name in DoorName]: Handler<Name> };
