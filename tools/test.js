// What `npm test` runs: builds the program once, then the TypeScript tests, then those of the Python client library.
// Ends with one line that sums everything up, `N passed, N failed`, and fails where a test did, or where none ran.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const pathsAsked = process.argv.slice(2);

const built = spawnSync(process.execPath, ["tools/build.js"], { cwd: root, stdio: "inherit" });
const suites =
  built.status === 0 ? [await typescriptTests(), ...(pathsAsked.length > 0 ? [] : [await pythonTests()])] : [];

const sum = { passed: 0, failed: built.status === 0 ? 0 : 1, skipped: 0 };
for (const suite of suites) for (const key of Object.keys(sum)) sum[key] += suite[key];
process.exitCode = sum.failed > 0 || sum.passed === 0 ? 1 : 0;
console.log(`${sum.passed} passed, ${sum.failed} failed${sum.skipped > 0 ? `, ${sum.skipped} skipped` : ""}`);

async function typescriptTests() {
  const folder = mkdtempSync(join(tmpdir(), "runyard-test-report-"));
  const report = join(folder, "report.json");
  try {
    const vitest = join(root, "node_modules/vitest/vitest.mjs");
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    const { code } = await run(process.execPath, [vitest, "run", ...reporters, ...pathsAsked]);
    return atLeastOneFailure(code, countVitest(JSON.parse(readFileSync(report, "utf8"))));
  } catch (error) {
    console.error(`The TypeScript tests gave no report: ${error instanceof Error ? error.message : error}`);
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A file that fails as a whole (it does not load, its hooks throw) counts as one failure: none of its tests may have. */
function countVitest(report) {
  const brokenFiles = report.testResults.filter(
    (file) => file.status === "failed" && !file.assertionResults.some(({ status }) => status === "failed"),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

async function pythonTests() {
  const { code, text } = await run("python3", ["-m", "unittest", "discover", "-s", "python/tests"]);
  const ran = Number(/^Ran (\d+) tests? in /m.exec(text)?.[1] ?? 0);
  const verdict = /^(?:OK|FAILED)(?: \((.*)\))?$/m.exec(text)?.[1] ?? "";
  const counted = (...names) =>
    names.reduce((sum, name) => sum + Number(new RegExp(`(?:^|, )${name}=(\\d+)`).exec(verdict)?.[1] ?? 0), 0);
  const failed = counted("failures", "errors", "unexpected successes");
  const skipped = counted("skipped");
  return atLeastOneFailure(code, { passed: ran - failed - skipped, failed, skipped });
}

/** What ended badly has failed, even where no test says so: an unhandled error, a crash, a program that is missing. */
function atLeastOneFailure(code, counts) {
  return code === 0 || counts.failed > 0 ? counts : { ...counts, failed: 1 };
}

/** Runs to the end with its output passed on; also returns what it said on stderr. */
function run(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", "inherit", "pipe"] });
    let text = "";
    child.stderr.setEncoding("utf8").on("data", (chunk) => {
      text += chunk;
      process.stderr.write(chunk);
    });
    child.once("error", (error) => {
      console.error(`${command} cannot be started: ${error.message}`);
      resolve({ code: 1, text });
    });
    child.once("close", (code) => resolve({ code: code ?? 1, text }));
  });
}
