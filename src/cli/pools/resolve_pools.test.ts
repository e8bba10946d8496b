import { createHash } from "node:crypto";
import { chmod, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { aFolder, type Content, fill } from "../../../test/helpers/a_folder.ts";
import { resolvePools } from "./resolve_pools.ts";
import { isTrusted, trustFile } from "./trusted_files.ts";

/** A current folder with these files; `user` is the folder of the user's own configuration. */
async function inAFolder(files: Record<string, Content>, user: Record<string, Content> = {}): Promise<string> {
  const root = await aFolder({ work: "folder/", home: "folder/" });
  await fill(join(root, "work"), files);
  await fill(join(root, "config/runyard"), user);
  vi.stubEnv("XDG_CONFIG_HOME", join(root, "config"));
  vi.stubEnv("RUNYARD_HOME", join(root, "home"));
  const before = process.cwd();
  process.chdir(join(root, "work"));
  onTestFinished(() => process.chdir(before));
  return root;
}

beforeEach(() => {
  vi.stubEnv("SLURM_CONF", undefined);
  return () => vi.unstubAllEnvs();
});

const noSlurm = { login: null, conf: null, spool: null, env: "", resources: [] };
const partition = (name: string) => ({ ...noSlurm, resources: [["partition", name]] });
const yaml = (name: string, value: string) => `pools: {"${name}": {resources: {partition: ${value}}}}\n`;

describe("a name leads to", () => {
  test("the yard, where no file defines it", async () => {
    await inAFolder({});
    expect(await resolvePools(undefined)).toEqual({ pool: undefined, slurm: null, env: "", unclear: [] });
    expect(await resolvePools("lab1")).toEqual({ pool: "lab1", slurm: null, env: "", unclear: [] });
    expect(await resolvePools("local, lab1")).toMatchObject({ pool: "local,lab1", slurm: null });
    expect(await resolvePools("slurm-login")).toMatchObject({ pool: "slurm-login", slurm: null });
  });

  test("this machine's Slurm as it is, by the name slurm", async () => {
    const root = await inAFolder({});
    expect(await resolvePools("slurm")).toMatchObject({ pool: "slurm", slurm: noSlurm });
    vi.stubEnv("SLURM_CONF", "own.conf");
    expect((await resolvePools("slurm")).slurm?.conf).toBe(join(root, "work/own.conf"));
    expect((await resolvePools("local,slurm")).pool).toBe("local,slurm");
  });

  test("what the user's own file says before all others", async () => {
    await inAFolder(
      { "runyard.yaml": yaml("slurm:gpu", "theirs"), "config.json": '{"slurm": {"gpu": {"env": "theirs"}}}' },
      { "runyard.yaml": yaml("slurm:gpu", "own") },
    );
    expect((await resolvePools("slurm:gpu")).slurm).toEqual(partition("own"));
  });

  test("what the project's file says once it is trusted, before config.json", async () => {
    await inAFolder({
      "runyard.yaml": `gpus: 1\n${yaml("slurm:gpu", "theirs")}`,
      "config.json": '{"slurm": {"gpu": {"env": "x"}, "cpu": {"env": "y"}}}',
    });
    await trustFile("runyard.yaml", await readFile("runyard.yaml", "utf8"));
    expect((await resolvePools("slurm:gpu")).slurm).toEqual(partition("theirs"));
    expect((await resolvePools("slurm:cpu")).slurm).toEqual({ ...noSlurm, env: "y" });
  });

  test("what neuromanager's config.json says", async () => {
    await inAFolder({
      "config.json": JSON.stringify({
        local: { gpu: { env: "conda activate deep", resources: "" } },
        slurm: { gpu: { env: "", resources: { partition: "big" } } },
        fast: { env: "x", resources: { partition: "fast" } },
        slow: { env: "y" },
      }),
    });
    expect(await resolvePools("slurm:gpu")).toMatchObject({ pool: "slurm:gpu", slurm: partition("big"), env: "" });
    expect(await resolvePools("local:gpu")).toMatchObject({ pool: "local", slurm: null, env: "conda activate deep" });
    expect(await resolvePools("fast")).toMatchObject({
      pool: "slurm:fast",
      slurm: { ...partition("fast"), env: "x" },
      unclear: ["fast"],
    });
    expect(await resolvePools("slow")).toEqual({ pool: "local", slurm: null, env: "y", unclear: ["slow"] });
    expect(await resolvePools("local")).toMatchObject({ pool: "local", env: "" });
  });

  test("a Slurm behind ssh, which has nothing of this terminal's", async () => {
    await inAFolder({}, { "runyard.yaml": "pools: {slurm:far: {login: ada@far}}" });
    vi.stubEnv("SLURM_CONF", "/etc/own.conf");
    expect((await resolvePools("slurm:far")).slurm).toMatchObject({ login: { host: "far", user: "ada" }, conf: null });
  });
});

describe("refused is", () => {
  test("a pool of a project's file that nobody has trusted, and one that was changed since", async () => {
    const root = await inAFolder({ "runyard.yaml": yaml("slurm:gpu", "x") });
    const where = `slurm:gpu is defined by ${join(root, "work/runyard.yaml")}, which is not trusted as it stands`;
    await expect(resolvePools("slurm:gpu")).rejects.toThrow(where);
    await trustFile("runyard.yaml", yaml("slurm:gpu", "x"));
    expect((await resolvePools("slurm:gpu")).slurm).toEqual(partition("x"));
    await fill(".", { "runyard.yaml": yaml("slurm:gpu", "y") });
    await expect(resolvePools("slurm:gpu")).rejects.toThrow("trust it with: runyard trust");
    expect((await resolvePools("slurm")).slurm).toEqual(noSlurm);
  });

  test("a pool of Slurm's that nobody defines; which there are is said", async () => {
    const root = await inAFolder(
      { "config.json": '{"slurm": {"big": {}}}', "runyard.yaml": yaml("slurm:trusted", "x") },
      { "runyard.yaml": yaml("slurm:gpu", "x") },
    );
    const own = join(root, "config/runyard/runyard.yaml");
    await expect(resolvePools("slurm:gpus")).rejects.toThrow(
      `No file defines slurm:gpus; did you mean "slurm:gpu"? Defined: slurm:gpu (${own}); slurm:trusted (runyard.yaml); slurm:big (config.json). Define it in ${own}, e.g. pools: {slurm:gpus: `,
    );
    await expect(resolvePools("local:gpu")).rejects.toThrow("No config.json here defines local:gpu.");
  });

  test.each([
    ["a,,b", "--on a,,b: a name is missing."],
    ["", "a name is missing"],
    ["lab1,lab1", "--on lab1,lab1: lab1 stands there twice. Name it once."],
    ["local,local:gpu", "local stands there twice"],
    ["slurm,slurm:gpu", "of Slurm's pools it takes one, and slurm and slurm:gpu are two."],
    ["local:gpu,lab1", "would stand before it elsewhere too. Name that pool alone."],
    ["aws:gpu", 'config.json:1:58: a run goes nowhere by "aws"'],
    ["slurm:a b", '"slurm:a b" cannot be a pool\'s name'],
  ])("--on %s", async (on, message) => {
    const config =
      '{"local": {"gpu": {"env": "x", "resources": ""}}, "aws":{"gpu": {}}, "slurm": {"gpu": {}, "a b": {}}}';
    await inAFolder({ "config.json": config });
    await expect(resolvePools(on)).rejects.toThrow(message);
  });

  test("a key of a login that ssh would not take", async () => {
    const root = await inAFolder({ key: "secret" });
    await chmod("key", 0o644);
    await fill(join(root, "config/runyard"), {
      "runyard.yaml": `pools: {slurm:far: {login: far, identity: ${root}/work/key}}`,
    });
    await expect(resolvePools("slurm:far")).rejects.toThrow("The identity of slurm:far, ");
  });
});

test("a config.json that is another program's, or none at all, is in nobody's way", async () => {
  await inAFolder({ "config.json": '{"lab1": {"lr": ' });
  expect(await resolvePools("lab1")).toMatchObject({ pool: "lab1" });
  expect(await resolvePools("slurm")).toMatchObject({ pool: "slurm" });
  await expect(resolvePools("slurm:gpu")).rejects.toThrow("config.json:1:17: this is not valid YAML");
});

test("trust is of one content at one place, and kept where only its owner reads it", async () => {
  const root = await inAFolder({ "runyard.yaml": "a", "other/runyard.yaml": "a" });
  await trustFile("runyard.yaml", "a");
  expect(isTrusted("runyard.yaml", "a")).toBe(true);
  expect(isTrusted("runyard.yaml", "b")).toBe(false);
  expect(isTrusted("other/runyard.yaml", "a")).toBe(false);
  await trustFile("other/runyard.yaml", "a");
  expect(isTrusted("runyard.yaml", "a")).toBe(true);
  const kept = join(root, "home/trusted.json");
  expect((await stat(kept)).mode & 0o777).toBe(0o600);
  expect(await readFile(kept, "utf8")).toContain(createHash("sha256").update("a").digest("hex"));
});
