import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runCommand, temporaryFolder } from "./test-host.js";

interface Written {
  readonly status: string;
  readonly provenance: { readonly program: string; readonly seed: number; readonly options: Record<string, unknown> };
  readonly sections: readonly { readonly id: string; readonly method: string; readonly data: object }[];
  readonly wallTimes: Record<string, number>;
}

const withoutTimes = (text: string): string => JSON.stringify({ ...(JSON.parse(text) as object), wallTimes: null });

test(
  "study sobolev --quick: text, JSON and page; the same seed gives the same JSON",
  { timeout: 180_000 },
  async () => {
    const folder = temporaryFolder();
    const first = await runCommand(["study", "sobolev", "--quick", "--out", folder]);
    expect(first.code, first.stderr).toBe(0);
    for (let item = 1; item <= 7; item++) expect(first.stdout).toMatch(new RegExp(`^${item}\\. `, "m"));
    expect(first.stdout.match(/^Verdict: all /gm)).toHaveLength(7);
    expect(first.stderr).toContain("written: ");
    expect(readdirSync(folder).sort()).toEqual(["study.html", "study.json"]);
    const text = readFileSync(join(folder, "study.json"), "utf8");
    const record = JSON.parse(text) as Written;
    expect(record.status).toBe("complete");
    expect(record.provenance).toMatchObject({
      program: "study sobolev",
      seed: 1,
      options: { quick: true, bandwidth: 20 },
    });
    expect(record.sections).toHaveLength(7);
    expect(Object.keys(record.wallTimes)).toContain("training");
    expect(text).not.toMatch(/NaN|null,\s*null/);
    const page = readFileSync(join(folder, "study.html"), "utf8");
    expect(page).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/);
    const again = await runCommand(["study", "sobolev", "--quick", "--json", "-", "--quiet"]);
    expect(again.stderr).toBe("");
    expect(withoutTimes(again.stdout)).toBe(withoutTimes(text));
  },
);

test("an interrupt keeps what is done: exit code 130, status cancelled", { timeout: 60_000 }, async () => {
  const folder = temporaryFolder();
  const outcome = await runCommand(["study", "sobolev", "--quick", "--out", folder], { interruptAfter: 5 });
  expect(outcome.code).toBe(130);
  expect(outcome.stdout).toContain("Status: cancelled");
  const record = JSON.parse(readFileSync(join(folder, "study.json"), "utf8")) as Written;
  expect(record.status).toBe("cancelled");
  expect(record.sections.map(({ id }) => id)).toEqual(["spectra"]);
});

test.each([
  [["--data", "x"], '--data belongs to "eigenscope study spectral"'],
  [["--subset", "50"], "--subset belongs to"],
  [["--full"], "--full belongs to"],
  [["--seed", "-1"], "--seed expects"],
  [["twice"], 'takes no further words, got "twice"'],
  [["--quick=yes"], "--quick takes no value"],
])("study sobolev %j: one message, exit code 2, nothing written", async (words, message) => {
  const folder = temporaryFolder();
  const { code, stdout, stderr } = await runCommand(["study", "sobolev", "--out", join(folder, "new"), ...words]);
  expect(code).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).toContain(message);
  expect(stderr.split("\n").filter((line) => line !== "")).toHaveLength(1);
  expect(readdirSync(folder)).toEqual([]);
});

test("help names the study", async () => {
  const { stdout } = await runCommand(["study", "--help"]);
  expect(stdout).toContain("sobolev: kernels with Sobolev losses on sphere, torus and Gaussian space");
});
