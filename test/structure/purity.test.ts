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

/** Functions whose accuracy the language leaves to the engine: the core has each of them with fixed bits. */
const engineDependent = /\bMath\s*\.\s*(a?(?:sin|cos|tan)h?|atan2|exp|expm1|log|log1p|log2|log10|pow|hypot|cbrt)\b/g;
/** A power of two written out is exact in every engine; every other `**` is Math.pow. */
const writtenPower = /(?<![\w.)\]])2 \*\* -?\d+(?![\w.])/g;

/** Uses of mathematics that may differ between engines, or between the interpreter and the compiler of one. */
function engineDependence(file: SourceFile): string[] {
  const code = codeOnly(file.text);
  const names = (code.match(engineDependent) ?? []).map((name) => `${file.path}: ${name}`);
  if (code.replace(writtenPower, "").includes("**")) names.push(`${file.path}: **`);
  return names;
}

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

test("the library calls only its own elementary functions, so results have the same bits in every engine", () => {
  const files = filesBelow("src", /\.ts$/).filter(({ path }) => !path.startsWith("src/cli/"));
  expect(files.flatMap(engineDependence)).toEqual([]);
});

test("negative control: engine-dependent mathematics is found, written powers of two are not", () => {
  const found = (text: string): number => engineDependence({ path: "src/core/x.ts", text }).length;
  for (const text of ["Math.sin(1)", "x.map(Math.log)", "Math.hypot(1, 2)", "Math.atan2(1, 2)", "x ** 2", "10 ** 3"]) {
    expect(found(text), text).toBe(1);
  }
  for (const text of ["2 ** 0.5", "12 ** 2", "a[2] ** 2", "2 ** k"]) expect(found(text), text).toBe(1);
  for (const text of ["2 ** -52", "x < 2 ** 54 ? 1 : 0", "Math.sqrt(2)", "// Math.sin", "sin(1)"]) {
    expect(found(text), text).toBe(0);
  }
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
