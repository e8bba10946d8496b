/**
 * Variables of the submitting terminal that a run must not see: they speak of that terminal, of another scheduler's
 * step, or are set by Runyard itself for each run.
 */
const leftBehind =
  /^(SLURM_.*|SBATCH_.*|PMI.*|OMPI_.*|RANK|LOCAL_RANK|WORLD_SIZE|MASTER_.*|CUDA_VISIBLE_DEVICES|ROCR_VISIBLE_DEVICES|HIP_VISIBLE_DEVICES|RUNYARD_.*|SSH_.*|TMUX.*|_|SHLVL|PWD|OLDPWD)$/;

/** What of a terminal's environment goes along with a job that runs on the same machine. */
export function takenAlong(variables: Record<string, string | undefined>): Record<string, string> {
  const taken: Record<string, string> = {};
  for (const [name, value] of Object.entries(variables)) {
    if (value !== undefined && !leftBehind.test(name)) taken[name] = value;
  }
  return taken;
}
