import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

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

test("started by its own name, a file of variables that is missing is told by the program, not by Node", () => {
  const env = {
    PATH: `${dirname(process.execPath)}:${process.env["PATH"]}`,
    HOME: "/nowhere",
    RUNYARD_HOME: "/nowhere",
  };
  const answer = spawnSync(door, ["run", "--env-file", "nowhere.env", "--", "true"], { encoding: "utf8", env });
  expect(answer).toMatchObject({ status: 2, stdout: "" });
  expect(answer.stderr).toContain("--env-file nowhere.env: there is no such file.");
  const words = ["run", "--dry-run", "--", "printf", "%s|", "", "a  b", "$x", "--env-file", "q"];
  expect(spawnSync(door, words, { encoding: "utf8", env }).stdout).toBe("printf '%s|' '' 'a  b' '$x' --env-file q\n");
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
