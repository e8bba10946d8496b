/** Calls `work` with a signal that Ctrl-C aborts. Answers "interrupted" then, whatever `work` did about it. */
export async function untilInterrupted<Value>(
  work: (signal: AbortSignal) => Promise<Value>,
): Promise<Value | "interrupted"> {
  const controller = new AbortController();
  const interrupted = new Promise<"interrupted">((resolve) => {
    controller.signal.addEventListener("abort", () => resolve("interrupted"), { once: true });
  });
  const abort = () => controller.abort();
  process.once("SIGINT", abort);
  try {
    const done = work(controller.signal).catch((error: unknown) => {
      if (controller.signal.aborted) return "interrupted" as const;
      throw error;
    });
    return await Promise.race([done, interrupted]);
  } finally {
    process.off("SIGINT", abort);
    controller.abort();
  }
}
