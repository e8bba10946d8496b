import { counted } from "../../../src/core/number_text.ts";
import { tell, tellProblem } from "../ui/toast.tsx";
import { cache } from "../yard/cache.ts";
import { call } from "../yard/client.ts";

/** Queues these failed runs of the job again, in as many requests as it takes, and says so once. */
export async function retryExactly(job: number, selectors: readonly string[]): Promise<void> {
  let queued = 0;
  try {
    for (const select of selectors) queued += (await call("retry", { body: { select, failed: true } })).runs;
  } catch (error) {
    tellProblem(error);
  }
  if (queued > 0) tell(`${counted(queued, "failed run")} queued again.`);
  await cache.invalidateQueries({ queryKey: ["job", job] });
  await cache.invalidateQueries({ queryKey: ["plots", job] });
}
