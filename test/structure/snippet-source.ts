import { readFileSync } from "node:fs";
import { join } from "node:path";
import { filesBelow, root } from "./source-files.js";

/** A runnable piece of documentation. */
export interface Snippet {
  /** File it stands in, from the root. */
  readonly path: string;
  /** Line of its first code line, 1-based. */
  readonly line: number;
  /** The code. */
  readonly code: string;
}

/** Every ```ts block of a Markdown text. */
export function markdownSnippets(path: string, text: string): Snippet[] {
  const found: Snippet[] = [];
  for (const match of text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)) {
    const line = text.slice(0, match.index).split("\n").length + 1;
    found.push({ path, line, code: match[1]! });
  }
  return found;
}

/** Every ```ts block inside a docstring. */
export function docstringSnippets(path: string, text: string): Snippet[] {
  const found: Snippet[] = [];
  for (const match of text.matchAll(/^[ \t]*\* ```ts\n([\s\S]*?)^[ \t]*\* ```$/gm)) {
    const line = text.slice(0, match.index).split("\n").length + 1;
    found.push({ path, line, code: match[1]!.replace(/^[ \t]*\* ?/gm, "") });
  }
  return found;
}

/** All snippets of README, docs and docstrings. */
export function allSnippets(): Snippet[] {
  const readme = markdownSnippets("README.md", readFileSync(join(root, "README.md"), "utf8"));
  const docs = filesBelow("docs", /\.md$/).flatMap(({ path, text }) => markdownSnippets(path, text));
  const docstrings = filesBelow("src", /\.ts$/).flatMap(({ path, text }) => docstringSnippets(path, text));
  return [...readme, ...docs, ...docstrings];
}

/** One printed line that the documentation promises. */
export interface Expectation {
  /** Line within the snippet, 1-based. */
  readonly line: number;
  /** Text of the trailing comment. */
  readonly text: string;
}

/** `console.log(…); // text`: the promise of each line that has one. */
export function expectations(code: string): Expectation[] {
  const found: Expectation[] = [];
  code.split("\n").forEach((line, i) => {
    const match = /console\.log\(.*\);? +\/\/ (.*)$/.exec(line);
    if (match) found.push({ line: i + 1, text: match[1]!.trim() });
  });
  return found;
}

/** The code with every console.log told which line it stands on; the module exports a promise of its end. */
export function instrument(code: string): string {
  const body = code
    .split("\n")
    .map((line, i) => line.replace(/console\.log\(/g, `globalThis.__snippetPrint(${i + 1}, `))
    .join("\n");
  return `${body}\nexport {};\n`;
}

/** How console.log shows values, for the kinds that documentation prints. */
export function show(values: readonly unknown[]): string {
  return values
    .map((value) =>
      typeof value === "string"
        ? value
        : value instanceof Float64Array
          ? `[${Array.from(value).join(", ")}]`
          : Array.isArray(value)
            ? JSON.stringify(value)
            : typeof value === "object" && value !== null
              ? JSON.stringify(value)
              : String(value),
    )
    .join(" ");
}

const NUMBER = /[-−+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/g;

/**
 * Compares what was printed with what the documentation shows: words exactly, numbers to the digits shown, rounded or
 * cut off (one unit of the last digit); an integer promises exactly that integer.
 */
export function sameOutput(printed: string, shown: string): boolean {
  // Spaces inside brackets are the printer's taste: [ 1, 2 ] and [1,2] show the same list.
  const squeeze = (text: string): string =>
    text
      .replace(/\s+/g, " ")
      .replace(/ ?([[\]{},]) ?/g, "$1")
      .trim();
  const a = squeeze(printed);
  const b = squeeze(shown);
  if (a === b) return true;
  if (a.replace(NUMBER, "#") !== b.replace(NUMBER, "#")) return false;
  const left = a.match(NUMBER) ?? [];
  const right = b.match(NUMBER) ?? [];
  return (
    left.length === right.length &&
    left.every(
      (text, i) =>
        Math.abs(Number(text.replace("−", "-")) - Number(right[i]!.replace("−", "-"))) <= lastUnit(right[i]!),
    )
  );
}

function lastUnit(shown: string): number {
  const [mantissa, exponent] = shown.toLowerCase().split("e");
  const decimals = mantissa!.includes(".") ? mantissa!.split(".")[1]!.length : 0;
  if (decimals === 0 && exponent === undefined) return 0;
  return 1.0000001 * 10 ** (Number(exponent ?? 0) - decimals);
}
