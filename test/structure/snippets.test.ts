import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { afterAll, expect, test } from "vitest";
import { type Snippet, allSnippets, expectations, instrument, sameOutput, show } from "./snippet-source.js";
import { root } from "./source-files.js";

// A folder of its own for each process: two runs at the same time must not remove each other's files.
const folder = join(root, ".cache", `snippets-${process.pid}`);
/** SNIPPETS=src/linalg checks that part alone, for quick work on one folder. */
const part = process.env["SNIPPETS"] ?? "";
const snippets = allSnippets().filter(({ path }) => path.startsWith(part));
const fileOf = (snippet: Snippet): string =>
  join(
    folder,
    `${createHash("sha1").update(`${snippet.path}:${snippet.line}\n${snippet.code}`).digest("hex").slice(0, 16)}.ts`,
  );

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const snippet of snippets) writeFileSync(fileOf(snippet), instrument(snippet.code));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Printer {
  __snippetPrint?: (line: number, ...values: unknown[]) => void;
}

test("there are snippets in README, docs and docstrings, and each imports the package by name", () => {
  if (part === "") expect(snippets.length).toBeGreaterThan(5);
  expect(
    snippets.filter(({ code }) => !/from "eigenscope/.test(code)).map(({ path, line }) => `${path}:${line}`),
  ).toEqual([]);
});

test("every snippet is type-correct", { timeout: 300_000 }, () => {
  const config = ts.readConfigFile(join(root, "tsconfig.test.json"), (path) => readFileSync(path, "utf8"));
  const base = ts.parseJsonConfigFileContent(config.config, ts.sys, root).options;
  const declarations = join(folder, "globals.d.ts");
  writeFileSync(declarations, "declare function __snippetPrint(line: number, ...values: unknown[]): void;\n");
  const program = ts.createProgram([...snippets.map(fileOf), declarations], {
    ...base,
    noEmit: true,
    noUnusedLocals: false,
  });
  const problems: string[] = [];
  for (const snippet of snippets) {
    const source = program.getSourceFile(fileOf(snippet));
    for (const diagnostic of [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]) {
      const { line } = source!.getLineAndCharacterOfPosition(diagnostic.start ?? 0);
      problems.push(
        `${snippet.path}:${snippet.line + line}: ${ts.flattenDiagnosticMessageText(diagnostic.messageText, " ")}`,
      );
    }
  }
  expect(problems).toEqual([]);
});

test.each(snippets.map((snippet) => [`${snippet.path}:${snippet.line}`, snippet] as const))(
  "%s runs and prints what it says",
  async (_, snippet) => {
    const printed = new Map<number, string[]>();
    const scope = globalThis as Printer;
    scope.__snippetPrint = (line, ...values) => {
      printed.set(line, [...(printed.get(line) ?? []), show(values)]);
    };
    try {
      await import(fileOf(snippet));
    } finally {
      delete scope.__snippetPrint;
    }
    const wrong: { line: number; printed: string; shown: string }[] = [];
    for (const { line, text } of expectations(snippet.code)) {
      const output = (printed.get(line) ?? ["(nothing)"]).join(" ");
      if (!sameOutput(output, text)) wrong.push({ line, printed: output, shown: text });
    }
    if (wrong.length > 0 && process.env["UPDATE_DOCS"] === "1") {
      refresh(snippet, wrong);
      return;
    }
    expect(wrong).toEqual([]);
  },
);

/** UPDATE_DOCS=1 writes what was printed into the documentation. */
function refresh(snippet: Snippet, wrong: readonly { line: number; printed: string; shown: string }[]): void {
  const path = join(root, snippet.path);
  const lines = readFileSync(path, "utf8").split("\n");
  for (const { line, printed, shown } of wrong) {
    const at = snippet.line - 1 + (line - 1) + (lines[snippet.line - 1]!.includes("```ts") ? 1 : 0);
    lines[at] = lines[at]!.replace(`// ${shown}`, `// ${printed}`);
  }
  writeFileSync(path, lines.join("\n"));
}

test("both verdicts of the comparison: digits shown count, words and integers count exactly", () => {
  expect(sameOutput("0.33333333", "0.3333")).toBe(true);
  expect(sameOutput("0.33349", "0.3333")).toBe(false);
  expect(sameOutput("3", "3")).toBe(true);
  expect(sameOutput("4", "3")).toBe(false);
  expect(sameOutput("1.0000000000000002", "1")).toBe(false);
  expect(sameOutput("[1.26795, 3, 4.73205]", "[ 1.268, 3, 4.732 ]")).toBe(true);
  expect(sameOutput("0.33339", "0.3332")).toBe(false);
  expect(sameOutput("converged 3", "stagnated 3")).toBe(false);
  expect(sameOutput("2.22e-16", "2.2e-16")).toBe(true);
  expect(sameOutput("(nothing)", "3")).toBe(false);
});
