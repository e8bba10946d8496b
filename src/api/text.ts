import { z } from "zod";

/** What stands on a command line, in a file's name or in the database must survive there: none of them can hold a NUL. */
export const text = z.string().regex(/^[^\u0000]*$/, "must not contain a NUL byte");

/** What people call something. */
export const name = text.min(1).max(200);

const one = "(?:last|[1-9]\\d{0,14}(?:\\.[1-9]\\d{0,14})?(?:-[1-9]\\d{0,14})?)";

/** Jobs and runs as people name them: `12`, `12.3`, `12.1-5`, `3,5,7-9`, `last`, `all`. */
export const selection = text
  .max(100_000)
  .regex(
    new RegExp(`^(?:all|${one}(?:,${one})*)$`),
    "it names no jobs or runs. Write a job (12), a run (12.3), a range (12.1-5, 7-9), a list (3,5), last or all",
  );
