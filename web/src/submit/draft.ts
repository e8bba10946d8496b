/** What somebody has typed into the form so far: texts, as they stand there. */
export interface Draft {
  /** One command, maybe with parameters; or many in one text. */
  kind: "command" | "text";
  command: string;
  parameters: DraftParameter[];
  text: string;
  code: DraftCode;
  /** The first is the one that is gone to first. */
  pools: string[];
  /** By the flags of `runyard run`; empty: not said. A switch is on where anything stands. */
  options: Partial<Record<OptionFlag, string>>;
  /** A NAME=VALUE a line. */
  variables: string;
}

export interface DraftParameter {
  /** Tells rows apart while they are edited. */
  key: number;
  name: string;
  values: string;
}

/** What runs work in. */
export type DraftCode =
  | { kind: "empty" }
  | { kind: "folder"; path: string }
  /** Null: nothing has been uploaded yet. */
  | { kind: "upload"; snapshot: string | null; text: string }
  /** The same as that of a job. */
  | { kind: "job"; snapshot: string; job: number };

/** How an option is typed: as one value, as several with something between them, or switched on. */
export const optionKinds = {
  name: "value",
  gpus: "value",
  "gpu-memory": "value",
  "gpu-type": "value",
  cpus: "value",
  memory: "value",
  workers: "value",
  priority: "value",
  after: "value",
  "after-any": "value",
  retries: "value",
  "time-limit": "value",
  expect: "value",
  "at-most": "value",
  runs: "value",
  sample: "value",
  seed: "value",
  out: "value",
  tag: "commas",
  zip: "lines",
  exclude: "lines",
  outputs: "lines",
  notify: "lines",
  resumable: "switch",
  keep: "switch",
  paused: "switch",
} as const;

export type OptionFlag = keyof typeof optionKinds;

export const emptyDraft: Draft = {
  kind: "command",
  command: "",
  parameters: [],
  text: "",
  code: { kind: "empty" },
  pools: ["local"],
  options: {},
  variables: "",
};

/** The values that an option was given. */
export function valuesOf(flag: OptionFlag, text: string): string[] {
  const kind = optionKinds[flag];
  if (kind === "switch") return text === "" ? [] : [""];
  const separator = kind === "lines" ? "\n" : kind === "commas" ? "," : null;
  const values = separator === null ? [text] : text.split(separator);
  return values.map((value) => value.trim()).filter((value) => value !== "");
}
