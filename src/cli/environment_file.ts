import { isSetAlways, isVariableName } from "../core/environment.ts";

/** What is wrong with a file of variables, and where (line from 1). */
export interface BadVariable {
  line: number;
  message: string;
}

/**
 * `NAME=VALUE` lines, `export` in front allowed, `#` comments. A value in single quotes stands as it is, in double quotes
 * \n \t \" \\ \$ are resolved; nothing is expanded. Unquoted, it ends before a comment and without the spaces around it.
 */
export function parseEnvironmentFile(text: string): Record<string, string> | BadVariable {
  const variables: Record<string, string> = {};
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    const trimmed = line.trim().replace(/^export\s+/, "");
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    if (trimmed.includes("\0"))
      return { line: i + 1, message: "A NUL character stands here, which no variable can hold." };
    const equals = trimmed.indexOf("=");
    const name = equals === -1 ? trimmed : trimmed.slice(0, equals).trimEnd();
    if (equals === -1) return { line: i + 1, message: `"${name}" has no value. Write NAME=VALUE.` };
    if (isSetAlways(name)) return { line: i + 1, message: `Runyard sets ${name} itself, for each run. Leave it out.` };
    if (!isVariableName(name)) return { line: i + 1, message: `"${name}" cannot be the name of a variable.` };
    const value = parseValue(trimmed.slice(equals + 1).trimStart());
    if (value === null)
      return { line: i + 1, message: `The value of ${name} does not end with the quote that it begins with.` };
    variables[name] = value;
  }
  return variables;
}

export function isBadVariable(value: Record<string, string> | BadVariable): value is BadVariable {
  return typeof value["line"] === "number";
}

function parseValue(text: string): string | null {
  const single = /^'([^']*)'\s*(#.*)?$/.exec(text);
  if (single) return single[1] ?? "";
  const double = /^"((?:[^"\\]|\\.)*)"\s*(#.*)?$/.exec(text);
  if (double) return (double[1] ?? "").replace(/\\([nt"\\$`])/g, (_, char: string) => escapes[char] ?? char);
  if (text.startsWith("'") || text.startsWith('"')) return null;
  return text.replace(/(^|\s+)#.*$/, "").trimEnd();
}

const escapes: Record<string, string> = { n: "\n", t: "\t" };
