import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { ArgumentError, OptionError } from "../../src/core/index.js";
import { createRng } from "../../src/random/index.js";
import {
  type ClaimDefinition,
  claimsReport,
  judge,
  listClaims,
  runClaims,
  runDefinitions,
} from "../../src/studies/index.js";
import { htmlReport } from "../../src/report/index.js";
import { ledger } from "../../src/studies/claims/ledger.js";

const claim = (id: string, measured: number, extra: Partial<ClaimDefinition> = {}): ClaimDefinition => ({
  id,
  statement: "s",
  correct: "c",
  verdict: "true",
  kind: "exact",
  check: () => [{ name: "n", measured, expected: 1, tolerance: 0.5 }],
  ...extra,
});

test("the ledger holds every group of the folder, and every id once", async () => {
  const folder = new URL("../../src/studies/claims/", import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith("-claims.ts") && name !== "run-claims.ts");
  const groups = await Promise.all(
    files.map((name) => import(new URL(name, folder).href) as Promise<Record<string, readonly ClaimDefinition[]>>),
  );
  const ids = groups.flatMap((group) =>
    Object.values(group)
      .filter(Array.isArray)
      .flatMap((list) => (list as readonly ClaimDefinition[]).map((entry) => entry.id)),
  );
  expect(ledger.map((entry) => entry.id).sort()).toEqual(ids.sort());
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBeGreaterThanOrEqual(10);
  for (const id of ids) expect(id).toMatch(/^[A-Z][0-9]{2}[a-z]?$/);
  expect(listClaims().map((entry) => entry.id)).toEqual(ledger.map((entry) => entry.id));
});

test("every exact row passes; where the source gives a wrong number, that number is refuted", () => {
  const rows = runClaims({ kind: "exact" });
  expect(rows.length).toBeGreaterThanOrEqual(10);
  for (const row of rows) {
    expect(row.passed, `${row.id}: ${row.reason ?? JSON.stringify(row.comparisons)}`).toBe(true);
    if (row.verdict === "false" && row.comparisons.some((part) => part.source !== undefined))
      expect(row.sourceRefuted).toBe(true);
  }
});

test("substituting the source's number makes a row fail", () => {
  const definition = ledger.find(
    (entry) =>
      entry.kind === "exact" &&
      entry.check({ rng: createRng(1).fork(entry.id) }).some((part) => part.source !== undefined),
  )!;
  const swapped: ClaimDefinition = {
    ...definition,
    check: (context) =>
      definition.check(context).map((part) => (part.source === undefined ? part : { ...part, measured: part.source })),
  };
  expect(runDefinitions([definition])[0]!.passed).toBe(true);
  expect(runDefinitions([swapped])[0]!.passed).toBe(false);
});

test("the selection changes no row", () => {
  const random = (id: string): ClaimDefinition =>
    claim(id, 0, {
      kind: "statistical",
      check: ({ rng }) => [
        { name: "draw", measured: rng.uniform(), expected: { minimum: 0, maximum: 1 }, tolerance: 0 },
      ],
    });
  const all = runDefinitions(["A01", "A02", "A03"].map(random), { rng: createRng(5) });
  const one = runDefinitions(["A01", "A02", "A03"].map(random), { rng: createRng(5), only: ["A03"] });
  expect(one[0]).toEqual(all[2]);
  expect(all[0]!.measured).not.toEqual(all[1]!.measured);
});

test("rows are judged: within tolerance, at infinity, by source, without a number", () => {
  const context = { rng: createRng(1) };
  expect(judge(claim("A01", 1.4), context).passed).toBe(true);
  expect(judge(claim("A01", 1.6), context).passed).toBe(false);
  expect(judge(claim("A01", Number.NaN), context).passed).toBe(false);
  const withSource = (source: number): ClaimDefinition =>
    claim("A01", 1, {
      verdict: "false",
      check: () => [{ name: "n", measured: 1, expected: 1, tolerance: 0.5, source }],
    });
  expect(judge(withSource(9), context)).toMatchObject({ passed: true, sourceRefuted: true });
  expect(judge(withSource(1.2), context)).toMatchObject({ passed: false, sourceRefuted: false });
  expect(
    judge(claim("A01", 0, { verdict: "not testable", reason: "no number", check: () => [] }), context),
  ).toMatchObject({ passed: true, expected: null, reason: "no number" });
  expect(judge(claim("A01", 0, { check: () => [] }), context).passed).toBe(false);
});

test("a check that throws is a failed row, not the end of the run", () => {
  const broken = claim("A01", 0, {
    check: () => {
      throw new Error("boom");
    },
  });
  const rows = runDefinitions([broken, claim("A02", 1)]);
  expect(rows[0]).toMatchObject({ passed: false, reason: "the check threw: boom" });
  expect(rows[1]!.passed).toBe(true);
});

test("a cancelled run returns the rows done", () => {
  let calls = 0;
  const signal = {
    get aborted() {
      return ++calls > 2;
    },
  };
  expect(runDefinitions([claim("A01", 1), claim("A02", 1), claim("A03", 1)], { signal })).toHaveLength(2);
});

test("wrong selections are refused", () => {
  expect(() => runClaims({ only: ["Q99"] })).toThrow(OptionError);
  expect(() => runClaims({ only: [] })).toThrow(
    "runClaims: only must be a list of at least one id, got an array of length 0",
  );
  expect(() => runClaims({ kind: "vague" as "exact" })).toThrow(
    'kind must be one of "exact", "iterative", "statistical", got "vague"',
  );
  expect(() => runDefinitions([claim("A01", 1)], { kind: "statistical" })).toThrow(ArgumentError);
  expect(() => runClaims({ seed: 1 } as object)).toThrow('runClaims: option "seed" must be one of only, kind, rng');
});

test("a report on claims says what failed, and why", () => {
  const rows = runDefinitions([
    claim("A01", 1),
    claim("A02", 7, { check: () => [{ name: "at most", measured: 7, expected: { maximum: 2 }, tolerance: 0 }] }),
  ]);
  const provenance = { program: "claims", seed: 1, options: {}, versions: {}, input: "generated" };
  const report = claimsReport({ rows, provenance, cancelled: false, wallTimes: {} });
  expect(report.status).toBe("failed");
  expect(report.summary).toEqual(["1 of 2 rows passed; failed: A02."]);
  expect(htmlReport(report)).toContain("at most 2");
});
