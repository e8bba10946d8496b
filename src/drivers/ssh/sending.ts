import type { Assignment } from "../../core/assignment.ts";
import { deviceKey } from "../../core/gpu_key.ts";
import type { Gpu } from "../../core/machine.ts";
import type { SshHost } from "../../shells/ssh.ts";
import type { DriverDesk } from "../driver.ts";
import type { CodeSender } from "./code.ts";
import { exchange } from "./exchange.ts";
import { attemptSources, environmentSource, type FolderSource, takeInScript, tarOf } from "./folders.ts";

/** Lays out on a machine what attempts need before they begin. */
export interface Sender {
  /** Makes the folders of attempts; answers why those could not be made that are not there. Null: the connection broke. */
  send(
    place: { home: string; before: string | null },
    assignments: readonly Assignment[],
    gpus: readonly Gpu[],
    shared: boolean,
  ): Promise<Map<string, string> | null>;
  /** What was sent before may be gone: a new connection. */
  reset(): void;
}

/** @param python  the text of the Python client library; null: it is not at hand */
export function openSender(host: SshHost, desk: DriverDesk, code: CodeSender, python: string | null): Sender {
  /** Files beside the attempts that are there. */
  const there = new Set<string>();

  async function sharedSources(assignments: readonly Assignment[]): Promise<FolderSource[]> {
    const sources: FolderSource[] = [];
    if (python !== null) sources.push({ target: "python/runyard.py", content: python });
    for (const { environment, named } of new Map(assignments.map((one) => [one.environment, one])).values()) {
      if (!there.has(environmentSource(environment, {}).target)) {
        sources.push(environmentSource(environment, await variables(environment, named)));
      }
    }
    return sources.filter(({ target }) => !there.has(target));
  }

  async function variables(environment: string, named: readonly string[]): Promise<Record<string, string>> {
    const all = named.length > 0 ? await desk.environment(environment) : {};
    return Object.fromEntries(named.flatMap((name) => (Object.hasOwn(all, name) ? [[name, all[name] ?? ""]] : [])));
  }

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
    async send({ home, before }, which, gpus, shared) {
      const laid = await layOuts(home, which);
      if (!laid) return null;
      const assignments = which.filter(({ attempt }) => !laid.problems.has(attempt));
      if (assignments.length === 0) return laid.problems;
      const beside = await sharedSources(assignments);
      const places = { home, before, python: `${home}/python` };
      const folders = assignments.flatMap((assignment) => {
        const keys = assignment.slot.gpus.map((device) => deviceKey(gpus, device));
        return attemptSources(assignment, places, keys, shared);
      });
      const ids = assignments.map(({ attempt }) => attempt);
      const input = await tarOf(assignments, [...beside, ...folders]);
      const result = await exchange(host, takeInScript(home, ids, laid.lines), { input });
      if (!result.ok) return null;
      if (result.value.code === 0) for (const { target } of beside) there.add(target);
      else
        for (const id of ids)
          laid.problems.set(id, `its folder could not be made there: ${result.value.stderr.trim()}`);
      return laid.problems;
    },
    reset() {
      there.clear();
      code.reset();
    },
  };
}
