import { type Limit, median, printLimits, printTable, printTitle, timed } from "./figures.ts";
import { type BenchLab, compareFiles, openLab } from "./lab.ts";
import { runParallel } from "./ssh_peer.ts";

const LINES = 300;
const SLOTS = 8;
/** Of the time that GNU parallel takes: twice as fast. */
const SHARE = 0.5;

interface Contestant {
  name: string;
  run(lab: BenchLab, folder: string): Promise<unknown>;
  /** Where what line n has printed is to lie. */
  output(n: number): string;
  /** What our time may be at most, as a part of its own; null: it is only shown. */
  share: number | null;
}

const ours: Contestant = {
  name: "runyard batch",
  run: (lab, folder) => lab.batch(folder, "lines"),
  output: (n) => `job_results/lines.${n}.out`,
  share: null,
};

const RETURN = ["--return", "{}.out", "--cleanup", "echo {} >{}.out"];
/** It brings nothing but what is printed, and does without the logins that fetch and remove a file. */
const RESULTS = ["--results", "{}.out", "echo {}"];

const contestants = [
  ours,
  parallel("parallel --return --cleanup", RETURN, false),
  parallel("parallel --results", RESULTS, false),
  parallel("parallel --return --cleanup, ControlPersist", RETURN, true),
  parallel("parallel --results, ControlPersist", RESULTS, true),
];

function parallel(name: string, args: string[], shared: boolean): Contestant {
  return {
    name,
    run: (lab, folder) => runParallel(lab, folder, { args, numbers: LINES, shared }),
    output: (n) => `${n}.out`,
    share: shared ? null : SHARE,
  };
}

/** Short lines over three hosts, interleaved with GNU parallel; a round counts only if every output is there and right. */
export async function sshBatch(rounds: number): Promise<boolean> {
  const lab = await openLab(["lab1", "lab2", "lab3"], SLOTS);
  if (lab === null) return true;
  const lines = Array.from({ length: LINES }, (_, i) => `echo ${i + 1}\n`).join("");
  const seconds = new Map(contestants.map(({ name }): [string, number[]] => [name, []]));
  let isSound = true;
  for (let round = 0; round < rounds; round += 1) {
    for (let at = 0; at < contestants.length; at += 1) {
      const contestant = contestants[(at + round) % contestants.length] ?? ours;
      const folder = lab.folder(`round-${round}-${at}`, { lines });
      const { ms } = await timed(() => contestant.run(lab, folder));
      const outputs = Array.from({ length: LINES }, (_, i): [string, string] => {
        return [`${folder}/${contestant.output(i + 1)}`, `${i + 1}\n`];
      });
      const problems = compareFiles(new Map(outputs));
      for (const problem of problems.slice(0, 5)) console.log(`  DOES NOT COUNT: ${contestant.name}: ${problem}`);
      isSound &&= problems.length === 0;
      seconds.get(contestant.name)?.push(problems.length === 0 ? ms / 1000 : Number.NaN);
    }
  }
  await lab.close();
  printTitle(`${LINES} × echo over three hosts, ${SLOTS} at once on each, ${rounds} rounds`);
  printTimes(seconds);
  const limits = contestants.flatMap(({ name, share }): Limit[] => {
    if (share === null) return [];
    return [
      { what: `our time, of that of ${name}`, value: 1 / median(timesAsFast(seconds, name)), atMost: share, unit: "×" },
    ];
  });
  return printLimits(limits) && isSound;
}

/** Each round for itself. */
function timesAsFast(seconds: Map<string, number[]>, peer: string): number[] {
  const own = seconds.get(ours.name) ?? [];
  return (seconds.get(peer) ?? []).map((took, round) => took / (own[round] ?? Number.NaN));
}

function printTimes(seconds: Map<string, number[]>): void {
  const each = (values: number[]) => values.map((value) => value.toFixed(2)).join(" ");
  const rows = [...seconds].map(([name, list]) => {
    const ratios = timesAsFast(seconds, name);
    return [name, median(list).toFixed(2), each(list), median(ratios).toFixed(2), each(ratios)];
  });
  printTable(["", "median s", "rounds", "runyard is × as fast", "rounds"], rows);
}
