// npm run bench -- [CASE…] [--json] [--list]: runs the named cases (a prefix such as "linalg" takes all that begin so).
import { readdirSync } from "node:fs";
import { type BenchCase, type BenchResult, machineLine, runCase } from "./harness.js";

const args = process.argv.slice(2);
const known = ["--json", "--list", "--all"];
const unknown = args.filter((arg) => arg.startsWith("--") && !known.includes(arg));
if (unknown.length > 0) {
  console.error(`bench: unknown option ${unknown.join(", ")}; known are ${known.join(", ")}`);
  process.exit(2);
}
const wanted = args.filter((arg) => !arg.startsWith("--"));
const json = args.includes("--json");

const cases: BenchCase[] = [];
for (const file of readdirSync(new URL("./cases", import.meta.url))
  .filter((name) => name.endsWith(".ts"))
  .sort()) {
  const module = (await import(new URL(`./cases/${file}`, import.meta.url).href)) as { cases: readonly BenchCase[] };
  cases.push(...module.cases);
}
if (args.includes("--list") || (wanted.length === 0 && !args.includes("--all"))) {
  for (const { name, claim } of cases) console.log(`${name.padEnd(36)} ${claim}`);
  process.exit(0);
}
const selected = cases.filter(
  ({ name }) => wanted.length === 0 || wanted.some((prefix) => name === prefix || name.startsWith(`${prefix}-`)),
);
if (selected.length === 0) {
  console.error(`bench: no case named ${wanted.join(", ")}; npm run bench -- --list shows all`);
  process.exit(2);
}
if (!json) console.log(machineLine());
let failed = false;
for (const [index, definition] of selected.entries()) {
  process.stderr.write(`[${index + 1}/${selected.length}] ${definition.name}\n`);
  try {
    const result = await runCase(definition);
    if (json) console.log(JSON.stringify({ ...result, date: new Date().toISOString().slice(0, 10) }));
    else print(result);
  } catch (error) {
    failed = true;
    console.error(error instanceof Error ? error.message : String(error));
  }
}
process.exit(failed ? 1 : 0);

function print(result: BenchResult): void {
  console.log(`\n${result.case}: ${result.claim}\n  ${result.input}`);
  for (const timing of result.timings) {
    const rate = timing.gigaflops === null ? "" : `  ${timing.gigaflops.toFixed(2)} GFLOP/s`;
    const spread = `${(timing.minimumSeconds * 1e3).toFixed(2)}–${(timing.maximumSeconds * 1e3).toFixed(2)}`;
    console.log(
      `  ${timing.name.padEnd(34)} ${(timing.medianSeconds * 1e3).toFixed(2).padStart(10)} ms (${spread})${rate}  ours/this ${timing.ratio.toFixed(2)}`,
    );
  }
  for (const name of result.notMeasured) {
    const reason = name.endsWith(")") ? "" : ": not installed here"; // those in parentheses bring their reason along
    console.log(`  ${name.padEnd(34)} not measured${reason}`);
  }
}
