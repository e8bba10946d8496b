import { MAX_RUNS } from "./run_limit.ts";

/** What can be wrong with parameters, as facts; `describeSpaceProblem` words them. */
export type SpaceProblem =
  | { code: "bad_setting"; setting: string }
  | { code: "bad_name"; name: string }
  | { code: "duplicate_name"; name: string }
  | { code: "no_values"; name: string }
  | { code: "empty_value"; name: string }
  | { code: "bad_quoting"; name: string; found: string }
  | { code: "nul_in_value"; name: string }
  | { code: "bad_json"; name: string; json: string }
  | { code: "bad_range"; name: string; text: string; why: string }
  | { code: "duplicate_value"; names: string[]; value: string }
  | { code: "bad_zip"; text: string }
  | { code: "zip_unknown_name"; name: string; known: string[] }
  | { code: "zip_twice"; name: string }
  | { code: "zip_lengths"; lengths: { name: string; count: number }[] }
  | { code: "bad_exclusion"; text: string }
  | { code: "exclude_unknown_name"; name: string; known: string[] }
  | { code: "exclude_unknown_value"; name: string; value: string; values: string[] }
  | { code: "exclude_twice"; name: string }
  | { code: "excludes_everything"; total: number }
  | { code: "exclusions_entangled"; exclusions: number }
  | { code: "too_many_values"; name: string; count: number }
  | { code: "too_many_combinations" }
  | { code: "too_many_runs"; total: number }
  | { code: "bad_count"; what: "--sample" | "--runs"; found: number }
  | { code: "bad_seed"; found: number }
  | { code: "sample_too_large"; asked: number; available: number }
  | { code: "extend_unknown_name"; name: string; known: string[] }
  | { code: "too_many_parts"; parts: number };

/** A space that was refused, and why. */
export interface SpaceRefused {
  problem: SpaceProblem;
}

export function refuseSpace(problem: SpaceProblem): SpaceRefused {
  return { problem };
}

export function isSpaceRefused(value: unknown): value is SpaceRefused {
  return typeof value === "object" && value !== null && "problem" in value;
}

/** What happened, then what to do. */
export function describeSpaceProblem(problem: SpaceProblem): string {
  switch (problem.code) {
    case "bad_setting":
      return `${quoted(problem.setting)} does not set a parameter. Write NAME=VALUE,VALUE, e.g. --set lr=0.1,0.01`;
    case "bad_name":
      return `${quoted(problem.name)} cannot be the name of a parameter. Begin with a letter or _, then letters, digits, _ . and - only.`;
    case "duplicate_name":
      return `The parameter ${problem.name} is given twice. Put all its values in one place.`;
    case "no_values":
      return `The parameter ${problem.name} has no values, so there would be no runs. Give it at least one, or leave it out.`;
    case "empty_value":
      return `The parameter ${problem.name} has an empty value. Remove the extra comma, or write "" for the empty text.`;
    case "bad_quoting":
      return `The parameter ${problem.name} has a value that does not end as it began: ${quoted(problem.found)}. Write a text with commas or quotes as JSON does: "a,b", "say \\"hi\\"".`;
    case "nul_in_value":
      return `The parameter ${problem.name} has a value with a NUL character, which no command line can carry. Remove it.`;
    case "bad_json":
      return `The parameter ${problem.name} has a value whose JSON literal cannot be read: ${quoted(problem.json)}. Send valid JSON.`;
    case "bad_range":
      return `The parameter ${problem.name} has a range that cannot be computed: ${quoted(problem.text)}: ${problem.why}. Ranges are FROM..TO, FROM..TO:STEP, log:FROM..TO:COUNT and lin:FROM..TO:COUNT; put quotes around what is not one.`;
    case "duplicate_value":
      return problem.names.length === 1
        ? `The parameter ${problem.names[0]} has the value ${quoted(problem.value)} twice. Name it once; to repeat every combination use --runs.`
        : `The zipped parameters ${listed(problem.names)} have the same values twice: ${quoted(problem.value)}. Name each combination once; to repeat them use --runs.`;
    case "bad_zip":
      return `${quoted(problem.text)} does not say what to zip. Name two parameters or more: --zip lr,layers`;
    case "zip_unknown_name":
      return `--zip names ${quoted(problem.name)}, which is not a parameter. Parameters here: ${listed(problem.known)}.`;
    case "zip_twice":
      return `--zip names ${problem.name} twice. A parameter can advance together with others only once.`;
    case "zip_lengths":
      return `Zipped parameters need equally many values, but ${problem.lengths.map((one) => `${one.name} has ${one.count}`).join(" and ")}. Make the lists equally long.`;
    case "bad_exclusion":
      return `${quoted(problem.text)} does not say what to exclude. Write NAME=VALUE, more of them with commas: --exclude 'lr=0.1,layers=16'`;
    case "exclude_unknown_name":
      return `--exclude names ${quoted(problem.name)}, which is not a parameter. Parameters here: ${listed(problem.known)}.`;
    case "exclude_unknown_value":
      return `--exclude names ${problem.name}=${problem.value}, but ${problem.name} never has that value. It has: ${listed(problem.values)}.`;
    case "exclude_twice":
      return `One --exclude names ${problem.name} twice, which no combination can match. Write an --exclude for each value.`;
    case "excludes_everything":
      return `--exclude leaves none of the ${counted(problem.total)} combinations. Exclude less.`;
    case "exclusions_entangled":
      return `The ${counted(problem.exclusions)} exclusions overlap in too many ways to count what they leave. Write fewer, larger ones, or split the sweep.`;
    case "too_many_values":
      return `The parameter ${problem.name} has ${counted(problem.count)} values; a sweep has at most ${counted(MAX_RUNS)} runs. Shorten it, or draw some with --sample N.`;
    case "too_many_combinations":
      return "The parameters have more than 2^53 combinations, too many to number. Give some of them fewer values.";
    case "too_many_runs":
      return `That would be ${counted(problem.total)} runs; a job has at most ${counted(MAX_RUNS)}. Draw some of them with --sample N, or give fewer values.`;
    case "bad_count":
      return `${problem.what} takes a whole number from 1, not ${problem.found}.`;
    case "bad_seed":
      return `--seed takes a whole number, not ${problem.found}.`;
    case "sample_too_large":
      return `--sample asks for ${counted(problem.asked)} combinations, but there are ${counted(problem.available)}. Ask for at most that many, or leave --sample out to run all.`;
    case "extend_unknown_name":
      return `The job has no parameter ${quoted(problem.name)}, and a new one cannot be added to it. Its parameters: ${listed(problem.known)}.`;
    case "too_many_parts":
      return `The job would consist of ${counted(problem.parts)} parts, each with parameters of its own: too many to keep apart. Submit a new sweep for the rest.`;
  }
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return "none";
  const shown = names.slice(0, 10).join(", ");
  return names.length > 10 ? `${shown}, … (${counted(names.length)} in all)` : shown;
}

function counted(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}
