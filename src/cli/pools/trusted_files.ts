import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import { writeDurably } from "../../platform/durable_file.ts";
import { homeOf, makeHome, readJsonFile } from "../../platform/home.ts";
import { wrongUsage } from "../stop.ts";

/** Projects' files whose content was looked at and agreed to, by their real paths: its SHA-256. */
type Trusted = Record<string, string>;

/** Whether exactly this content of the file has been agreed to. */
export function isTrusted(path: string, text: string): boolean {
  const trusted = readTrusted();
  const place = realpathSync(path);
  return Object.hasOwn(trusted, place) && trusted[place] === digestOf(text);
}

/** Remembers that this content of the file is agreed to. Durable once it returns. */
export async function trustFile(path: string, text: string): Promise<void> {
  const home = homeOf(process.env);
  const objection = makeHome(home);
  if (objection !== null)
    throw wrongUsage(`${home.folder} cannot be a home: ${objection}. Name another one in RUNYARD_HOME.`);
  const trusted: Trusted = { ...readTrusted(), [realpathSync(path)]: digestOf(text) };
  await writeDurably(trustedFile(), `${JSON.stringify(trusted, null, 2)}\n`);
}

function readTrusted(): Trusted {
  const found = readJsonFile<Trusted>(trustedFile());
  return typeof found === "object" && found !== null ? found : {};
}

function trustedFile(): string {
  return `${resolve(homeOf(process.env).folder)}/trusted.json`;
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
