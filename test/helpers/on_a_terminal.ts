import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { TestYard } from "./a_yard.ts";

const program = fileURLToPath(new URL("../../bin/runyard.js", import.meta.url));

/** Waits until a text is on the terminal, then types. */
export interface Typing {
  after: string;
  type: string;
}

/** Python's own pseudo-terminal: Node has none. Its arguments: columns, the typing as JSON, the command. */
const PTY = `
import fcntl, json, os, pty, struct, sys, termios
columns, typing, command = int(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
seen = b""
start = 0
while True:
    try:
        piece = os.read(terminal, 65536)
    except OSError:
        break
    if not piece:
        break
    seen += piece
    while typing and typing[0]["after"].encode() in seen[start:]:
        start = len(seen)
        os.write(terminal, typing.pop(0)["type"].encode())
os.write(1, seen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

export interface TerminalOptions {
  typing?: Typing[];
  columns?: number;
}

/** What a terminal showed, with every escape sequence in it. */
export interface Shown {
  code: number | null;
  screen: string;
}

/** Runs `runyard …` on a terminal of its own. */
export function onATerminal(yard: TestYard, args: string[], options: TerminalOptions = {}): Promise<Shown> {
  const environment = { HOME: yard.folder, LANG: "C.UTF-8", RUNYARD_HOME: yard.home };
  return runOnATerminal([process.execPath, program, ...args], yard.folder, environment, options);
}

/** Runs any command on a terminal of its own, which is gone when the command has ended. */
export function runOnATerminal(
  command: string[],
  cwd: string,
  environment: Record<string, string>,
  { typing = [], columns = 100 }: TerminalOptions = {},
): Promise<Shown> {
  const child = spawn("python3", ["-c", PTY, String(columns), JSON.stringify(typing), ...command], {
    cwd,
    env: { PATH: process.env["PATH"], TERM: "xterm", ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const pieces: Buffer[] = [];
  child.stdout.on("data", (piece: Buffer) => pieces.push(piece));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, screen: Buffer.concat(pieces).toString("utf8") }));
  });
}
