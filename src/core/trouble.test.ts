import { expect, test } from "vitest";
import { plainHardware } from "./machine.ts";
import { describeTrouble, keyOf, type Troubled, troublesOf } from "./trouble.ts";

const python = { pid: 4711, user: "ada", name: "python3", usedBytes: 1 };

function aMachine(said: Partial<Troubled> = {}): Troubled {
  return { name: "lab1", account: "ada", isUnreachable: false, trouble: null, hardware: plainHardware(2), ...said };
}

test("a machine that is well has no troubles, and somebody else's work is none", () => {
  expect(troublesOf(aMachine())).toEqual([]);
  const others = [
    { ...python, user: "bob" },
    { ...python, user: null },
  ];
  expect(troublesOf(aMachine({ hardware: plainHardware(1, { gpu: { others } }) }))).toEqual([]);
  const own = plainHardware(1, { gpu: { others: [python] } });
  expect(troublesOf(aMachine({ hardware: own, account: null }))).toEqual([]);
});

test("of a machine that cannot be reached only that is told, as one trouble however it shows", () => {
  const hardware = { ...plainHardware(1, { gpu: { problem: "x" } }), blocked: "its disk is full." };
  const [first, ...more] = troublesOf(aMachine({ isUnreachable: true, trouble: "its agent has ended", hardware }));
  expect(more).toEqual([]);
  const keys = [first, ...troublesOf(aMachine({ isUnreachable: true })), ...troublesOf(aMachine({ hardware }))].map(
    (one) => (one ? keyOf(one) : ""),
  );
  expect(new Set(keys).size).toBe(1);
  const [blocked] = troublesOf(aMachine({ hardware }));
  expect(blocked && describeTrouble(blocked).what).toBe("lab1 starts no runs: its disk is full");
  const named = { kind: "machine_unavailable", machine: "lab1", text: "lab1 cannot be reached: refused." } as const;
  expect(describeTrouble(named).what).toBe("lab1 cannot be reached: refused");
});

test("a GPU that fails, and one that a process of the same account holds, are each a trouble of its own", () => {
  const [failing, held] = plainHardware(2).gpus;
  if (!failing || !held) throw new Error("two GPUs were asked for");
  const gpus = [
    { ...failing, problem: "nvidia-smi reports [Unknown Error]" },
    { ...held, others: [python] },
  ];
  const found = troublesOf(aMachine({ hardware: { ...plainHardware(0), gpus } }));
  expect(found.map(keyOf)).toEqual(["gpu_failed lab1 0", "gpu_held lab1 1"]);
  expect(found.map((one) => describeTrouble(one).what)).toEqual([
    "GPU 0 of lab1 cannot be used: nvidia-smi reports [Unknown Error]",
    "GPU 1 of lab1 is held by process 4711 (python3, of ada), which the yard does not know",
  ]);
  expect(found.map((one) => describeTrouble(one).advice).at(1)).toContain("kill 4711");
});
