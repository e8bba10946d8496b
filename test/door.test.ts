import { execFileSync, spawnSync } from "node:child_process";
import { dirname } from "node:path";
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

test.skipIf(process.platform !== "linux")("an argument that is not UTF-8 is refused, not changed", () => {
  const script = `"$@" run --dry-run -- echo "$(printf 'a\\377')"; echo $?; "$@" run --dry-run -- echo "\uFFFD"`;
  const answer = execFileSync("sh", ["-c", `${script} 2>&1`, "sh", process.execPath, door], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  expect(answer).toBe("2\necho '\uFFFD'\n");
});

test("what Node, too, knows as an option is Runyard's", async () => {
  const folder = await aFolder({ vars: "NODE_OPTIONS=--no-such-option\n" });
  const PATH = `${dirname(process.execPath)}:${process.env["PATH"]}`;
  const run = (file: string, ...options: string[]) =>
    spawnSync(door, ["run", "--env-file", file, ...options, "--", "echo", "a  b"], {
      env: { PATH, RUNYARD_HOME: `${folder}/home` },
      encoding: "utf8",
    });
  expect(run(`${folder}/vars`, "--dry-run")).toMatchObject({ status: 0, stdout: "echo 'a  b'\n", stderr: "" });
  expect(run(`${folder}/none`)).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/^runyard: --env-file .*none/),
  });
});
