import { deviceKey } from "../../core/gpu_key.ts";
import { withUnseen } from "../../core/machine.ts";
import { attemptSources } from "../remote/folders.ts";
import type { Way, WayTools } from "../remote/way.ts";
import { checkMachine } from "./check.ts";
import { type RemoteSurvey, readSurvey } from "./survey.ts";

/** Shorter than the silence after which a connection counts as dead. */
const SURVEY_DEADLINE_MS = 15_000;
/** A look at the GPUs this recent is good enough to start a run by. */
const FRESH_MS = 3000;

/** A machine's own launchers, which `host.sh` starts there. */
export function launcherWay({ attempts, machine, hardware, connection, survey }: WayTools, yard: string): Way {
  let surveyedAt = 0;
  let seen: RemoteSurvey | null = null;
  const isOurs = (attempt: string) => attempts.get(attempt) !== undefined;

  return {
    async survey(now) {
      surveyedAt = Date.now();
      const told = await now.survey(SURVEY_DEADLINE_MS);
      if (told === null) return null;
      seen = readSurvey(told, isOurs, yard);
      if (seen) return { hardware: withUnseen(seen.hardware, hardware().gpus), held: seen.held };
      const blocked = "it does not answer when it is looked at";
      return { hardware: { ...hardware(), blocked }, held: new Map() };
    },
    check: (_, now) => checkMachine(seen, now?.clockMs ?? 0),
    async prepare(assignments) {
      const wantsGpus = assignments.some(({ slot }) => slot.gpus.length > 0);
      return !wantsGpus || Date.now() - surveyedAt <= FRESH_MS || (await survey()) !== null;
    },
    sources(assignment, variables, places) {
      const keys = assignment.slot.gpus.map((device) => deviceKey(hardware().gpus, device));
      const before = machine().login?.env ?? null;
      return attemptSources(assignment, variables, { ...places, before }, keys, machine().slots !== null);
    },
    begin: (ids) => connection()?.say("begin", ...ids),
    forbid: (id) => connection()?.say("forbid", id),
    stop: (graceMs, id) => connection()?.say("stop", String(graceMs), id),
    state: (attempt, state, now) => attempts.state(attempt, state, now),
    watched: attempts.watched,
    seat: () => {},
    resumed: async () => {},
    forgotten: () => {},
    tend: () => {},
    answer: async () => null,
  };
}
