import { describe, expect, test } from "vitest";
import { openConfigJson } from "./config_json.ts";

/** As in neuromanager's README. */
const readme = `{
  "local": {
    "cpu": { "env": "conda activate deep", "resources": "" },
    "gpu": { "env": "conda activate deep", "resources": "" }
  },
  "slurm": {
    "gpu": {
      "env": "source activate deep",
      "resources": {
        "time": "2-00:00:00",
        "account": "myproject",
        "partition": "big-gpu",
        "gres": "gpu:p100:1",
        "mem": "8000"
      }
    },
    "cpu": {}
  }
}`;

function deviceOf(name: string, text = readme) {
  return openConfigJson("config.json", text).deviceOf(name);
}

test("neuromanager's config.json is read as it stands", () => {
  expect(deviceOf("local:gpu")).toEqual({ support: "local", env: "conda activate deep", resources: [] });
  expect(deviceOf("slurm:gpu")).toEqual({
    support: "slurm",
    env: "source activate deep",
    resources: [
      ["time", "2-00:00:00"],
      ["account", "myproject"],
      ["partition", "big-gpu"],
      ["gres", "gpu:p100:1"],
      ["mem", "8000"],
    ],
  });
  expect(deviceOf("slurm:cpu")).toEqual({ support: "slurm", env: "", resources: [] });
  expect(openConfigJson("config.json", readme).slurmNames()).toEqual(["slurm:gpu", "slurm:cpu"]);
  for (const name of ["slurm:tpu", "gpu", "slurm", "local", "aws:gpu"]) expect(deviceOf(name)).toBeNull();
});

test("numbers, order and switches stay as written, indented by tabs too", () => {
  const text =
    '{\n\t"slurm": {\n\t\t"a": {"env": ["x", "y\\tz"], "resources": {"mem": 1.50, "B": 1, "exclusive": true, "hold": false, "nice": null}}}}';
  expect(deviceOf("slurm:a", text)).toEqual({
    support: "slurm",
    env: "x\ny\tz",
    resources: [
      ["mem", "1.50"],
      ["B", "1"],
      ["exclusive", null],
      ["nice", null],
    ],
  });
});

test("in the later form a name with resources is Slurm's, one without runs here", () => {
  const text = `{"gpu": {"env": "a", "resources": {"time": 1}}, "cpu": {"env": "b", "resources": ""}, "none": {"env": "", "resources": {}}}`;
  expect(deviceOf("gpu", text)).toMatchObject({ support: "slurm", env: "a", resources: [["time", "1"]] });
  expect(deviceOf("slurm:gpu", text)).toEqual(deviceOf("gpu", text));
  expect(deviceOf("local:gpu", text)).toMatchObject({ support: "local", env: "a" });
  expect(deviceOf("cpu", text)).toEqual({ support: "local", env: "b", resources: [] });
  expect(deviceOf("none", text)).toEqual({ support: "local", env: "", resources: [] });
  expect(deviceOf("slurm:cpu", text)).toMatchObject({ support: "slurm" });
});

test("another program's file of that name says nothing of pools", () => {
  const text = `{"model_type": "gpt2", "lab1": {"env": "prod", "url": "x"}, "gpu": {}, "task": {"slurm": {"gpu": 1}}}`;
  for (const name of ["lab1", "gpu", "model_type", "slurm:gpu", "slurm", "local:lab1"]) {
    expect(deviceOf(name, text)).toBeNull();
  }
  expect(deviceOf("slurm:gpu", "[1, 2]")).toBeNull();
});

describe("what is named and wrong is told with its place", () => {
  test.each([
    ['{"aws": {"gpu": {"env": ""}}}', "aws:gpu", '1:10: a run goes nowhere by "aws": there are local and slurm.'],
    ['{"slurm": {"gpu": "fast"}}', "slurm:gpu", "1:19: gpu takes env and resources."],
    ['{"slurm": {"gpu": {"evn": "x"}}}', "slurm:gpu", '1:20: unknown key "evn"; did you mean "env"?'],
    ['{"slurm": {"gpu": {"env": {}}}}', "slurm:gpu", "1:27: env takes text for the shell"],
    ['{"slurm": {"gpu": {"resources": "fast"}}}', "slurm:gpu", "1:33: resources takes options of sbatch"],
    ['{"slurm": {"gpu": {"resources": {"time": {}}}}}', "slurm:gpu", "1:42: time takes one value"],
    ['{"slurm": {"gpu": {"resources": {"a b": 1}}}}', "slurm:gpu", '1:34: "a b" is not the name of an option'],
    ['{"slurm": {', "slurm:gpu", "1:12: this is not valid YAML"],
  ])("%s", (text, name, message) => {
    expect(() => deviceOf(name, text)).toThrow(`config.json:${message}`);
  });
});
