// Writes the README's table of speeds from measured results.
//   npm run bench -- --all --json > bench/results.jsonl   (or some cases)
//   node scripts/bench-table.mjs [--check]
// bench/results.jsonl is committed: it is what the table shows. --check exits 1 when the README does not match it.
import { readFileSync, renameSync, writeFileSync } from "node:fs";

const results = readFileSync("bench/results.jsonl", "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));
const readme = readFileSync("README.md", "utf8");
const begin = "<!-- bench:begin -->";
const end = "<!-- bench:end -->";

const time = (seconds) =>
  seconds >= 1
    ? `${seconds.toFixed(2)} s`
    : seconds >= 1e-3
      ? `${(seconds * 1e3).toPrecision(3)} ms`
      : `${(seconds * 1e6).toPrecision(3)} µs`;
const cell = (text) => text.replaceAll("|", "\\|");
// A contender that only checks the result does not do the work: its time means nothing.
const standing = ({ name, ratio }) =>
  name.includes("(a check")
    ? `confirmed by ${name.slice(0, name.indexOf(" (a check"))}`
    : `${name} ${ratio.toFixed(2)}`;
const row = ({ case: name, input, timings, notMeasured }) => {
  const [ours, ...peers] = timings;
  const against = peers.map(standing).concat(notMeasured.map((peer) => `${peer} not measured`));
  const rate = ours.gigaflops === null || ours.gigaflops === undefined ? "" : ` (${ours.gigaflops.toFixed(1)} GFLOP/s)`;
  return `| ${name} | ${cell(input)} | ${time(ours.medianSeconds)}${rate} | ${cell(against.join("; "))} |`;
};
// One table per machine and version of Node; in it cases of one subject stand together, in the order of their measuring.
const machines = [...new Set(results.map(({ machine }) => machine))];
const subjectOf = (name) => name.slice(0, name.indexOf("-"));
const tables = machines.flatMap((machine) => {
  const measured = results.filter((result) => result.machine === machine);
  const subjects = [...new Set(measured.map((result) => subjectOf(result.case)))];
  const rows = subjects.flatMap((subject) => measured.filter((result) => subjectOf(result.case) === subject).map(row));
  return [`${machine}:`, "", "| case | input | ours | ours / theirs |", "| --- | --- | --- | --- |", ...rows, ""];
});
const dates = [...new Set(results.map(({ date }) => date))].sort();
const table = [
  begin,
  "",
  "Median of interleaved runs, each with a checksum compared between the contenders; ratios are our time over theirs, below",
  `1 we are faster. Measured ${dates.at(-1)} by \`npm run bench\`; written by \`node scripts/bench-table.mjs\`.`,
  "",
  ...tables,
  end,
].join("\n");

const updated = readme.slice(0, readme.indexOf(begin)) + table + readme.slice(readme.indexOf(end) + end.length);
if (process.argv.includes("--check")) {
  if (updated !== readme) {
    console.error(
      "README.md: the table of speeds is not what bench/results.jsonl says; run node scripts/bench-table.mjs",
    );
    process.exit(1);
  }
} else if (updated !== readme) {
  writeFileSync("README.md.tmp", updated);
  renameSync("README.md.tmp", "README.md");
}
