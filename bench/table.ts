import { type Limit, printLimits, printTitle, timed } from "./figures.ts";
import { openHistory } from "./history.ts";
import { residentMb } from "./memory.ts";
import { openStage } from "./stage.ts";
import { startYard } from "./yard.ts";

const RUNS = 100_000;
const STEPS = 1000;

/** A sweep of 100,000 runs that have ended, looked at as the panel looks at it: without a look before, and again. */
export async function table(): Promise<boolean> {
  const stage = openStage();
  const yard = await startYard(stage, "yard");
  await yard.stop();
  console.log(`making ${RUNS} runs`);
  const history = await openHistory(`${stage.folder}/yard/home`);
  await history.sweep({ name: "a large sweep", runs: RUNS, steps: STEPS });
  await history.close();
  await yard.start();
  const before = residentMb(yard.pids().yard);
  let [most, slowest] = [0, 0];
  const watching = setInterval(() => {
    most = Math.max(most, residentMb(yard.pids().yard) - before);
    void timed(() => yard.get("/healthz")).then(({ ms }) => {
      slowest = Math.max(slowest, ms);
    });
  }, 10);
  const limits: Limit[] = [];
  const ask = async (what: string, path: string, atMost: number) => {
    const { ms, value } = await timed(() => yard.get(`/api/v1/jobs/1/${path}`));
    if (value.status !== 200) throw new Error(`${path} was answered with ${value.status}: ${value.body.toString()}`);
    limits.push({ what, value: ms, atMost, unit: "ms" });
  };
  await ask("first rows", "table?limit=100", 100);
  await ask("rows in the middle", "table?from=50000", 100);
  await ask("what the columns are, with the frame made for it", "columns", 5000);
  await ask("a filter", "table?where=params.lr%3E%3D0.05,metrics.loss%3C0.5,status%3Dsucceeded", 300);
  await ask(
    "the same, further down",
    "table?from=5000&where=params.lr%3E%3D0.05,metrics.loss%3C0.5,status%3Dsucceeded",
    100,
  );
  await ask("a search", "table?where=search%3Dadam", 300);
  await ask("sorted by a result", "table?sort=-result.accuracy", 300);
  await ask("sorted by a text", "table?sort=params.opt", 300);
  await ask(
    "2,000 of them for a plot",
    "columns?names=params.lr,params.opt,metrics.loss,result.accuracy&most=2000",
    300,
  );
  await ask("importance", "importance?of=result.accuracy", 1000);
  await ask(`curves of 100 runs of ${STEPS} steps`, `curves?metric=loss&runs=1-100`, 1500);
  await ask("the same again", `curves?metric=loss&runs=1-100`, 100);
  await ask("failures, grouped", "failures", 3000);
  clearInterval(watching);
  // Its answer is so long that this program itself is held up by it.
  await ask("exported as CSV", "export?format=csv", 30_000);
  limits.push({ what: "anyone else's slowest answer meanwhile", value: slowest, atMost: 50, unit: "ms" });
  limits.push({ what: "more memory of the yard, at its most", value: most, atMost: 400, unit: "MB" });
  printTitle(`A job of ${RUNS} runs as a table`);
  const isKept = printLimits(limits);
  await yard.stop();
  stage.clear();
  return isKept;
}
