import type { Command } from "commander";

/** How `runyard up --foreground` is to serve. */
export interface ServeOptions {
  /** Where to listen. Default 127.0.0.1. */
  host: string;
  /** Null: the one that the yard had, else any that is free. */
  port: number | null;
  /** Listen beyond this machine without TLS. */
  insecure: boolean;
  /** Where browsers reach it, behind a proxy. Null: as before, or where it listens. */
  url: string | null;
  /** PostgreSQL URL; null: the home's own file. */
  database: string | null;
  /** Once it answers. */
  onReady(): void;
}

/** What the command line starts but does not hold: the yard and the agent, until they end, with an exit code. */
export interface ProgramDoors {
  serve(options: ServeOptions): Promise<number>;
  agent(): Promise<number>;
}

/** One verb of the command line. */
export interface Verb {
  /** In which part of the help it stands; null: in none. */
  group: "Submit" | "Look" | "Steer" | "Yard" | null;
  summary: string;
  /** Whether words after `--` are a user's command. */
  takesCommand?: boolean;
  /** Loads its file: only the one verb that was asked for. */
  load(): Promise<(declaration: Declaration) => void>;
}

export type Verbs = Readonly<Record<string, Verb>>;

/** What a verb's file gets to declare its command with. */
export interface Declaration {
  command: Command;
  /** The words after `--`, exactly; null where there was none. Only for verbs that take a command. */
  exact: string[] | null;
  doors: ProgramDoors;
  verbs: Verbs;
  /** Says what a command, or one of its subcommands, does; it answers the exit code. */
  act(command: Command, run: () => Promise<number>): void;
}
