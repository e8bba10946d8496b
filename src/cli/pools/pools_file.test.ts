import { describe, expect, test } from "vitest";
import { parsePoolsFile } from "./pools_file.ts";
import type { SlurmPool } from "./slurm_pool.ts";

const HOME = "/home/ada";

function pools(text: string): SlurmPool[] {
  return parsePoolsFile("runyard.yaml", text, "nothing", HOME).slurm;
}

const bare = { login: null, conf: null, spool: null, env: "", resources: [] };

test("a pool says where Slurm is, and what stands in its scripts, in order and as written", () => {
  const text = `
pools:
  slurm:gpu:
    login: ada@cluster.example.org
    port: 2222
    identity: ~/.ssh/id_ed25519
    host-key: SHA256:uNiVztksCsDhcc0u9e8BrrFXVvX4SDaGSP/i6lcGGFE
    conf: /etc/slurm/slurm.conf
    spool: ~/runs
    env: |
      module load cuda
      source activate deep
    resources:
      time: 2-00:00:00
      account: "true"
      mem: 0x10
      exclusive: true
      hold:
      contiguous: false
      comment: a "b" # c
`;
  expect(pools(text)).toEqual([
    {
      name: "slurm:gpu",
      login: {
        host: "cluster.example.org",
        user: "ada",
        port: 2222,
        key: "/home/ada/.ssh/id_ed25519",
        hostKey: "SHA256:uNiVztksCsDhcc0u9e8BrrFXVvX4SDaGSP/i6lcGGFE",
      },
      conf: "/etc/slurm/slurm.conf",
      spool: "~/runs",
      env: "module load cuda\nsource activate deep",
      resources: [
        ["time", "2-00:00:00"],
        ["account", "true"],
        ["mem", "0x10"],
        ["exclusive", null],
        ["hold", null],
        ["comment", 'a "b"'],
      ],
    },
  ]);
});

test("pools stand one by one, or below slurm; slurm itself is one where it has a pool's keys", () => {
  expect(pools("pools:\n  slurm:\n    gpu: {}\n    cpu: {env: [a, b]}\n  slurm:big: {}\n")).toEqual([
    { ...bare, name: "slurm:gpu" },
    { ...bare, name: "slurm:cpu", env: "a\nb" },
    { ...bare, name: "slurm:big" },
  ]);
  expect(pools("pools: {slurm: {resources: {time: 60}}}")).toEqual([
    { ...bare, name: "slurm", resources: [["time", "60"]] },
  ]);
  expect(pools("pools: {slurm: {}}")).toEqual([{ ...bare, name: "slurm" }]);
});

test("what has an anchor may be said again", () => {
  const text =
    "pools:\n  slurm:a: {env: &env [x, y], resources: &r {time: 1}}\n  slurm:b: {env: *env, resources: *r}\n";
  expect(pools(text)).toEqual([
    { ...bare, name: "slurm:a", env: "x\ny", resources: [["time", "1"]] },
    { ...bare, name: "slurm:b", env: "x\ny", resources: [["time", "1"]] },
  ]);
});

test("~ in a path is this machine's home, but not in one on another machine", () => {
  expect(pools("pools: {slurm: {conf: ~/slurm.conf}}")[0]?.conf).toBe("/home/ada/slurm.conf");
  expect(() => pools("pools: {slurm: {conf: ~/slurm.conf, login: a@b}}")).toThrow(
    'runyard.yaml:1:23: conf: "~/slurm.conf" will not do. It takes a whole path',
  );
});

test("a file without pools defines none; a project's may hold defaults of jobs beside them", () => {
  expect(pools("")).toEqual([]);
  expect(pools("pools: {}")).toEqual([]);
  expect(() => pools("gpus: 1\n")).toThrow('runyard.yaml:1:1: unknown key "gpus"; known: pools');
  expect(parsePoolsFile("runyard.yaml", "gpus: 1\n", "defaults", HOME).slurm).toEqual([]);
});

test("how other pools share out what they have stands there under the names of pools set", () => {
  const text = `
pools:
  local: {policy: las, las-limits: [100, 200], starvation: 0, min-quantum: 0, preempt-cost: 30s, ageing: off}
  lab:
    policy: fair-share
    weight: {ada: 2, bob: 0.5}
    most-gpus: 4
    quota: {"*": 100, ada: 500h}
    gives-back: false
`;
  const lasts = { minQuantumSeconds: 0, preemptCostSeconds: 30, ageingSeconds: 1e9 };
  const shares = { weights: { ada: 2, bob: 0.5 }, mostGpus: { "*": 4 }, quotas: { "*": 100, ada: 500 } };
  expect(parsePoolsFile("runyard.yaml", text, "nothing", HOME)).toEqual({
    slurm: [],
    governed: [
      { name: "local", policy: "las", rules: { lasLimits: [100, 200], starvation: 0, ...lasts } },
      { name: "lab", policy: "fair-share", rules: { ...shares, givesBack: false } },
    ],
  });
  expect(() => parsePoolsFile("runyard.yaml", text, "defaults", HOME)).toThrow(
    'runyard.yaml:3:3: "local" is not the name of a pool of Slurm\'s.',
  );
});

describe("what is wrong is told with its place", () => {
  test.each([
    ["- a", "1:1: it is a list of keys"],
    ["pools: [a", "1:10: this is not valid YAML"],
    ["pools: 3", "1:8: pools is a mapping of names"],
    ["pools:", "1:7: pools is a mapping of names"],
    ["pools: {}\npools: {}", "2:1: pools stands here a second time"],
    ["pools: {lab: 3}", "1:14: lab takes keys, e.g. policy: las"],
    ["pools: {lab: {}, lab: {}}", "1:18: lab stands here a second time"],
    ["pools: {'a b': {}}", '1:9: "a b" is not the name of a pool of Slurm\'s. Call it slurm, or e.g. slurm:gpu.'],
    ["pools: {lab: {polcy: las}}", '1:15: unknown key "polcy"; did you mean "policy"?'],
    ["pools: {lab: {policy: laz}}", '1:23: policy: there is no policy "laz"; did you mean "las"?'],
    ["pools: {lab: {policy: las, policy: fifo}}", "1:28: policy stands here a second time"],
    ["pools: {lab: {policy: [las]}}", "1:23: policy takes another value, e.g. policy: las"],
    ["pools: {lab: {min-quantum: soon}}", "1:28: min-quantum soon: It takes a duration"],
    ["pools: {lab: {las-limits: [7, 3]}}", "1:27: las-limits 7,3: It takes rising whole numbers"],
    ["pools: {lab: {weight: {ada: [2]}}}", "1:23: weight takes another value, e.g. weight: {ada: 2}"],
    ["pools: {lab: {weight: 2}}", "1:23: weight 2: It takes a user and a number above 0"],
    ["pools: {lab: {gives-back: maybe}}", "1:27: gives-back takes another value, e.g. gives-back: false"],
    ["pools: {slurm: {policy: las}}", "1:17: policy: Slurm itself orders what waits there"],
    ["pools: {'slurm:a b': {}}", '1:9: "slurm:a b" is not the name'],
    ["pools: {slurm:a: }", "1:18: slurm:a takes keys"],
    ["pools: {slurm:a: 1}", "1:18: slurm:a takes keys"],
    ["pools: {slurm:a: {}, slurm: {a: {}}}", "1:30: slurm:a stands here a second time"],
    ["pools: {slurm:a: {}, slurm:a: {}}", "1:22: slurm:a stands here a second time"],
    ["pools: {slurm:a: {resorces: {}}}", '1:19: unknown key "resorces"; did you mean "resources"?'],
    ["pools: {slurm: {login: a@b, gpu: {}}}", '1:29: unknown key "gpu"; known: login'],
    ["pools: {slurm: {env: a, env: b}}", "1:25: env stands here a second time"],
    ["pools: {slurm: {login: -oProxyCommand=x}}", '1:24: "-oProxyCommand=x" is no host'],
    ["pools: {slurm: {login: [a]}}", "1:24: login takes one value, e.g. login: ada@cluster.example.org"],
    ["pools: {slurm: {login: a@b, port: 0}}", '1:35: port: "0" will not do.'],
    ["pools: {slurm: {login: a@b, host-key: x}}", '1:39: "x" is no fingerprint'],
    ["pools: {slurm: {port: 22}}", "1:17: port belongs to a login. Add login: "],
    ["pools: {slurm: {conf: slurm.conf}}", '1:23: conf: "slurm.conf" will not do. It takes a whole path'],
    ["pools: {slurm: {spool: runs}}", '1:24: spool: "runs" will not do. It takes a folder'],
    ["pools: {slurm: {env: {a: b}}}", "1:22: env takes text for the shell"],
    ["pools: {slurm: {env: [a, [b]]}}", "1:26: env takes text for the shell"],
    ['pools: {slurm: {env: "a\\0b"}}', "1:22: env takes text for the shell"],
    ["pools: {slurm: {resources: [time]}}", "1:28: resources takes options of sbatch"],
    ["pools: {slurm: {resources: {time: [1]}}}", "1:35: time takes one value, or true where it is a switch."],
    ["pools: {slurm: {resources: {time: 1, time: 2}}}", "1:38: time stands here a second time"],
    ["pools: {slurm: {resources: {--time: 1}}}", '1:29: "--time" is not the name of an option of sbatch.'],
    ['pools: {slurm: {resources: {time: "1\\n2"}}}', "1:29: The value of time must be one line."],
    ["pools: {slurm: {resources: {array: 1-4}}}", "1:29: array cannot stand here"],
    ["pools: {slurm: {resources: {wait: true}}}", "1:29: wait cannot stand here"],
    ["pools: {slurm: *who}", "1:16: *who stands for nothing"],
  ])("%j", (text, message) => {
    expect(() => pools(text)).toThrow(`runyard.yaml:${message}`);
  });
});
