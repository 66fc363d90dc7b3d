import { defineConfig } from "vitest/config";

// Vitest runs under Bun, whose worker threads it can use; its forked workers need an IPC channel Bun does not have.
export default defineConfig({
  test: {
    pool: "threads",
    // Most of what the tests do is wait for the kernel and for packets: one worker would leave two cores idle.
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: "unit", include: ["packages/*/src/**/*.test.ts"] } },
      {
        extends: true,
        test: {
          name: "integration",
          include: ["packages/*/test/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: { name: "e2e", include: ["e2e/**/*.test.ts"], testTimeout: 120_000, hookTimeout: 120_000 },
      },
    ],
  },
});
