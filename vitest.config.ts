import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "web/**/*.test.ts", "test/**/*.test.ts"],
    // Processes, not threads: tests change their umask, send signals, and count what they have left behind.
    pool: "forks",
    // They wait more than they compute: one at a time would leave a small machine idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Real processes on a busy machine: what is slow is told apart from what hangs.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    slowTestThreshold: 5_000,
    expect: { poll: { timeout: 15_000 } },
  },
});
