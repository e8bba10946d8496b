import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { aFolder } from "./helpers/a_folder.ts";

const door = fileURLToPath(new URL("../bin/runyard.js", import.meta.url));

/** A Node on the PATH that is too old for the program itself, as the one that many machines come with. */
function anOldNode(): string | undefined {
  const nodes = (process.env["PATH"] ?? "").split(":").map((folder) => `${folder}/node`);
  return nodes.find((node) => {
    const { status, stdout } = spawnSync(node, ["--version"], { encoding: "utf8" });
    return status === 0 && Number(/^v(\d+)/.exec(stdout)?.[1]) < 22;
  });
}

const oldNode = anOldNode();

test.skipIf(!oldNode)("an old Node finds the newer one of the checkout and hands everything on", () => {
  const answer = spawnSync(oldNode ?? "", [door, "run", "--dry-run", "--", "echo", "a  b"], { encoding: "utf8" });
  expect(answer).toMatchObject({ status: 0, stdout: "echo 'a  b'\n", stderr: "" });
  expect(spawnSync(oldNode ?? "", [door, "no"], { encoding: "utf8" }).status).toBe(2);
});

test("an --env-file is Runyard's own: Node neither reads one nor gives up where it is missing", async () => {
  const folder = await aFolder({
    ".env": "NODE_OPTIONS=--no-such-option\nA=b\n",
    runyard: { link: door },
  });
  const env = { ...process.env, RUNYARD_HOME: `${folder}/home` };
  const run = (...options: string[]) =>
    spawnSync(`${folder}/runyard`, ["run", ...options, "--", "echo", "a  b"], { cwd: folder, encoding: "utf8", env });
  expect(run("--dry-run", "--env-file", ".env")).toMatchObject({ status: 0, stdout: "echo 'a  b'\n", stderr: "" });
  expect(run("--dry-run", "--env-file=.env")).toMatchObject({ status: 0, stdout: "echo 'a  b'\n", stderr: "" });
  const stderr = "runyard: --env-file missing.env: there is no such file.\n";
  expect(run("--env-file", "missing.env")).toMatchObject({ status: 2, stdout: "", stderr });
  expect(existsSync(`${folder}/home`)).toBe(false);
});

test("in a folder that is gone it says so", () => {
  const script = 'mkdir gone && cd gone && rmdir ../gone && exec "$@" run -- true';
  const env = { PATH: process.env["PATH"], RUNYARD_HOME: "/nowhere" };
  const cwd = mkdtempSync(`${tmpdir()}/runyard-door-`);
  const answer = spawnSync("sh", ["-c", script, "sh", process.execPath, door], { encoding: "utf8", env, cwd });
  rmdirSync(cwd);
  expect(answer).toMatchObject({ status: 2, stdout: "" });
  expect(answer.stderr).toContain("is no longer there. Change to another one");
});

test.skipIf(process.platform !== "linux")("an argument that is not UTF-8 is refused, not changed", () => {
  const script = `"$@" run --dry-run -- echo "$(printf 'a\\377')"; echo $?; "$@" run --dry-run -- echo "\uFFFD"`;
  const answer = execFileSync("sh", ["-c", `${script} 2>&1`, "sh", process.execPath, door], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  expect(answer).toBe("2\necho '\uFFFD'\n");
});
