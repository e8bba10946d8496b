import { createHash, randomBytes } from "node:crypto";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { median, printLimits, printTable, printTitle, timed } from "./figures.ts";
import { type BenchLab, compareFiles, openLab } from "./lab.ts";
import { runParallel } from "./ssh_peer.ts";
import { mostBytes } from "./traffic.ts";

const RUNS = 60;
const SLOTS = 8;
const FOLDER_BYTES = 200e6;
/** On each wire, of the folder's size; its headers are part of it. */
const WIRE_SHARE = 1.05;
const EDIT_MB = 1;
const BASEFILE = ["--basefile", "code", "--cleanup", "--results", "{}.out", "sha256sum code/part{} && cat code/note"];

interface Contestant {
  name: string;
  run(lab: BenchLab, folder: string): Promise<unknown>;
  output(n: number): string;
}

const ours: Contestant = {
  name: "runyard batch",
  run: (lab, folder) => lab.batch(folder, "lines"),
  output: (n) => `job_results/lines.${n}.out`,
};
const contestants: Contestant[] = [
  ours,
  {
    name: "parallel --basefile --cleanup",
    run: (lab, folder) => runParallel(lab, folder, { args: BASEFILE, numbers: RUNS }),
    output: (n) => `${n}.out`,
  },
  {
    // By default it compresses, which is in vain with what cannot be.
    name: "the same, --rsync-opts -rlDR",
    run: (lab, folder) => runParallel(lab, folder, { args: ["--rsync-opts", "-rlDR", ...BASEFILE], numbers: RUNS }),
    output: (n) => `${n}.out`,
  },
];

interface Seen {
  seconds: number[];
  bytes: number[];
}

/** A large folder of code to three hosts, new in each round, for runs that read a file of it each; then one line of it changes. */
export async function sshCode(rounds: number): Promise<boolean> {
  const lab = await openLab(["lab1", "lab2", "lab3"], SLOTS);
  if (lab === null) return true;
  const seen = new Map(contestants.map(({ name }): [string, Seen] => [name, { seconds: [], bytes: [] }]));
  const edited: Seen = { seconds: [], bytes: [] };
  let isSound = true;
  const judge = (name: string, outputs: Map<string, string>) => {
    const problems = compareFiles(outputs);
    for (const problem of problems.slice(0, 5)) console.log(`  DOES NOT COUNT: ${name}: ${problem}`);
    isSound &&= problems.length === 0;
    return problems.length === 0;
  };
  for (let round = 0; round < rounds; round += 1) {
    const folder = layOutCode(lab, `round-${round}`);
    for (let at = 0; at < contestants.length; at += 1) {
      const contestant = contestants[(at + round) % contestants.length] ?? ours;
      const { seconds, bytes } = seen.get(contestant.name) ?? { seconds: [], bytes: [] };
      const took = await timed(() => mostBytes(lab.hosts, () => contestant.run(lab, folder)));
      const isRight = judge(contestant.name, expected(folder, contestant.output));
      seconds.push(isRight ? took.ms / 1000 : Number.NaN);
      bytes.push(took.value);
      // With --cleanup it removes files, not folders: what comes next would find the code there.
      for (const host of lab.hosts) host.run("rm -rf /root/code");
    }
    appendFileSync(`${folder}/code/note`, "another line\n");
    const took = await timed(() => mostBytes(lab.hosts, () => lab.batch(folder, "again")));
    const isRight = judge(
      "after an edit",
      expected(folder, (n) => `job_results/again.${n}.out`),
    );
    edited.seconds.push(isRight ? took.ms / 1000 : Number.NaN);
    edited.bytes.push(took.value);
  }
  await lab.close();
  return print(seen, edited) && isSound;
}

function layOutCode(lab: BenchLab, name: string): string {
  const line = (_: unknown, i: number) => `sha256sum code/part${i + 1} && cat code/note\n`;
  const lines = Array.from({ length: RUNS }, line).join("");
  const folder = lab.folder(name, { lines, again: lines }, ["code"]);
  for (let n = 1; n <= RUNS; n += 1) writeFileSync(`${folder}/code/part${n}`, randomBytes(FOLDER_BYTES / RUNS));
  writeFileSync(`${folder}/code/note`, `${name}\n`);
  return folder;
}

/** By path, what every run is to have printed. */
function expected(folder: string, output: (n: number) => string): Map<string, string> {
  const note = readFileSync(`${folder}/code/note`, "utf8");
  const entries = Array.from({ length: RUNS }, (_, i): [string, string] => {
    const part = `code/part${i + 1}`;
    const sum = createHash("sha256")
      .update(readFileSync(`${folder}/${part}`))
      .digest("hex");
    return [`${folder}/${output(i + 1)}`, `${sum}  ${part}\n${note}`];
  });
  return new Map(entries);
}

function print(seen: Map<string, Seen>, edited: Seen): boolean {
  const own = seen.get(ours.name) ?? edited;
  const ratios = (theirs: Seen) => theirs.seconds.map((took, round) => took / (own.seconds[round] ?? Number.NaN));
  const each = (values: number[]) => values.map((value) => value.toFixed(2)).join(" ");
  const rows = [...seen].map(([name, one]) => [
    name,
    median(one.seconds).toFixed(2),
    each(one.seconds),
    median(ratios(one)).toFixed(2),
    each(ratios(one)),
    (Math.max(...one.bytes) / FOLDER_BYTES).toFixed(3),
  ]);
  printTitle(`${FOLDER_BYTES / 1e6} MB of code to three hosts for ${RUNS} runs, ${own.seconds.length} rounds`);
  printTable(["", "median s", "rounds", "runyard is × as fast", "rounds", "on a wire, × its size"], rows);
  console.log(`after an edit of one line: ${each(edited.seconds)} s`);
  const peers = [...seen].filter(([name]) => name !== ours.name);
  return printLimits([
    ...peers.map(([name, one]) => {
      return { what: `our time, of that of ${name}`, value: 1 / median(ratios(one)), atMost: 1, unit: "×" as const };
    }),
    { what: "on a wire, of its size", value: Math.max(...own.bytes) / FOLDER_BYTES, atMost: WIRE_SHARE, unit: "×" },
    { what: "on a wire after an edit", value: Math.max(...edited.bytes) / 1e6, atMost: EDIT_MB, unit: "MB" },
  ]);
}
