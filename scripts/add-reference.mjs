// Adds or replaces one entry of docs/references.json, keeping the keys sorted:
//   node scripts/add-reference.mjs KEY AUTHORS YEAR TITLE SOURCE READ
// READ says what was read of it: "paper", "abstract", "spec" (recalled by the specs) or "none".
import { readFileSync, renameSync, writeFileSync } from "node:fs";

const [key, authors, year, title, source, read] = process.argv.slice(2);
if (!key || !authors || !year || !title || !source || !["paper", "abstract", "spec", "none"].includes(read ?? "")) {
  console.error("usage: node scripts/add-reference.mjs KEY AUTHORS YEAR TITLE SOURCE paper|abstract|spec|none");
  process.exit(2);
}
const file = new URL("../docs/references.json", import.meta.url);
const references = JSON.parse(readFileSync(file, "utf8"));
references[key] = { authors, year: Number(year), title, source, read };
const sorted = Object.fromEntries(Object.entries(references).sort(([a], [b]) => (a < b ? -1 : 1)));
const temporary = new URL("../docs/references.json.tmp", import.meta.url);
writeFileSync(temporary, `${JSON.stringify(sorted, null, 2)}\n`);
renameSync(temporary, file);
