import type { Verbs } from "./declaration.ts";

/** Every verb of the command line. */
export const verbs: Verbs = {
  run: {
    group: "Submit",
    summary: "queue a command",
    takesCommand: true,
    load: async () => (await import("./commands/run.ts")).declareRun,
  },
  sweep: {
    group: "Submit",
    summary: "queue a command for every combination of parameters",
    takesCommand: true,
    load: async () => (await import("./commands/run.ts")).declareSweep,
  },
  batch: {
    group: "Submit",
    summary: "queue a file of commands for machines behind ssh, by what they have free",
    load: async () => (await import("./commands/batch.ts")).declareBatch,
  },
  exec: {
    group: "Submit",
    summary: "run a command now on machines that are named, and show what it prints",
    takesCommand: true,
    load: async () => (await import("./commands/exec.ts")).declareExec,
  },
  shell: {
    group: "Submit",
    summary: "open a session on a node of a Slurm cluster",
    takesCommand: true,
    load: async () => (await import("./commands/shell.ts")).declareShell,
  },
  submit: {
    group: "Submit",
    summary: "queue the job that a YAML file or a batch script describes",
    takesCommand: true,
    load: async () => (await import("./commands/submit.ts")).declareSubmit,
  },
  extend: {
    group: "Submit",
    summary: "add parameter values to a sweep",
    load: async () => (await import("./commands/extend.ts")).declareExtend,
  },
  retry: {
    group: "Submit",
    summary: "run again what failed",
    load: async () => (await import("./commands/retry.ts")).declareRetry,
  },
  ls: { group: "Look", summary: "list jobs", load: async () => (await import("./commands/ls.ts")).declareLs },
  show: {
    group: "Look",
    summary: "show a job with its runs, or a run with its attempts",
    load: async () => (await import("./commands/show.ts")).declareShow,
  },
  open: {
    group: "Look",
    summary: "open the panel in a browser",
    load: async () => (await import("./commands/open.ts")).declareOpen,
  },
  logs: {
    group: "Look",
    summary: "show what runs print",
    load: async () => (await import("./commands/logs.ts")).declareLogs,
  },
  wait: {
    group: "Look",
    summary: "wait until jobs or runs have ended",
    load: async () => (await import("./commands/wait.ts")).declareWait,
  },
  explain: {
    group: "Look",
    summary: "say why runs wait",
    load: async () => (await import("./commands/explain.ts")).declareExplain,
  },
  metrics: {
    group: "Look",
    summary: "show the metrics that runs report",
    load: async () => (await import("./commands/metrics.ts")).declareMetrics,
  },
  results: {
    group: "Look",
    summary: "show parameters and results, best first",
    load: async () => (await import("./commands/results.ts")).declareResults,
  },
  simulate: {
    group: "Look",
    summary: "replay a trace of jobs under scheduling policies",
    load: async () => (await import("./commands/simulate.ts")).declareSimulate,
  },
  policies: {
    group: "Look",
    summary: "list the policies that say who comes first in a pool",
    load: async () => (await import("./commands/policies.ts")).declarePolicies,
  },
  cancel: {
    group: "Steer",
    summary: "end jobs or runs",
    load: async () => (await import("./commands/cancel.ts")).declareCancel,
  },
  pause: {
    group: "Steer",
    summary: "start no more runs of a job, or of the queue",
    load: async () => (await import("./commands/pause.ts")).declarePause,
  },
  resume: {
    group: "Steer",
    summary: "go on with what was paused",
    load: async () => (await import("./commands/pause.ts")).declareResume,
  },
  set: {
    group: "Steer",
    summary: "change a job's priority, name or limits",
    load: async () => (await import("./commands/set.ts")).declareSet,
  },
  up: { group: "Yard", summary: "start the yard", load: async () => (await import("./commands/up.ts")).declareUp },
  down: {
    group: "Yard",
    summary: "stop the yard; what runs goes on",
    load: async () => (await import("./commands/down.ts")).declareDown,
  },
  status: {
    group: "Yard",
    summary: "show the yard and how busy it is",
    load: async () => (await import("./commands/status.ts")).declareStatus,
  },
  machines: {
    group: "Yard",
    summary: "show machines and GPUs, set slots",
    load: async () => (await import("./commands/machines.ts")).declareMachines,
  },
  pools: { group: "Yard", summary: "list pools", load: async () => (await import("./commands/pools.ts")).declarePools },
  trust: {
    group: "Yard",
    summary: "let --on name the pools that a project's runyard.yaml defines",
    load: async () => (await import("./commands/trust.ts")).declareTrust,
  },
  notify: {
    group: "Yard",
    summary: "say where you are told of jobs that end and of what needs help",
    takesCommand: true,
    load: async () => (await import("./commands/notify.ts")).declareNotify,
  },
  tokens: {
    group: "Yard",
    summary: "list, create and revoke tokens",
    load: async () => (await import("./commands/tokens.ts")).declareTokens,
  },
  login: {
    group: "Yard",
    summary: "speak to a yard elsewhere from now on",
    load: async () => (await import("./commands/login.ts")).declareLogin,
  },
  completion: {
    group: "Yard",
    summary: "print a completion script for bash or zsh",
    load: async () => (await import("./commands/completion.ts")).declareCompletion,
  },
  agent: {
    group: null,
    summary: "execute this machine's runs (started by the yard)",
    load: async () => (await import("./commands/agent.ts")).declareAgent,
  },
};
