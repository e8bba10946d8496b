import { openFiles } from "../../src/files/open_files.ts";

/** `append_for_ever.ts ROOT`: appends to the pack of job 1 until it is killed, and says what was acknowledged, a line each. */
const opened = await openFiles(process.argv[2] ?? "");
if (!opened.ok) throw new Error(opened.problem.code);
const { append } = opened.value;

async function appendAll(lane: number): Promise<never> {
  for (let n = lane; ; n += 4) {
    const chunk = Buffer.from(`${n} `.repeat(20_000));
    const appended = await append(1, [chunk]);
    if (!appended.ok) throw new Error(appended.problem.code);
    for (const slice of appended.value) process.stdout.write(`${JSON.stringify({ n, ...slice })}\n`);
  }
}

await Promise.all([0, 1, 2, 3].map(appendAll));
