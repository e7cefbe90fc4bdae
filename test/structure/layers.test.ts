import { readFileSync } from "node:fs";
import { join, normalize } from "node:path";
import { expect, test } from "vitest";
import { type SourceFile, filesBelow, root } from "./source-files.js";

type LayerTable = ReadonlyMap<
  string,
  { readonly layer: number; readonly allowed: ReadonlySet<string> | "everything" | "everything but cli" }
>;

function layerTable(markdown: string): LayerTable {
  const table = new Map<string, { layer: number; allowed: Set<string> | "everything" | "everything but cli" }>();
  for (const line of markdown.split("\n")) {
    const cells = /^\| (\d+) +\| ([a-z-]+) +\| .* \| ([^|]+) \|$/.exec(line);
    if (!cells) continue;
    const allowed = cells[3]!.trim();
    table.set(cells[2]!, {
      layer: Number(cells[1]),
      allowed:
        allowed === "everything" || allowed === "everything but cli"
          ? allowed
          : new Set(allowed === "–" ? [] : allowed.split(", ")),
    });
  }
  return table;
}

/** Every import, export … from, dynamic import and import type of a file. */
function imports(text: string): string[] {
  const specifiers: string[] = [];
  for (const match of text.matchAll(/\b(?:from|import)\s*\(?\s*["']([^"']+)["']/g)) specifiers.push(match[1]!);
  return specifiers;
}

/** All breaches of the layer table in one file, in words. */
function breaches(file: SourceFile, table: LayerTable): string[] {
  const parts = file.path.split("/");
  const found: string[] = [];
  if (parts.length < 3) return found; // src/index.ts may import every folder
  const folder = parts[1]!;
  const own = table.get(folder);
  if (!own) return [`${file.path}: folder ${folder} is not in the layer table`];
  for (const specifier of imports(file.text)) {
    if (!specifier.startsWith(".")) continue;
    const target = normalize(join(file.path, "..", specifier)).split("/");
    if (target[1] === folder) {
      if (target.length === 3 && target[2] === "index.js" && parts[2] !== "index.ts") {
        found.push(`${file.path}: imports its own folder's index`);
      }
      continue;
    }
    const other = target[1]!;
    if (target.length !== 3 || target[2] !== "index.js")
      found.push(`${file.path}: imports ${specifier}, not the index of ${other}`);
    const allowed =
      own.allowed === "everything" || (own.allowed === "everything but cli" ? other !== "cli" : own.allowed.has(other));
    if (!allowed) found.push(`${file.path}: ${folder} may not import ${other}`);
  }
  return found;
}

/** Files that import each other in a ring, types included: each ring once, by its files in order of the alphabet. */
function rings(files: readonly SourceFile[]): string[][] {
  const targets = new Map(
    files.map(({ path, text }) => [
      path,
      // Packages are no files: "fft.js" is not src/fft/fft.ts.
      imports(text)
        .filter((specifier) => specifier.startsWith("."))
        .map((specifier) => normalize(join(path, "..", specifier)).replace(/\.js$/, ".ts")),
    ]),
  );
  const reach = (from: string): Set<string> => {
    const seen = new Set<string>();
    const open = [...(targets.get(from) ?? [])];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (seen.has(next) || !targets.has(next)) continue;
      seen.add(next);
      open.push(...targets.get(next)!);
    }
    return seen;
  };
  const reached = new Map([...targets.keys()].map((path) => [path, reach(path)]));
  const found = new Map<string, string[]>();
  for (const [path, seen] of reached) {
    if (!seen.has(path)) continue;
    const ring = [...seen].filter((other) => reached.get(other)!.has(path)).sort();
    found.set(ring.join(), ring);
  }
  return [...found.values()];
}

const table = layerTable(readFileSync(join(root, "docs/architecture.md"), "utf8"));

test("the layer table allows downward imports only", () => {
  expect(table.size).toBeGreaterThanOrEqual(20);
  for (const [folder, { layer, allowed }] of table) {
    if (typeof allowed === "string") continue;
    for (const other of allowed) {
      expect(table.has(other), `${folder} lists ${other}`).toBe(true);
      expect(table.get(other)!.layer, `${folder} imports ${other}`).toBeLessThanOrEqual(layer);
    }
  }
});

test("every import of the sources is allowed by the layer table", () => {
  const files = filesBelow("src", /\.ts$/);
  expect(files.length).toBeGreaterThan(20);
  expect(files.flatMap((file) => breaches(file, table))).toEqual([]);
});

test("no files import each other in a ring", () => {
  expect(rings(filesBelow("src", /\.ts$/))).toEqual([]);
});

test("negative control: rings of two and of three files are found, one behind a type too, and a fork is none", () => {
  const file = (name: string, ...targets: string[]): SourceFile => ({
    path: `src/core/${name}.ts`,
    text: targets.map((target) => `import type { X } from "./${target}.js";\n`).join(""),
  });
  expect(rings([file("a", "b"), file("b", "a"), file("c", "a")])).toEqual([["src/core/a.ts", "src/core/b.ts"]]);
  expect(rings([file("a", "b"), file("b", "c"), file("c", "a")])).toHaveLength(1);
  expect(rings([file("a", "b", "c"), file("b", "d"), file("c", "d"), file("d")])).toEqual([]);
});

test("negative control: upward, deep and own-index imports are found, type-only and dynamic ones too", () => {
  const bad = [
    'import { eigh } from "../linalg/index.js";',
    'import type { Matrix } from "../linalg/index.js";',
    'export type X = import("../linalg/index.js").X;',
    'export * from "../linalg/index.js";',
  ];
  for (const text of bad)
    expect(breaches({ path: "src/core/x.ts", text }, table)).toEqual(["src/core/x.ts: core may not import linalg"]);
  expect(breaches({ path: "src/linalg/x.ts", text: 'import { A } from "../core/matrix.js";' }, table)).toHaveLength(1);
  expect(breaches({ path: "src/linalg/x.ts", text: 'import { A } from "./index.js";' }, table)).toHaveLength(1);
  expect(breaches({ path: "src/nowhere/x.ts", text: "" }, table)).toHaveLength(1);
  expect(breaches({ path: "src/linalg/x.ts", text: 'import { A } from "../core/index.js";' }, table)).toEqual([]);
});
