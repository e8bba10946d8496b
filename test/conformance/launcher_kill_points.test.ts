import { writeFileSync } from "node:fs";
import { describe, expect, test, vi } from "vitest";
import { parseProcessLine } from "../../src/platform/processes.ts";
import { aFolder } from "../helpers/a_folder.ts";
import { aSpool, eventually, implementations, theStoppedLauncher } from "./launcher_world.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** Every boundary between two effects of a launcher, and what its folder says there. */
const boundaries = [
  { boundary: "before-begun", begun: false, pid: false, exit: false },
  { boundary: "begun-exec", begun: true, pid: false, exit: false },
  { boundary: "exec-pid", begun: true, pid: true, exit: false },
  { boundary: "end-exit", begun: true, pid: true, exit: false },
  { boundary: "exit-notify", begun: true, pid: true, exit: true },
];

describe.each(implementations())("the $name launcher", (implementation) => {
  describe.each(boundaries)("stopped at $boundary", ({ boundary, ...facts }) => {
    async function aStoppedLauncher() {
      const spool = await aSpool();
      const go = `${await aFolder()}/go`;
      const attempt = spool.anAttempt(`count; until [ -e '${go}' ]; do sleep 0.01; done; exit 4`);
      const server = spool.aServer(implementation, { RUNYARD_STOP_AT: boundary });
      server.start(attempt.folder);
      if (boundary.startsWith("e") && boundary !== "exec-pid") writeFileSync(go, "");
      const launcher = await theStoppedLauncher(server);
      const said = { begun: attempt.has("begun"), pid: attempt.has("pid"), exit: attempt.read("exit").endsWith("\n") };
      expect(said).toEqual(facts);
      if (facts.begun) expect(parseProcessLine(attempt.read("begun"))?.pid).toBe(launcher);
      expect(server.news.filter((line) => line.startsWith("ended"))).toEqual([]);
      return { spool, attempt, server, launcher, go };
    }

    test("goes on when it is continued", async () => {
      const { attempt, server, launcher, go } = await aStoppedLauncher();
      writeFileSync(go, "");
      process.kill(launcher, "SIGCONT");
      expect(await server.told(`ended ${attempt.id} `)).toMatch(/^4 .* exit$/);
      expect(attempt.executions()).toBe(1);
    });

    test("leaves a true folder when it is killed, and nobody executes the command twice", async () => {
      const { spool, attempt, server, launcher, go } = await aStoppedLauncher();
      process.kill(launcher, "SIGKILL");
      const command = parseProcessLine(attempt.read("pid"));
      if (boundary === "exec-pid") await eventually(() => attempt.executions() === 1, "the command runs on");
      const another = spool.aServer(implementation);
      writeFileSync(go, "");
      another.start(attempt.folder);
      if (!facts.begun) expect(await another.told(`ended ${attempt.id} `)).toMatch(/^4 .* exit$/);
      await eventually(() => spool.leftovers().length === 0, "nothing but the servers is left");
      expect(attempt.executions()).toBe(boundary === "begun-exec" ? 0 : 1);
      expect(attempt.has("exit")).toBe(facts.exit || !facts.begun);
      if (facts.begun) expect(parseProcessLine(attempt.read("pid"))).toEqual(command);
      expect(server.news.filter((line) => line.startsWith("ended"))).toEqual([]);
    });
  });
});
