import {
  type Document,
  isScalar,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  Scalar,
  type YAMLError,
} from "yaml";
import { didYouMean } from "./nearest.ts";
import { wrongUsage } from "./stop.ts";

/** A YAML file whose mistakes are told with their place. */
export interface YamlDocument {
  document: Document.Parsed;
  contents: Node | null;
  /** Both counted from 1; null stands for the beginning of the file. */
  placeOf(node: unknown): { line: number; column: number };
  /** What is wrong with the node, to be thrown: `file:line:column: why`. */
  refuse: Refuse;
}

export type Refuse = (node: unknown, why: string) => Error;

export type KeyAndValue = Pair<Node, Node | null>;

/** Keys that stand twice are the caller's to find. */
export function openYamlDocument(path: string, text: string): YamlDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const placeAt = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const refuseAt = (offset: number, why: string) => {
    const { line, column } = placeAt(offset);
    return wrongUsage(`${path}:${line}:${column}: ${why}`);
  };
  const [wrong] = [...document.errors, ...document.warnings];
  if (wrong) throw refuseAt(wrong.pos[0], yamlMistake(wrong));
  return {
    document,
    contents: document.contents,
    placeOf: (node) => placeAt(startOf(node)),
    refuse: (node, why) => refuseAt(startOf(node), why),
  };
}

/** What the parser has to say of text that is no YAML, as a sentence. */
function yamlMistake({ code, message }: YAMLError): string {
  if (code === "MULTIPLE_DOCS") return "a second document begins here. Keep everything in one.";
  const line = message.split("\n")[0] ?? message;
  return `this is not valid YAML: ${line.replace(/\.$/, "")}.`;
}

export function unknownKey(name: string, known: readonly string[]): string {
  return `unknown key ${JSON.stringify(name)}${didYouMean(name, known) || `; known: ${known.join(", ")}`}`;
}

export function nameOfKey({ key }: KeyAndValue): string {
  return isScalar(key) ? String(key.value) : String(key);
}

/** A plain scalar as written: `0.10`, `on`, `1_000` stay what they are. Null: the node is no scalar. */
export function textOf(node: unknown): string | null {
  if (!isScalar(node)) return null;
  return node.type === Scalar.PLAIN ? (node.source ?? String(node.value)) : String(node.value);
}

/** Where a node begins, in characters from the beginning of the file. */
function startOf(node: unknown): number {
  return (node as { range?: [number, number, number] | null } | null)?.range?.[0] ?? 0;
}
