import { expect, test } from "vitest";
import { inSlurmsWords, isLimit, isTransient } from "./commands.ts";

const FAILED = "sbatch: error: Batch job submission failed:";
const POLICY = `${FAILED} Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)`;

// As in slurm_errno.c of 22.05 to 24.11.
test.each([
  `${FAILED} Unable to contact slurm controller (connect failure)`,
  `${FAILED} Socket timed out on send/recv operation`,
  `${FAILED} Zero Bytes were transmitted or received`,
  `${FAILED} Slurm backup controller in standby mode`,
  `${FAILED} Rate limit exceeded, please retry momentarily`,
  `${FAILED} I/O error writing script/environment to file`,
  `${FAILED} System submissions disabled`,
  `${FAILED} Protocol authentication error`,
  "sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying.",
  "slurm_load_jobs error: Unable to contact slurm controller (connect failure)",
  "scancel: error: Kill job error on job id 23_3: Unable to contact slurm controller (connect failure)",
])("may be accepted later: %s", (stderr) => {
  expect([isTransient(stderr), isLimit(stderr)]).toEqual([true, false]);
});

test.each([
  `${FAILED} Invalid partition name specified`,
  `${FAILED} Invalid account or account/partition combination specified`,
  `${FAILED} Invalid generic resource (gres) specification`,
  `${FAILED} Requested time limit is invalid (missing or exceeds some limit)`,
  `${FAILED} Requested node configuration is not available`,
  "sbatch: error: Invalid --time specification",
  `sbatch: error: QOSMaxWallDurationPerJobLimit\n${POLICY}`,
  `sbatch: error: QOSMaxGRESPerJob\n${POLICY}`,
])("is never accepted: %s", (stderr) => {
  expect([isTransient(stderr), isLimit(stderr)]).toEqual([false, false]);
});

test.each([
  POLICY,
  `sbatch: error: AssocMaxSubmitJobLimit\n${POLICY}`,
  `sbatch: error: AssocGrpSubmitJobsLimit\n${POLICY}`,
  `sbatch: error: QOSMaxSubmitJobPerUserLimit\n${POLICY}`,
])("some of it may be accepted, the rest later: %s", (stderr) => {
  expect([isTransient(stderr), isLimit(stderr)]).toEqual([false, true]);
});

test("Slurm's words are told without the names of its programs, each once", () => {
  const twice = "sbatch: error: Invalid --time specification\nsbatch: error: Invalid --time specification";
  expect(inSlurmsWords(twice)).toBe("Invalid --time specification");
  expect(inSlurmsWords("")).toBe("it gave no reason");
});
