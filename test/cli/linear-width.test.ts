import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runJob } from "../../src/cli/job.js";
import type { ReportRecord } from "../../src/report/index.js";
import { cornerImages, writePair } from "./idx-bytes.js";
import { runCommand, temporaryFolder } from "./test-host.js";

const HOOKS = { signal: { aborted: false }, onProgress: () => undefined, now: () => 0 };

test("study linear-width as a job: seeds of the recipes, provenance with the whole plan, equal records", async () => {
  const job = {
    kind: "linear-width-study",
    seed: 1,
    options: { seeds: [7], quick: true, scale: 0.2 },
    input: "generated",
    versions: { eigenscope: "0.0.0-test" },
  } as const;
  const result = await runJob(job, HOOKS);
  const report = (result as { readonly report: ReportRecord }).report;
  expect(report.provenance).toMatchObject({
    program: "study linear-width",
    seed: 1,
    options: { seeds: [7], scale: 0.2 },
  });
  expect(report.sections[0]!.id).toBe("verdicts");
  expect(Object.keys(report.wallTimes)).toContain("adaptive training");
});

test("study linear-width: --seed N replays the streams N + 6 to N + 8; an interrupt keeps whole parts", async () => {
  const place = temporaryFolder();
  const outcome = await runCommand(["study", "linear-width", "--quick", "--seed", "3", "--out", place], {
    interruptAfter: 2,
  });
  expect(outcome.code).toBe(130);
  expect(outcome.stderr).toContain("stopping: what is done will be kept");
  const record = JSON.parse(readFileSync(join(place, "study.json"), "utf8")) as {
    status: string;
    provenance: { options: { seeds: number[]; quick: boolean } };
    sections: unknown[];
  };
  expect(record.status).toBe("cancelled");
  expect(record.provenance.options).toMatchObject({ seeds: [9, 10, 11], quick: true });
  expect(record.sections).toEqual([]);
  expect(readFileSync(join(place, "study.html"), "utf8")).toContain("Status: cancelled");
});

test.each([
  [["linear-width", "--data", "x"], '--data belongs to "eigenscope study spectral"'],
  [["linear-width", "--subset", "9"], "--subset belongs to"],
  [["linear-width", "--full"], "--full belongs to"],
  [["linear-widt"], "did you mean linear-width?"],
  [["compression", "--quick"], "--quick belongs to"],
  [["compression", "--subset", "9"], "--subset belongs to"],
  [["compression", "--test", "x"], "--test expects --data beside it"],
  [["compression", "--data", "no/such"], "no/such"],
  [["compression", "now"], 'takes no further words, got "now"'],
  [["compresion"], "did you mean compression?"],
])("study %j: one message, exit code 2, nothing written", async (words, message) => {
  const folder = temporaryFolder();
  const { code, stdout, stderr } = await runCommand(["study", ...words, "--out", join(folder, "new")]);
  expect(code).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).toContain(message);
  expect(readdirSync(folder)).toEqual([]);
});

test("study compression on files: text, JSON and page; the same seed gives the same JSON, wall times apart", async () => {
  const folder = temporaryFolder();
  const { images, labels } = cornerImages(100);
  const prefix = writePair(join(folder, "corners"), images, labels, true);
  const first = await runCommand([
    "study",
    "compression",
    "--data",
    prefix,
    "--test",
    prefix,
    "--out",
    join(folder, "out"),
  ]);
  expect(first.code, first.stderr).toBe(0);
  expect(first.stdout).toContain("How much of each layer a digit classifier needs");
  expect(first.stdout).toContain("3. What the bound proves");
  expect(first.stderr).toContain("written: ");
  const again = await runCommand([
    "study",
    "compression",
    "--data",
    prefix,
    "--test",
    prefix,
    "--json",
    "-",
    "--quiet",
  ]);
  expect(again.stderr).toBe("");
  const withoutTimes = (text: string): string => JSON.stringify({ ...(JSON.parse(text) as object), wallTimes: null });
  expect(withoutTimes(again.stdout)).toBe(withoutTimes(readFileSync(join(folder, "out", "study.json"), "utf8")));
  const page = readFileSync(join(folder, "out", "study.html"), "utf8");
  expect(page).toContain("prefers-color-scheme");
  expect(page).not.toMatch(/(src|href)="https?:/);
});

test("help names both studies", async () => {
  const { stdout } = await runCommand(["study", "--help"]);
  expect(stdout).toContain("linear-width: spectra of weights and kernels under small steps");
  expect(stdout).toContain("compression: accuracy of a digit classifier against the rank kept in each layer");
});
