import { type Refused, refuse } from "../../core/failure.ts";
import { type Condition, isWhereProblem, parseNames, parseWhere, SEARCH } from "../../core/run_table/condition.ts";
import { parseSort, type Sort } from "../../core/run_table/sorting.ts";
import { whyNoColumn } from "../../core/run_table/table.ts";

/** The conditions of a request, for a job with these parameters. */
export function askedWhere(text: string | undefined, params: readonly string[]): Condition[] | Refused {
  const where = parseWhere(text ?? "");
  if (isWhereProblem(where)) return badRequest(`where, character ${where.at}: ${where.problem}`);
  const [problem] = where.flatMap(({ column }) => (column === SEARCH ? [] : (whyNoColumn(column, params) ?? [])));
  return problem === undefined ? where : badRequest(`where: ${problem}`);
}

export function askedSort(text: string, params: readonly string[]): Sort | Refused {
  const sort = parseSort(text);
  const problem = whyNoColumn(sort.column, params);
  return problem === null ? sort : badRequest(`sort: ${problem}`);
}

export function askedNames(text: string | undefined, params: readonly string[]): string[] | Refused {
  const names = parseNames(text ?? "");
  if (isWhereProblem(names)) return badRequest(`names, character ${names.at}: ${names.problem}`);
  const [problem] = names.flatMap((name) => whyNoColumn(name, params) ?? []);
  return problem === undefined ? names : badRequest(`names: ${problem}`);
}

export function badRequest(detail: string): Refused {
  return refuse({ code: "bad_request", detail: `${detail}.` });
}
