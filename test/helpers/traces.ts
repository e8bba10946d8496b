import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { expect } from "vitest";
import type { Lab, SendWishes } from "./a_lab.ts";

/** Runs that leave traces of their starts in the homes of machines, where several yards of one test file may be. */
export interface Traces {
  /** Goes on until it is let go, and then ends with this code, having made a file. */
  held(code: number): string;
  /** Leaves a trace, then does this. */
  traced(text: string): string;
  /** What a job of such runs has to be sent with. */
  wishes: SendWishes;
  letGo(...machines: string[]): void;
  /** How often a run has started, on whatever machine. */
  starts(run: string): number;
  /** A held run has ended with this code, everything of it is here, and it was started once. */
  expectEnd(run: string, code: number): Promise<void>;
}

let count = 0;

export function openTraces(lab: Lab, machines: string[]): Traces {
  count += 1;
  const mark = `m${count}`;
  const traced = (text: string) => `echo start >> ~/starts.$MARK.$RUNYARD_RUN; ${text}`;
  const homes = machines.map((name) => lab.host(name).home);
  const traces: Traces = {
    traced,
    held: (code) =>
      traced(`echo begun; until [ -e ~/go.$MARK ]; do sleep 0.05; done; echo over; echo made > made; exit ${code}`),
    wishes: { environment: { MARK: mark }, named: ["MARK"] },
    letGo(...on) {
      for (const name of on) writeFileSync(`${lab.host(name).home}/go.${mark}`, "");
    },
    starts(run) {
      const files = homes.map((home) => `${home}/starts.${mark}.${run}`).filter((file) => existsSync(file));
      return files.reduce((sum, file) => sum + readFileSync(file, "utf8").split("\n").length - 1, 0);
    },
    async expectEnd(run, code) {
      expect(await lab.reaches(run, code === 0 ? "succeeded" : "failed")).toMatchObject({
        exitCode: code,
        attempts: 1,
      });
      expect(await lab.output(run)).toBe("begun\nover\n");
      const [job = "", n = "1"] = run.split(".");
      expect(lab.read(`results/run${job}.${n}/made`)).toBe("made\n");
      expect(traces.starts(`${job}.${n}`)).toBe(1);
    },
  };
  return traces;
}
