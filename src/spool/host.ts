import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { shellQuote } from "../core/shell_quote.ts";

/** What an attempt's folder on a machine behind ssh says of it: see launcher/README.md. */
export type RemoteState =
  | { kind: "absent" | "prepared" | "stopped" }
  /** `at`: by the machine's clock; null: not known. */
  | { kind: "begun"; at: number | null }
  /** It has begun, and its launcher is gone: the boot it belonged to. */
  | { kind: "left"; bootId: string }
  | { kind: "ended"; exit: string };

/** What its launcher on a cluster's node says of an attempt. */
export interface RemoteSeat {
  /** When it began, by the node's clock. */
  at: number;
  node: string;
  /** As CUDA_VISIBLE_DEVICES says. */
  gpus: string[];
  /** It was told that its time is nearly over. */
  isWarned: boolean;
}

/** A line of the program that the yard speaks to on a machine behind ssh. */
export type HostNews =
  | { kind: "hello"; bootId: string; host: string; address: string | null; now: number; folder: string }
  | { kind: "unusable"; path: string }
  | { kind: "deposed"; epoch: number }
  | { kind: "started"; attempt: string; pid: number; at: number }
  | { kind: "ended"; attempt: string; exit: string }
  /** Nothing of it was executed. */
  | { kind: "failed"; attempt: string; reason: string }
  /** Its GPUs or its port could not be had. */
  | { kind: "refused"; attempt: string; reason: string }
  | { kind: "size"; attempt: string; file: string; bytes: number }
  | { kind: "state"; attempt: string; state: RemoteState }
  /** Where on a cluster it is. */
  | ({ kind: "seat"; attempt: string } & RemoteSeat)
  /** A look is complete. */
  | { kind: "looked" }
  /** Nothing of the attempt's processes is left. */
  | { kind: "swept"; attempt: string }
  | { kind: "listed"; attempts: string[] }
  /** A line of survey.sh. */
  | { kind: "survey"; line: string }
  /** A survey is complete. */
  | { kind: "surveyed" };

/** @param spool  absolute, on that machine; null: in the account's data folder */
export function hostProgram(spool: string | null, yard: string, epoch: number): string {
  return [
    `spool=${shellQuote(spool ?? "")} yard=${shellQuote(yard)} epoch=${epoch}`,
    packaged("attempt.sh"),
    `survey_machine() {\n${packaged("survey.sh")}}`,
    packaged("host.sh"),
  ].join("\n");
}

/** What a task of a Slurm array executes on its node. */
export function taskProgram(): string {
  return [packaged("attempt.sh"), packaged("task.sh")].join("\n");
}

function packaged(name: string): string {
  return readFileSync(fileURLToPath(new URL(`../../src/spool/launcher/${name}`, import.meta.url)), "utf8");
}

/** Null where it is nothing that the program says. */
export function parseHostLine(line: string): HostNews | null {
  const [word, first = "", ...rest] = line.split(" ");
  const text = rest.join(" ");
  switch (word) {
    case "hello": {
      const [host = "", address = "-", now = "", ...folder] = rest;
      const at = { host, address: address === "-" ? null : address };
      return { kind: word, bootId: first, ...at, now: Number(now), folder: folder.join(" ") };
    }
    case "unusable":
      return { kind: word, path: [first, ...rest].join(" ") };
    case "deposed":
      return { kind: word, epoch: Number(first) };
    case "started":
      return { kind: word, attempt: first, pid: Number(rest[0]), at: Number(rest[1]) };
    case "ended":
      return { kind: word, attempt: first, exit: text };
    case "failed":
    case "refused":
      return { kind: word, attempt: first, reason: text };
    case "size":
      return { kind: word, attempt: first, file: rest[0] ?? "", bytes: Number(rest[1]) };
    case "state": {
      const state = parseState(rest);
      return state && { kind: word, attempt: first, state };
    }
    case "seat": {
      const [at, , node = "", gpus = "-", warned] = rest;
      const devices = gpus === "-" ? [] : gpus.split(",");
      return { kind: word, attempt: first, at: Number(at), node, gpus: devices, isWarned: warned === "warned" };
    }
    case "looked":
    case "surveyed":
      return { kind: word };
    case "survey":
      return { kind: word, line: line.slice("survey ".length) };
    case "swept":
      return { kind: word, attempt: first };
    case "listed":
      return { kind: word, attempts: [first, ...rest].filter((name) => /^\d+\.\d+\.\d+-[\w.]+$/.test(name)) };
    default:
      return null;
  }
}

function parseState([kind, ...rest]: string[]): RemoteState | null {
  switch (kind) {
    case "absent":
    case "prepared":
    case "stopped":
      return { kind };
    case "begun":
      return { kind, at: rest[0] === undefined ? null : Number(rest[0]) };
    case "left":
      return { kind, bootId: rest[0] ?? "" };
    case "ended":
      return { kind, exit: rest.join(" ") };
    default:
      return null;
  }
}
