import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { filesBelow, root } from "./source-files.js";

interface Reference {
  readonly authors: string;
  readonly year: number;
  readonly title: string;
  readonly source: string;
  readonly read: "paper" | "abstract" | "spec" | "none";
}

const references = JSON.parse(readFileSync(join(root, "docs/references.json"), "utf8")) as Record<string, Reference>;

/** Citations in a text: [key] or [key, eq. 3] with a key of a name and a year, in docstrings and comments. */
function citations(text: string): { key: string; place: string | null }[] {
  const found: { key: string; place: string | null }[] = [];
  for (const match of text.matchAll(/(?<!\w)\[([a-z]+[a-z-]*\d{4}[a-z]?)(?:, ([^\]]+))?\]/g)) {
    found.push({ key: match[1]!, place: match[2] ?? null });
  }
  return found;
}

const files = filesBelow("src", /\.ts$/);

test("every citation in the sources resolves in docs/references.json", () => {
  const missing = files.flatMap(({ path, text }) =>
    citations(text)
      .filter(({ key }) => !(key in references))
      .map(({ key }) => `${path}: [${key}]`),
  );
  expect(missing).toEqual([]);
});

test("equation and theorem numbers are cited only from papers that were read", () => {
  const hearsay = files.flatMap(({ path, text }) =>
    citations(text)
      .filter(
        ({ key, place }) =>
          place !== null && /\b(eq|thm|theorem|lemma|prop|algorithm)/i.test(place) && references[key]?.read !== "paper",
      )
      .map(({ key, place }) => `${path}: [${key}, ${place}]`),
  );
  expect(hearsay).toEqual([]);
});

test("every reference is complete and cited somewhere", () => {
  const cited = new Set(files.flatMap(({ text }) => citations(text)).map(({ key }) => key));
  for (const [key, reference] of Object.entries(references)) {
    expect(key).toMatch(/^[a-z]+[a-z-]*\d{4}[a-z]?$/);
    for (const field of ["authors", "title", "source"] as const)
      expect(reference[field].length, `${key}.${field}`).toBeGreaterThan(2);
    expect(["paper", "abstract", "spec", "none"]).toContain(reference.read);
  }
  expect(Object.keys(references).filter((key) => !cited.has(key))).toEqual([]);
});

test("negative control: an unknown key and its place are seen", () => {
  expect(citations(" * @see [nobody1900, eq. 4]")).toEqual([{ key: "nobody1900", place: "eq. 4" }]);
  expect(citations("x = 1; // [nobody1900]")).toEqual([{ key: "nobody1900", place: null }]);
  expect(citations("const a = b[index];")).toEqual([]);
});
