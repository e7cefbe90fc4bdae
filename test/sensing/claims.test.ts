import { expect, test } from "vitest";
import { createRng } from "../../src/random/index.js";
import { judge, satisfies } from "../../src/studies/claims/claim.js";
import { sensingClaims } from "../../src/studies/claims/sensing-claims.js";

test("claims S01 to S40 are complete and in order", () => {
  expect(sensingClaims.map(({ id }) => id)).toEqual(
    Array.from({ length: 40 }, (_, i) => `S${String(i + 1).padStart(2, "0")}`),
  );
  for (const { verdict, reason } of sensingClaims) expect(verdict === "not testable").toBe(reason !== undefined);
});

test.each(sensingClaims.map((definition) => [definition.id, definition] as const))(
  "%s holds, and where the source is wrong its number is refuted",
  (id, definition) => {
    const row = judge(definition, { rng: createRng(7).fork(id) });
    const failed = row.comparisons
      .filter((c) => !satisfies(c, c.measured))
      .map((c) => `${c.name}: ${c.measured}, expected ${JSON.stringify(c.expected)} within ${c.tolerance}`);
    expect(failed).toEqual([]);
    const unrefuted = row.comparisons
      .filter((c) => c.source !== undefined && satisfies(c, c.source))
      .map((c) => `${c.name}: source ${c.source}`);
    expect(unrefuted).toEqual([]);
    if (definition.verdict === "false")
      expect(row.sourceRefuted, "a false statement carries the source's number").toBe(true);
    expect(row.passed).toBe(true);
  },
);
