import type { Declaration } from "../declaration.ts";
import { wrongUsage } from "../stop.ts";
import { submitJob } from "../submit_job.ts";
import { addSubmitOptions, type SubmitOptions } from "../submit_option_flags.ts";

export function declareSubmit({ command, act }: Declaration): void {
  command.argument("<file>", "YAML: command, and any option of run under its name; - is stdin");
  addSubmitOptions(command);
  act(command, async () => {
    const [file = ""] = command.args;
    const { readJobFile } = await import("../job_file.ts");
    const { command: given, options } = await readJobFile(file, "job");
    if (!given && options.from === undefined)
      throw wrongUsage(`${file}: there is no command. Add one, e.g. command: python3 train.py`);
    return submitJob(given, options, { ...command.opts<SubmitOptions>(), isSweep: false });
  });
}
