import type { Assignment } from "../../core/assignment.ts";
import type { Desk } from "../../dispatch/desk.ts";
import type { Host } from "../../shells/host.ts";
import { type CodeSender, TREE_IS_GONE } from "./code.ts";
import { exchange } from "./exchange.ts";
import { type FolderSource, takeInScript, tarOf } from "./folders.ts";
import type { Way } from "./way.ts";

/** Lays out on a machine what attempts need before they begin. */
export interface Sender {
  /** Makes the folders of attempts; answers why those could not be made that are not there. Null: the connection broke. */
  send(home: string, assignments: readonly Assignment[]): Promise<Map<string, string> | null>;
  /** What was sent before may be gone: a new connection, a tree that a run has written to. */
  reset(): void;
}

/** @param python  the text of the Python client library; null: it is not at hand */
export function openSender(
  host: Host,
  desk: Desk,
  code: CodeSender,
  python: string | null,
  sourcesOf: Way["sources"],
): Sender {
  let isPythonThere = python === null;

  /** The lines that lay out the code of attempts, and why that of some cannot be; null: the connection broke. */
  async function layOuts(home: string, assignments: readonly Assignment[]) {
    const lines = new Map<string, string>();
    const problems = new Map<string, string>();
    for (const { attempt, snapshot } of assignments) {
      if (snapshot === null) continue;
      const problem = await code.ensure(home, snapshot);
      if (problem === "broken") return null;
      if (problem === null) lines.set(attempt, code.layOut(snapshot, attempt));
      else problems.set(attempt, problem);
    }
    return { lines, problems };
  }

  return {
    async send(home, which) {
      const laid = await layOuts(home, which);
      if (!laid) return null;
      const assignments = which.filter(({ attempt }) => !laid.problems.has(attempt));
      if (assignments.length === 0) return laid.problems;
      const places = { home, python: `${home}/python` };
      const sources: FolderSource[] = isPythonThere ? [] : [{ target: "python/runyard.py", content: python ?? "" }];
      for (const assignment of assignments) {
        const variables = assignment.named.length > 0 ? await desk.environment(assignment.environment) : {};
        sources.push(...sourcesOf(assignment, variables, places));
      }
      const ids = assignments.map(({ attempt }) => attempt);
      const input = await tarOf(assignments, sources);
      const result = await exchange(host, takeInScript(home, ids, laid.lines), { input });
      if (!result.ok) return null;
      const { code: exitCode, stderr } = result.value;
      if (exitCode === 0) isPythonThere = true;
      else if (exitCode === TREE_IS_GONE) {
        code.reset();
        return null;
      } else for (const id of ids) laid.problems.set(id, `its folder could not be made there: ${stderr.trim()}`);
      return laid.problems;
    },
    reset() {
      isPythonThere = python === null;
      code.reset();
    },
  };
}
