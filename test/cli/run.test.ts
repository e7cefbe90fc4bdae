import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { listClaims } from "../../src/studies/index.js";
import { cornerImages, writePair } from "./idx-bytes.js";
import { type CommandOutcome, runCommand, temporaryFolder } from "./test-host.js";

const { images, labels } = cornerImages(60);

/** A study that takes a second or two: sixty images of sixteen pixels. */
const smallStudy = (folder: string, ...words: readonly string[]): readonly string[] => [
  "study",
  "--data",
  writePair(join(folder, "corners"), images, labels, true),
  "--subset",
  "20",
  ...words,
];

const withoutTimes = (text: string): string => JSON.stringify({ ...(JSON.parse(text) as object), wallTimes: null });

let folder: string;
let first: CommandOutcome;

beforeAll(async () => {
  folder = temporaryFolder();
  first = await runCommand(
    smallStudy(folder, "--test", join(folder, "corners"), "--out", join(folder, "new", "results")),
  );
});

test("a study shows its table and writes JSON and HTML", () => {
  expect(first.code, first.stderr).toBe(0);
  expect(first.stdout).toContain("What the spectra of a small network say");
  for (let item = 1; item <= 6; item++) expect(first.stdout).toMatch(new RegExp(`^${item}\\. `, "m"));
  expect(first.stderr).toContain("written: ");
  expect(readdirSync(join(folder, "new", "results")).sort()).toEqual(["study.html", "study.json"]);
});

test("the JSON carries its provenance", () => {
  const record = JSON.parse(readFileSync(join(folder, "new", "results", "study.json"), "utf8")) as {
    provenance: { seed: number; options: Record<string, unknown>; versions: Record<string, string>; input: string };
    sections: { id: string; method: string; matvecs: number | null; data: Record<string, unknown> }[];
    wallTimes: Record<string, number>;
  };
  expect(record.provenance.seed).toBe(1);
  expect(record.provenance.options).toMatchObject({
    subset: 20,
    hidden: [128, 64],
    stepSize: 0.1,
    loss: "cross-entropy",
  });
  expect(record.provenance.versions).toEqual({ eigenscope: "0.0.0-test", node: "v0" });
  expect(record.provenance.input).toContain("60 x 4 x 4");
  expect(record.sections.map((section) => section.id)).toEqual([
    "layers",
    "training",
    "hessian",
    "kernel",
    "torus",
    "certificate",
  ]);
  for (const section of record.sections) expect(section.method).not.toBe("");
  expect(record.sections[2]!.matvecs).toBeGreaterThan(20);
  expect(record.sections[1]!.data).toMatchObject({ trainAccuracy: 1, testAccuracy: 1 });
  expect(Object.keys(record.wallTimes)).toContain("training");
});

test("the same seed gives the same JSON, wall times apart; --json alone writes no file", async () => {
  const again = await runCommand(smallStudy(folder, "--test", join(folder, "corners"), "--json", "-", "--quiet"));
  expect(again.code).toBe(0);
  expect(again.stderr).toBe("");
  expect(readdirSync(folder).filter((name) => /\.(json|html)$/.test(name))).toEqual([]);
  expect(withoutTimes(again.stdout)).toBe(
    withoutTimes(readFileSync(join(folder, "new", "results", "study.json"), "utf8")),
  );
});

test("an interrupt keeps what is done: exit code 130, status cancelled in text, JSON and page", async () => {
  const place = temporaryFolder();
  const outcome = await runCommand(smallStudy(place, "--out", place), { interruptAfter: 40 });
  expect(outcome.code).toBe(130);
  expect(outcome.stderr).toContain("stopping: what is done will be kept");
  expect(outcome.stdout).toContain("Status: cancelled; what follows is what was done.");
  const record = JSON.parse(readFileSync(join(place, "study.json"), "utf8")) as {
    status: string;
    sections: { id: string; status: string }[];
  };
  expect(record.status).toBe("cancelled");
  expect(record.sections.map((section) => section.id)).toEqual(["training"]);
  expect(readFileSync(join(place, "study.html"), "utf8")).toContain("Status: cancelled");
  expect(readdirSync(place).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

test("a file that exists is replaced whole", async () => {
  const place = temporaryFolder();
  writeFileSync(join(place, "claims.json"), "x".repeat(1_000_000));
  const id = listClaims().find((claim) => claim.kind === "exact")!.id;
  const { code } = await runCommand([
    "claims",
    "--only",
    id,
    "--json",
    join(place, "claims.json"),
    "--html",
    join(place, "claims.html"),
  ]);
  expect(code).toBe(0);
  const rows = JSON.parse(readFileSync(join(place, "claims.json"), "utf8")) as { id: string }[];
  expect(rows.map((row) => row.id)).toEqual([id]);
  expect(readFileSync(join(place, "claims.html"), "utf8")).toContain("1 of 1 rows passed.");
});

test("claims --json gives rows on standard output", async () => {
  const [a, b] = listClaims()
    .filter((claim) => claim.kind === "exact")
    .map((claim) => claim.id);
  for (const words of [["--only", a!, b!], ["--only", `${b},${a}`], [`--only=${a},${b}`]]) {
    const { code, stdout } = await runCommand(["claims", "--json", "--quiet", ...words]);
    expect(code).toBe(0);
    const rows = JSON.parse(stdout) as Record<string, unknown>[];
    expect(rows.map((row) => row["id"])).toEqual([a, b]);
    for (const row of rows) {
      for (const key of [
        "id",
        "statement",
        "correct",
        "verdict",
        "expected",
        "measured",
        "tolerance",
        "kind",
        "passed",
      ])
        expect(row).toHaveProperty(key);
    }
  }
});

test("claims as text: a table and the count", async () => {
  const id = listClaims().find((claim) => claim.kind === "exact")!.id;
  const { stdout } = await runCommand(["claims", "--only", id]);
  expect(stdout).toContain(`${id} `);
  expect(stdout).toContain("1 of 1 rows passed");
});

test("help and version", async () => {
  for (const words of [["--help"], ["-h"], ["help"]]) {
    const { code, stdout } = await runCommand(words);
    expect(code).toBe(0);
    expect(stdout).toContain("usage: eigenscope COMMAND");
    expect(stdout).toContain("exit code: 0 when all is well, 1 when a check fails, 2 for bad usage or input");
  }
  expect((await runCommand(["study", "--help"])).stdout).toContain("--data PREFIX");
  expect((await runCommand(["help", "claims"])).stdout).toContain("--only ID…");
  expect((await runCommand(["claims", "--nonsense", "-h"])).code).toBe(0);
  expect((await runCommand(["--version"])).stdout).toBe("0.0.0-test\n");
});
