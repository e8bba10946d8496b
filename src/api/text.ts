import { z } from "zod";

/** What stands on a command line, in a file's name or in the database must survive there: none of them can hold a NUL. */
export const text = z.string().regex(/^[^\0]*$/, "must not contain a NUL byte");

/** What people call something. */
export const name = text.min(1).max(200);
