import { spawn } from "node:child_process";
import { accessSync } from "node:fs";
import { delimiter, join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { afterMarker, posix } from "./posix.ts";

const NONCE = "n0nce";

interface Heard {
  pid: number | null | undefined;
  noise: string;
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a script as sshd would have the login shell run it. */
function through(shell: string, script: string, input = "", flags = ["-c"]): Promise<Heard> {
  const { command, prelude } = posix(script, NONCE);
  const child = spawn(shell, [...flags, command], { stdio: "pipe" });
  let pid: number | null | undefined;
  const stdout = afterMarker(
    NONCE,
    (of) => (pid = of),
    () => child.kill(),
  );
  const stderr = afterMarker(
    NONCE,
    () => {},
    () => {},
  );
  const texts = [stdout, stderr].map(({ output }) => {
    const chunks: Buffer[] = [];
    output.on("data", (chunk: Buffer) => chunks.push(chunk));
    return () => Buffer.concat(chunks).toString();
  });
  child.stdout.pipe(stdout.output);
  child.stderr.pipe(stderr.output);
  child.stdin.on("error", () => {});
  child.stdin.end(Buffer.concat([prelude, Buffer.from(input)]));
  return new Promise((resolve) => {
    child.once("close", (code) => {
      const [out, err] = texts.map((text) => text());
      resolve({ pid, noise: stdout.noise(), code, stdout: out ?? "", stderr: err ?? "" });
    });
  });
}

function isInstalled(shell: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, shell));
      return true;
    } catch {
      return false;
    }
  });
}

const HOSTILE =
  String.raw`it's "quoted" \ \\ \' \" \n $HOME ${"$"}{x} $(id) ` +
  "`id` !! !$ !1 %s # ; & | < > * ? [a-z] ~ {a,b} ümlaut 模型 \t \r end\\";

describe.each(["sh", "bash", "dash", "csh", "tcsh", "fish", "zsh", "ksh"])("through %s", (shell) => {
  const test_ = test.skipIf(!isInstalled(shell));

  test_("a script of any text does what it does in sh", async () => {
    const script = `cat <<'END'\n${HOSTILE}\nEND\nfor i in 1 2\ndo echo "$i $#"; done\nprintf '%s' "$@"; echo err >&2; exit 7`;
    const heard = await through(shell, script);
    expect(heard).toMatchObject({ code: 7, stdout: `${HOSTILE}\n1 0\n2 0\n`, stderr: "err\n" });
  });

  test_("what follows on stdin is the script's, from its first byte", async () => {
    const heard = await through(shell, 'read -r first; echo "<$first>"; cat', "one\ntwo\n");
    expect(heard).toMatchObject({ code: 0, stdout: "<one>\ntwo\n" });
  });

  test_("the process that is named is the script's", async () => {
    const heard = await through(shell, "echo $$");
    expect(heard.stdout).toBe(`${heard.pid}\n`);
  });

  test_("any word arrives as it is", async () => {
    const words = fc
      .string({ unit: "binary", maxLength: 40 })
      .filter((word) => !word.includes("\0") && word.isWellFormed());
    await fc.assert(
      fc.asyncProperty(words, async (word) => {
        const heard = await through(shell, `printf %s '${word.replaceAll("'", "'\\''")}'`);
        expect(heard.stdout).toBe(word);
      }),
      { numRuns: 30 },
    );
  });
});

test("what a shell says before the script is taken away, and kept while there is nothing else", async () => {
  const noisy = ["-c", 'echo "n0nce out"; echo err >&2; set -x; eval "$0"'];
  expect(await through("bash", "echo mine", "", noisy)).toMatchObject({
    stdout: "mine\n",
    stderr: expect.stringMatching(/^\+*/),
  });
  const refusing = ["-c", "echo This account is not available.; exit 1"];
  expect(await through("sh", "echo mine", "", refusing)).toMatchObject({
    pid: undefined,
    noise: "This account is not available.\n",
    stdout: "",
    code: 1,
  });
});

test("a shell that never comes to the script is not listened to for ever", async () => {
  const heard = await through("sh", "echo mine", "", ["-c", "exec yes"]);
  expect(heard).toMatchObject({ pid: undefined, stdout: "", noise: expect.stringMatching(/^y\ny\n/) });
});

test("a script of which something is missing is not run", async () => {
  const thief = ["-c", 'head -c 3 >/dev/null; eval "$0"'];
  expect(await through("sh", "echo mine", "", thief)).toMatchObject({ pid: null, stdout: "" });
  const blocked = ["-c", 'read -r line; eval "$0"'];
  expect(await through("sh", "echo mine", "more", blocked)).toMatchObject({ pid: null, stdout: "" });
});

test("a long script arrives whole", async () => {
  const script = `x='${"0123456789".repeat(20_000)}'; echo \${#x}`;
  expect(await through("sh", script)).toMatchObject({ stdout: "200000\n" });
});
