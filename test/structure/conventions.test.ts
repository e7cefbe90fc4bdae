import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { filesBelow, root } from "./source-files.js";

const stated = [...readFileSync(join(root, "docs/conventions.md"), "utf8").matchAll(/^- \*\*(.+)\*\*$/gm)].map(
  (match) => match[1]!,
);
const tested = filesBelow("test/conventions", /\.test\.ts$/).flatMap(({ text }) =>
  [...text.matchAll(/^test\(\s*(["'`])(.+?)\1/gm)].map((match) => match[2]!),
);

test("each convention of docs/conventions.md is the title of a test in test/conventions, and the other way round", () => {
  expect(stated.length).toBeGreaterThanOrEqual(20);
  expect(new Set(stated).size).toBe(stated.length);
  expect(tested.slice().sort()).toEqual(stated.slice().sort());
});
