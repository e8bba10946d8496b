import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { aLab, type Lab, labHosts } from "../helpers/a_lab.ts";
import { visits } from "../helpers/a_machine.ts";
import { runOnATerminal } from "../helpers/on_a_terminal.ts";
import { openTraces } from "../helpers/traces.ts";
import { until } from "../helpers/until.ts";

/** Longer than the yard takes to hold a silent machine for gone, and to try it a few times. */
const OUTAGE_MS = 40_000;

const hosts = await labHosts(["duo"], {
  duo: {
    sshd: ["AuthenticationMethods publickey,keyboard-interactive", "KbdInteractiveAuthentication yes"],
    pam: [
      "auth optional pam_exec.so quiet /bin/sh /root/push",
      "auth required pam_unix.so",
      "account required pam_permit.so",
      "session required pam_permit.so",
    ],
    password: true,
    files: { push: "echo push >> /root/pushes\n" },
  },
});
const story = test.skipIf(hosts.missing !== null);

function pushes(lab: Lab): number {
  const file = `${lab.host("duo").home}/pushes`;
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").length - 1 : 0;
}

async function logIn(lab: Lab): Promise<void> {
  const { command, environment } = lab.program;
  const typing = [{ after: "Password:", type: "sesame\r" }];
  const words = [...command, "machines", "login", "duo"];
  expect(await runOnATerminal(words, lab.folder, environment, { typing })).toMatchObject({ code: 0 });
}

async function trouble(lab: Lab): Promise<string> {
  const { machines } = await lab.client.call("listMachines");
  return machines.find(({ name }) => name === "duo")?.problems.join("; ") ?? "";
}

story(
  "a machine whose login rings a phone is not rung by the yard, neither in an outage nor after it",
  async () => {
    const lab = await aLab(hosts, { machines: {} });
    const host = lab.host("duo");
    await lab.client.call("addMachine", { body: { name: "duo", pool: "lab", login: { host: "duo" } } });
    const needsLogin = async () => /runyard machines login duo/.test(await trouble(lab));
    await until(needsLogin, "it is told that it needs a login");
    expect(pushes(lab)).toBe(0);
    await logIn(lab);
    expect(pushes(lab)).toBe(1);

    // What was opened by hand outlasts an outage.
    const traces = openTraces(lab, ["duo"]);
    await lab.send(traces.held(5), traces.wishes);
    await lab.reaches(1, "running");
    const before = visits(hosts.all(), "duo");
    host.cut();
    traces.letGo("duo");
    await lab.send("until [ -e ~/later ]; do sleep 0.05; done; exit 6");
    await sleep(OUTAGE_MS);
    expect((await lab.run(1)).status).toBe("running");
    expect((await lab.run(2)).status).toMatch(/^(queued|starting)$/);
    host.mend();
    await traces.expectEnd("1", 5);
    await lab.reaches(2, "running");

    // Where it is lost, its user is asked, and nobody else.
    await host.restartSshd();
    await until(needsLogin, "it needs a login again");
    host.run("touch /root/later");
    await sleep(10_000);
    expect((await lab.run(2)).status).toBe("running");
    expect([visits(hosts.all(), "duo") - before, pushes(lab)]).toEqual([0, 1]);
    await logIn(lab);
    expect(await lab.reaches(2, "failed")).toMatchObject({ exitCode: 6, attempts: 1 });
    expect(pushes(lab)).toBe(2);
  },
  OUTAGE_MS + 120_000,
);
