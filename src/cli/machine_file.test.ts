import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { aFolder } from "../../test/helpers/a_folder.ts";
import { parseMachineFile, readMachineFile } from "./machine_file.ts";

const asInTheReadme = `
username: ben       # Replace with your username on the machine
ip: 105.29.123.241  # Replace with your machine's url or IP address
port: 22    # leave at default value of 22 unless you know what you are doing
# replace with a path to an ssh key to the machine (MUST BE PASSWORDLESS SSH KEY)
ssh_key_path: ~/.ssh/id_ssh_key
`;

/** A home with a private key in it. */
async function aHome(files: Record<string, string> = {}): Promise<string> {
  const home = await aFolder({ ".ssh/id_ssh_key": "key", ...files });
  await chmod(join(home, ".ssh/id_ssh_key"), 0o600);
  return home;
}

function inFolder(folder: string): void {
  const before = process.cwd();
  process.chdir(folder);
  onTestFinished(() => process.chdir(before));
}

test("ml-scheduler's machine file is read as it stands", async () => {
  const home = await aHome();
  expect(parseMachineFile("example/machine.yaml", asInTheReadme, home)).toEqual({
    name: "machine",
    username: "ben",
    ip: "105.29.123.241",
    port: 22,
    keyPath: `${home}/.ssh/id_ssh_key`,
    hostKey: null,
    limits: { maxRuns: null, gpus: null },
    hours: null,
    env: null,
    spool: null,
  });
});

test("Runyard's own keys stand beside them", async () => {
  const home = await aHome();
  const text = `
username: 0123
ip: gpu-3.cs.example.org
ssh_key_path: ${home}/.ssh/id_ssh_key
name: lab1
maxRuns: 4
gpus: [1, "2"]
hours: 20:00-08:00
env: |
  source activate deep
  module load cuda
spool: /scratch/ben/my runs
hostKey: SHA256:uNiVztksCsDhcc0u9e8BrrFXVvX4SDaGSP/i6lcGGFE
`;
  expect(parseMachineFile("whatever it is", text, home)).toEqual({
    name: "lab1",
    username: "0123",
    ip: "gpu-3.cs.example.org",
    port: 22,
    keyPath: `${home}/.ssh/id_ssh_key`,
    hostKey: "SHA256:uNiVztksCsDhcc0u9e8BrrFXVvX4SDaGSP/i6lcGGFE",
    limits: { maxRuns: 4, gpus: ["1", "2"] },
    hours: { from: 20 * 60, to: 8 * 60 },
    env: "source activate deep\nmodule load cuda\n",
    spool: "/scratch/ben/my runs",
  });
});

describe("what is wrong is told with its place", () => {
  const login = "username: ben\nip: lab1\nport: 22\nssh_key_path: ~/.ssh/id_ssh_key\n";
  test.each<[string, string]>([
    ["", "m.yaml:1:1: a machine is a list of keys, e.g. username: ben"],
    ["- ben\n", "m.yaml:1:1: a machine is a list of keys"],
    ["username: [ben\n", "m.yaml:2:1: this is not valid YAML"],
    ["user: ben\n", 'm.yaml:1:1: unknown key "user"; known: username, ip, port, ssh_key_path, name, '],
    [login.replace("username", "usrname"), 'm.yaml:1:1: unknown key "usrname"; did you mean "username"?'],
    [`${login}max_runs: 3\n`, 'm.yaml:5:1: unknown key "max_runs"; did you mean "maxRuns"?'],
    [`${login}port: 23\n`, "m.yaml:5:1: port stands here a second time. Say it once."],
    [`${login}---\na: 1\n`, "m.yaml:5:1: a second document begins here. Keep everything in one."],
    [login.replace(/^.*\n/, ""), "m.yaml:1:1: the key username is missing. Add it, e.g. username: ben"],
    [login.replace("ip: lab1\n", ""), "m.yaml:1:1: the key ip is missing. Add it, e.g. ip: 10.0.0.5"],
    [login.replace(/ssh_key_path.*/, ""), "m.yaml:1:1: the key ssh_key_path is missing."],
    [login.replace("ben", "[ben]"), "m.yaml:1:11: username takes one value, e.g. username: ben"],
    [login.replace("lab1", ""), "m.yaml:2:5: ip takes one value, e.g. ip: 10.0.0.5"],
    [login.replace("22", "0"), 'm.yaml:3:7: port: "0" will not do. It takes a whole number from 1 to 65535.'],
    [login.replace("22", "65536"), 'm.yaml:3:7: port: "65536" will not do.'],
    [login.replace("22", "ssh"), 'm.yaml:3:7: port: "ssh" will not do.'],
    [login.replace("lab1", "-oProxyCommand=touch x"), 'm.yaml:2:5: ip: "-oProxyCommand=touch x" will not do.'],
    [login.replace("lab1", "ben@lab1"), 'm.yaml:2:5: ip: "ben@lab1" will not do. It takes an address or the name'],
    [login.replace("ben", "-l"), 'm.yaml:1:11: username: "-l" will not do.'],
    [`${login}gpus: 1\n`, "m.yaml:5:7: gpus takes a list of the GPUs that may be used, e.g. gpus: [0, 1]"],
    [`${login}gpus: [0, one]\n`, "m.yaml:5:11: gpus takes numbers as nvidia-smi counts"],
    [`${login}gpus: [0, 1, 0]\n`, "m.yaml:5:14: GPU 0 stands here a second time."],
    [`${login}maxRuns: 0\n`, 'm.yaml:5:10: maxRuns: "0" will not do. It takes a whole number from 1 to 10000.'],
    [`${login}hours: at night\n`, 'm.yaml:5:8: hours: "at night" will not do. It takes two times of day'],
    [`${login}env: " "\n`, 'm.yaml:5:6: env: " " will not do. It takes text for the shell'],
    [`${login}spool: scratch\n`, 'm.yaml:5:8: spool: "scratch" will not do. It takes a folder on the machine'],
    [`${login}hostKey: MD5:16:27\n`, 'm.yaml:5:10: hostKey: "MD5:16:27" will not do. It takes a fingerprint'],
    [`${login}name: my lab\n`, 'm.yaml:5:7: name: "my lab" will not do. It takes letters, digits'],
  ])("%j", async (text, message) => {
    const home = await aHome();
    expect(() => parseMachineFile("m.yaml", text, home)).toThrow(message);
  });

  test("a key that is not there is refused", async () => {
    const home = await aHome();
    const withKey = (path: string) => () => parseMachineFile("m.yaml", login.replace("~/.ssh/id_ssh_key", path), home);
    expect(withKey("~/.ssh/none")).toThrow(`m.yaml:4:15: ssh_key_path: ${home}/.ssh/none: no such file or directory`);
    expect(withKey("~/.ssh")).toThrow(`m.yaml:4:15: ssh_key_path: ${home}/.ssh: it is not a file`);
    expect(withKey("id_here")).toThrow(
      `m.yaml:4:15: ssh_key_path: ${process.cwd()}/id_here: no such file or directory`,
    );
  });

  test("a key that others may read is refused, and how to mend it is said", async () => {
    const home = await aHome();
    const key = join(home, ".ssh/id_ssh_key");
    await chmod(key, 0o640);
    expect(() => parseMachineFile("m.yaml", asInTheReadme, home)).toThrow(
      `m.yaml:6:15: ssh_key_path: ${key}: others may read it, and ssh takes no such key; mend that with: chmod 600 ${key}`,
    );
    await chmod(key, 0o400);
    expect(parseMachineFile("m.yaml", asInTheReadme, home).keyPath).toBe(key);
  });

  test("a file whose name cannot be a machine's has to say one", async () => {
    const home = await aHome();
    expect(() => parseMachineFile("my lab.yaml", asInTheReadme, home)).toThrow(
      "my lab.yaml:2:1: the file's name cannot be a machine's name. Add a key, e.g. name: lab1",
    );
    expect(parseMachineFile("my lab.yaml", `${asInTheReadme}name: lab2\n`, home).name).toBe("lab2");
  });
});

describe("a machine file is looked for", () => {
  test("as it is named, then with .yaml, then the same in ~/.local/var", async () => {
    const say = (ip: string) => asInTheReadme.replace("105.29.123.241", ip);
    const home = await aHome({
      ".local/var/lab1": say("in-var-bare"),
      ".local/var/lab2.yaml": say("in-var-yaml"),
      ".local/var/lab3.yaml": say("hidden"),
      "here/lab3.yaml": say("here-yaml"),
      "here/lab4": say("here-bare"),
      "here/lab4.yaml": say("hidden"),
      "here/lab5.yaml": say("beside-a-folder"),
      "here/lab5/notes": "a folder of that name is passed over",
    });
    inFolder(join(home, "here"));
    const found = ["lab1", "lab2", "lab2.yaml", "lab3", "lab4", "lab5", "~/here/lab4"].map(async (named) => {
      const { name, ip } = await readMachineFile(named, home);
      return `${name} ${ip}`;
    });
    expect(await Promise.all(found)).toEqual([
      "lab1 in-var-bare",
      "lab2 in-var-yaml",
      "lab2 in-var-yaml",
      "lab3 here-yaml",
      "lab4 here-bare",
      "lab5 beside-a-folder",
      "lab4 here-bare",
    ]);
    expect((await readMachineFile(join(home, "here/lab3"), home)).ip).toBe("here-yaml");
  });

  test("where there is none, it is said where it was looked for", async () => {
    const home = await aHome({ "here/labs/notes": "" });
    inFolder(join(home, "here"));
    await expect(readMachineFile("lab1", home)).rejects.toThrow(
      `lab1: there is no such machine file. Looked for: lab1, lab1.yaml, ${home}/.local/var/lab1, ${home}/.local/var/lab1.yaml`,
    );
    await expect(readMachineFile("labs", home)).rejects.toThrow("labs: it is a folder, not a machine file.");
  });

  test("one that is no text is refused", async () => {
    const home = await aFolder({ "lab1.yaml": Uint8Array.of(0xff, 0xfe, 0x00) });
    await expect(readMachineFile(join(home, "lab1.yaml"), home)).rejects.toThrow(
      "lab1.yaml: the file is not UTF-8 text",
    );
  });
});
