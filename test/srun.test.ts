import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { type Session, srunArguments } from "../src/core/srun.ts";

function aSession(session: Partial<Session>): string[] {
  return srunArguments({ options: [], env: "", command: null, isTerminal: true, ...session });
}

test("a session is a login shell with a terminal, under the options that srun knows", () => {
  const options: Session["options"] = [
    ["partition", "gpu"],
    ["exclusive", null],
    ["output", "%j.out"],
    ["wait", null],
    ["signal", "B:USR1@60"],
    ["gres", "gpu:2"],
  ];
  expect(aSession({ options })).toEqual(["--partition=gpu", "--exclusive", "--gres=gpu:2", "--pty", "bash", "-l"]);
});

test("a command stands as it is; without a terminal it gets none", () => {
  const command = { kind: "argv" as const, argv: ["python3", "-c", "print('a b')"] };
  expect(aSession({ command, isTerminal: false })).toEqual(command.argv);
});

test("what the pool's env sets is there for a command, whatever quotes are in them", () => {
  const env = `export SAID="it's \\$5"`;
  const ran = (command: Session["command"]) => {
    const [program = "", ...args] = aSession({ command, env, isTerminal: false });
    return execFileSync(program, args, { encoding: "utf8" });
  };
  expect(ran({ kind: "argv", argv: ["sh", "-c", 'printf "%s|" "$SAID" "$@"', "sh", "a  b", "c'd"] })).toBe(
    "it's $5|a  b|c'd|",
  );
  expect(ran({ kind: "shell", text: 'printf "%s" "$SAID" | tr a-z A-Z' })).toBe("IT'S $5");
});

test("a shell to type into executes env itself, so that functions of it are there too", () => {
  const [program = "", ...args] = aSession({ env: "greet() { echo hello from $1; }", isTerminal: false });
  const said = execFileSync(program, args, {
    input: "greet env\nexit\n",
    encoding: "utf8",
    stdio: ["pipe", "pipe", "ignore"],
  });
  expect(said).toContain("hello from env");
});
