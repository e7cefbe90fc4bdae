import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cornerImages, writePair } from "./idx-bytes.js";
import { runCommand, temporaryFolder } from "./test-host.js";

const { images, labels } = cornerImages(60);

/** A study that takes a second or two: sixty images of sixteen pixels. */
function words(folder: string, ...more: readonly string[]): readonly string[] {
  const prefix = writePair(join(folder, "corners"), images, labels, true);
  return ["study", "curvature", "--quick", "--data", prefix, "--subset", "20", ...more];
}

interface Json {
  status: string;
  provenance: { program: string; options: Record<string, unknown>; input: string };
  sections: { id: string; data: Record<string, unknown> }[];
  wallTimes: Record<string, number>;
}

const withoutTimes = (text: string): string => JSON.stringify({ ...(JSON.parse(text) as Json), wallTimes: null });

test("study curvature shows its verdicts, writes page and JSON, and is the same for the same seed", async () => {
  const folder = temporaryFolder();
  const first = await runCommand(words(folder, "--test", join(folder, "corners"), "--out", join(folder, "results")));
  expect(first.code, first.stderr).toBe(0);
  expect(first.stdout).toContain("Where is the curvature, and what does it do to training?");
  for (let item = 1; item <= 5; item++) expect(first.stdout).toMatch(new RegExp(`^${item}\\. `, "m"));
  expect(readdirSync(join(folder, "results")).sort()).toEqual(["study.html", "study.json"]);
  const text = readFileSync(join(folder, "results", "study.json"), "utf8");
  const record = JSON.parse(text) as Json;
  expect(record.provenance.program).toBe("study curvature");
  expect(record.provenance.options).toMatchObject({ quick: true, subset: 20, samples: 60, hidden: [64, 48] });
  expect(record.provenance.input).toContain("60 x 4 x 4");
  expect(record.sections.map((section) => section.id)).toEqual([
    "verdicts",
    "training",
    "profile",
    "spectra",
    "outliers",
    "edge",
  ]);
  expect(record.sections[0].data["verdicts"]).toHaveLength(10);
  expect(Object.keys(record.wallTimes)).toContain("edge of stability");
  const again = await runCommand(words(folder, "--test", join(folder, "corners"), "--json", "-", "--quiet"));
  expect([again.code, again.stderr]).toEqual([0, ""]);
  expect(withoutTimes(again.stdout)).toBe(withoutTimes(text));
});

test("an interrupt keeps what is done: exit code 130 and status cancelled", async () => {
  const folder = temporaryFolder();
  const { code, stdout, stderr } = await runCommand(words(folder, "--out", folder), { interruptAfter: 12 });
  expect(code).toBe(130);
  expect(stderr).toContain("stopping: what is done will be kept");
  expect(stdout).toContain("Status: cancelled");
  const record = JSON.parse(readFileSync(join(folder, "study.json"), "utf8")) as Json;
  expect([record.status, record.sections.some((section) => section.id === "edge")]).toEqual(["cancelled", false]);
});

test.each([
  [["study", "curvature", "--full"], '--full belongs to "eigenscope study sensing", got it with the study curvature'],
  [["study", "--quick"], '--quick belongs to "eigenscope study curvature"'],
  [
    ["study", "sensing", "--test", "x"],
    '--test belongs to "eigenscope study spectral" and "eigenscope study curvature"',
  ],
  [["study", "curvature", "--test", "x"], "--test expects --data beside it"],
  [["study", "curvature", "again"], '"eigenscope study curvature" takes no further words, got "again"'],
  [["study", "curvatur"], '"curvatur" is not a study (did you mean curvature?)'],
])("%j: one message, exit code 2, nothing on standard output", async (line, says) => {
  const { code, stdout, stderr } = await runCommand(line);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toContain(says);
});
