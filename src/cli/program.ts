export interface ServeOptions {
  host: string;
  port: number | null;
  insecure: boolean;
  database: string | null;
}

/** Stands in until the command line is there. */
export async function runProgram(
  argv: string[],
  doors: { serve(options: ServeOptions): Promise<number>; agent(): Promise<number> },
): Promise<number> {
  if (argv[2] === "agent") return doors.agent();
  return doors.serve({ host: "127.0.0.1", port: null, insecure: false, database: null });
}
