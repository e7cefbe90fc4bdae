import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { filesBelow, root } from "./source-files.js";

const folders = readdirSync(join(root, "src"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== "cli")
  .map((entry) => entry.name)
  .filter((name) => existsSync(join(root, "src", name, "index.ts")));

test("package.json exports one subpath per folder of src, and nothing that is not there", () => {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    exports: Record<string, unknown>;
  };
  const subpaths = Object.keys(exports).filter((key) => key !== "." && key !== "./package.json");
  expect(subpaths.sort()).toEqual(folders.map((folder) => `./${folder}`).sort());
});

test.each(folders)("eigenscope/%s imports alone and exports something", async (folder) => {
  const module = (await import(join(root, "src", folder, "index.ts"))) as Record<string, unknown>;
  expect(Object.keys(module).length).toBeGreaterThan(0);
  for (const [name, value] of Object.entries(module)) expect(value, `${folder}.${name}`).not.toBeUndefined();
});

test("every exported function is used by name in a test", async () => {
  const tests = filesBelow("test", /\.ts$/)
    .map(({ text }) => text)
    .join("\n");
  const untested: string[] = [];
  for (const folder of folders) {
    const module = (await import(join(root, "src", folder, "index.ts"))) as Record<string, unknown>;
    for (const [name, value] of Object.entries(module)) {
      if (typeof value === "function" && !new RegExp(`\\b${name}\\b`).test(tests)) untested.push(`${folder}.${name}`);
    }
  }
  expect(untested).toEqual([]);
});

test("no internal name leaks into the first-hour surface: src/index.ts only re-exports", () => {
  const text = readFileSync(join(root, "src/index.ts"), "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
  for (const line of text
    .split(";")
    .map((part) => part.trim())
    .filter(Boolean))
    expect(line).toMatch(/^export \{[\s\S]*\} from "\.\/[a-z-]+\/index\.js"$/);
});
