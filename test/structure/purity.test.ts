import { expect, test } from "vitest";
import { type SourceFile, codeOnly, filesBelow } from "./source-files.js";

const forbidden: ReadonlyArray<readonly [RegExp, string]> = [
  [/\bconsole\s*\./, "console"],
  [/\bMath\s*\.\s*random\b/, "Math.random"],
  [/\bDate\s*\.\s*now\b|\bnew\s+Date\b/, "Date"],
  [/\bperformance\s*\.\s*now\b/, "performance.now"],
  [/\bprocess\s*\.\s*(exit|stdout|stderr|hrtime)\b/, "process"],
  [/\bdebugger\b/, "debugger"],
];

/** What library code must not touch: terminal, clocks, ambient randomness, Node's modules. */
function impurities(file: SourceFile): string[] {
  const code = codeOnly(file.text);
  const found = forbidden.filter(([pattern]) => pattern.test(code)).map(([, name]) => `${file.path}: ${name}`);
  if (/\b(?:from|import)\s*\(?\s*["']node:/.test(file.text)) found.push(`${file.path}: node: import`);
  return found;
}

test("the library has no console, clock, Math.random or node: import outside cli", () => {
  const files = filesBelow("src", /\.ts$/).filter(({ path }) => !path.startsWith("src/cli/"));
  expect(files.flatMap(impurities)).toEqual([]);
});

test("negative control: each forbidden thing is found in code, and none in comments or strings", () => {
  const bad = [
    "console.log(1)",
    "Math.random()",
    "Date.now()",
    "new Date()",
    "performance.now()",
    "process.exit(1)",
    'import "node:fs";',
  ];
  for (const text of bad) expect(impurities({ path: "src/core/x.ts", text })).toHaveLength(1);
  expect(
    impurities({ path: "src/core/x.ts", text: '// console.log(1)\n/* new Date() */ const a = "Math.random()";' }),
  ).toEqual([]);
});
