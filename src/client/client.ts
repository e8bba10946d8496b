import type { z } from "zod";
import type { Contract } from "../api/contract.ts";
import { type DoorName, doors } from "../api/paths.ts";

/** How a request reaches the yard: `fetch` in a browser, `node:http` elsewhere. Rejects where it cannot be reached. */
export type Transport = (request: {
  method: string;
  /** From the yard's root, query included. */
  path: string;
  body?: string;
  signal?: AbortSignal;
}) => Promise<{ status: number; body: string }>;

type Input<Name extends DoorName, Part extends "params" | "query"> = z.input<Contract[Name][Part]>;
type Body<Name extends DoorName> = Contract[Name]["body"] extends z.ZodType
  ? z.input<Contract[Name]["body"]>
  : undefined;
export type Answer<Name extends DoorName> = z.output<Contract[Name]["answer"]>;

export interface Call<Name extends DoorName> {
  params?: Input<Name, "params">;
  query?: Input<Name, "query">;
  body?: Body<Name>;
  signal?: AbortSignal;
}

/** What the yard answered instead of what was asked for. */
export interface Problem {
  status: number;
  code: string;
  detail: string;
  /** The exit code that a command ends with. */
  exitCode: number;
  /** Of several jobs that were sent together: what is wrong with which of them, from 0. */
  problems?: { at: number; code: string; detail: string }[];
}

/** Thrown by a call that the yard refused. */
export interface RefusedCall extends Error {
  problem: Problem;
}

export function isRefusedCall(error: unknown): error is RefusedCall {
  return error instanceof Error && "problem" in error;
}

export interface Client {
  /** Resolves with the answer; rejects with a RefusedCall, or with the transport's error where nothing answered. */
  call<Name extends DoorName>(name: Name, call?: Call<Name>): Promise<Answer<Name>>;
}

export function openClient(transport: Transport): Client {
  return {
    async call(name, call = {}) {
      const { method } = doors[name];
      const answer = await transport({
        method,
        path: pathOf(name, call.params ?? {}, call.query ?? {}),
        ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
        ...(call.signal && { signal: call.signal }),
      });
      if (answer.status >= 400) throw refusal(answer.status, answer.body);
      return read(answer);
    },
  };
}

function read({ status, body }: { status: number; body: string }) {
  try {
    return JSON.parse(body);
  } catch {
    throw refusal(status, body);
  }
}

/** The path of a door with its parameters and query filled in. */
export function pathOf(name: DoorName, params: object, query: object): string {
  const values = new Map(Object.entries(params));
  const path = doors[name].path.replaceAll(/:([a-z]+)/g, (_, key: string) =>
    encodeURIComponent(String(values.get(key))),
  );
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) search.set(key, String(value));
  return search.size > 0 ? `${path}?${search}` : path;
}

export function refusal(status: number, body: string): RefusedCall {
  const problem = readProblem(status, body);
  return Object.assign(new Error(problem.detail), { problem });
}

function readProblem(status: number, body: string): Problem {
  try {
    const { code, detail, exitCode, problems } = JSON.parse(body);
    if (typeof detail === "string") {
      const problem = { status, code: String(code), detail, exitCode: Number(exitCode ?? 1) };
      return Array.isArray(problems) ? { ...problem, problems } : problem;
    }
  } catch {
    // Not ours: a proxy's page, say.
  }
  const detail = `What answered (HTTP status ${status}) is no yard, or something stands before it. Look at the address.`;
  return { status, code: "unexpected", detail, exitCode: 3 };
}
