import { runProgram } from "./cli/program.ts";

process.exitCode = await runProgram(process.argv, {
  serve: async (options) => (await import("./main/serve.ts")).serve(options),
  agent: async () => (await import("./main/agent.ts")).agent(),
});
