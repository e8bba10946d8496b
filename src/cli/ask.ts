import { createInterface } from "node:readline";

/** Asks on the terminal. No answer (end of input) is a no; Ctrl-C is neither. */
export function ask(question: string): Promise<"yes" | "no" | "interrupted"> {
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: true });
  return new Promise((resolve) => {
    let answer: "yes" | "no" | "interrupted" = "no";
    let isTyped = false;
    lines.once("SIGINT", () => {
      answer = "interrupted";
      lines.close();
    });
    lines.once("close", () => {
      process.stdin.unref?.();
      if (!isTyped) process.stderr.write("\n");
      resolve(answer);
    });
    lines.question(`${question} [y/N] `, (text) => {
      isTyped = true;
      answer = /^y(es)?$/i.test(text.trim()) ? "yes" : "no";
      lines.close();
    });
  });
}
