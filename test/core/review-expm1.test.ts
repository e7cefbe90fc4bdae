import { expect, test } from "vitest";
import { expm1 } from "../../src/core/index.js";

/** [x, nearest double to e^x − 1, what is missing in ulps], from mpmath 1.3.0 with 60 digits. */
const ROWS: readonly (readonly [number, number, number])[] = [
  [36.91, 1.0710489679137726e16, 0.26564],
  [37.17763211270319, 1.3997177718993662e16, -0.002972],
  [37.4, 1.7482906026921228e16, 0.482929],
  [37.9, 2.88244390402365e16, -0.485643],
  [38.6, 5.804529215859412e16, -0.288854],
  [39.3, 1.1688886424028323e17, -0.271947],
  [40.1, 2.6014095145175104e17, -0.040875],
  [41.2, 7.815066077884502e17, -0.459831],
  [-1.0, -0.6321205588285577, -0.111948],
  [0.3764961368229694, 0.45716991010800984, -0.167581],
];

/** The docstring's bound. */
const BOUND = 0.9;

test("expm1 stays below 0.9 ulp where 1 is the last bit of e^x", () => {
  for (const [x, value, rest] of ROWS) {
    const unit = 2 ** (Math.floor(Math.log2(Math.abs(value))) - 52);
    expect(Math.abs((expm1(x) - value) / unit - rest), String(x)).toBeLessThan(BOUND);
  }
});
