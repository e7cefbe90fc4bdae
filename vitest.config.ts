import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = fileURLToPath(new URL("./src", import.meta.url));

export default defineConfig({
  resolve: {
    // Snippets of README, docs and docstrings import the package by the name its users type.
    alias: [
      { find: /^eigenscope$/, replacement: `${source}/index.ts` },
      { find: /^eigenscope\/(.+)$/, replacement: `${source}/$1/index.ts` },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/support/setup.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: "forks",
    maxWorkers: 2,
  },
});
