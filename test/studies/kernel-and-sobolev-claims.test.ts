import { expect, test } from "vitest";
import { createRng } from "../../src/random/index.js";
import { judge } from "../../src/studies/claims/claim.js";
import { kernelClaims } from "../../src/studies/claims/kernel-claims.js";
import { sobolevClaims } from "../../src/studies/claims/sobolev-claims.js";
import { CLAIMS_SEED, runClaims } from "../../src/studies/index.js";

const ids = [
  ...Array.from({ length: 36 }, (_, i) => `N${String(i + 1).padStart(2, "0")}`),
  ...["N09b", "N45", "N46", "N47", "N48", "N50", "N51"],
];

test("all claims on kernels and domains are computed and pass, statistical ones too; every source value, put in alone, fails its row", () => {
  const definitions = [...kernelClaims, ...sobolevClaims];
  expect(definitions.map(({ id }) => id).sort()).toEqual(ids.slice().sort());
  const rows = runClaims({ only: ids });
  expect(rows.map(({ id }) => id).sort()).toEqual(ids.slice().sort());
  for (const row of rows) {
    const about = `${row.id}: ${row.reason ?? JSON.stringify(row.comparisons)}`;
    expect(row.passed, about).toBe(true);
    expect(row.comparisons.length, about).toBeGreaterThan(0);
    expect(row.statement.length * row.correct.length, about).toBeGreaterThan(0);
    for (const { name, measured } of row.comparisons)
      expect(Number.isFinite(measured), `${row.id}: ${name}`).toBe(true);
    const wrong = row.comparisons.filter(({ source }) => source !== undefined);
    if (row.verdict === "false") expect(wrong.length, `${row.id} refutes a number`).toBeGreaterThan(0);
    const definition = definitions.find(({ id }) => id === row.id)!;
    for (const part of wrong) {
      const swapped = row.comparisons.map((other) => (other === part ? { ...other, measured: part.source! } : other));
      const context = { rng: createRng(CLAIMS_SEED).fork(row.id) };
      expect(judge({ ...definition, check: () => swapped }, context).passed, `${row.id}: ${part.name}`).toBe(false);
    }
  }
});
