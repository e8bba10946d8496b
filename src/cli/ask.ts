import { createInterface } from "node:readline";

/** Asks on the terminal. No answer (end of input) is a no; Ctrl-C is neither. */
export function ask(question: string): Promise<"yes" | "no" | "interrupted"> {
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: true });
  return new Promise((resolve) => {
    let answer: "yes" | "no" | "interrupted" = "no";
    lines.once("SIGINT", () => {
      answer = "interrupted";
      lines.close();
    });
    lines.once("close", () => {
      process.stdin.unref?.();
      if (answer !== "yes") process.stderr.write("\n");
      resolve(answer);
    });
    lines.question(`${question} [y/N] `, (text) => {
      answer = /^y(es)?$/i.test(text.trim()) ? "yes" : "no";
      lines.close();
    });
  });
}
