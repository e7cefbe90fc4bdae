import { expect, test } from "vitest";
import type { Matrix } from "../../../src/core/index.js";
import { type LinearOperator, applyTransposeOf, hasTranspose, isSymmetric } from "../../../src/operators/index.js";
import { createRng, fillNormal } from "../../../src/random/index.js";
import { poison, tolerance, within } from "../compare.js";

/** Rounding of one product, in multiples of n ε ‖A‖_F: structured products (FFT) take a few more operations per entry. */
const PRODUCT_FACTOR = 16;

/** An operator as a dense matrix, by products with unit vectors (or with its transpose), judged against another one. */
export function denseOf(
  A: LinearOperator,
  by: "apply" | "transpose",
): { readonly ok: (expected: Matrix) => boolean; readonly data: Float64Array } {
  const data = new Float64Array(A.rows * A.cols);
  const [inputs, outputs] = by === "apply" ? [A.cols, A.rows] : [A.rows, A.cols];
  for (let k = 0; k < inputs; k++) {
    const unit = new Float64Array(inputs);
    unit[k] = 1;
    const out = poison(outputs);
    if (by === "apply") A.apply(unit, out);
    else applyTransposeOf(A, unit, out);
    for (let l = 0; l < outputs; l++) data[by === "apply" ? l * A.cols + k : k * A.cols + l] = out[l];
  }
  const ok = (expected: Matrix): boolean => {
    const scale = Math.hypot(...expected.data, 0);
    return within(data, expected.data, tolerance(PRODUCT_FACTOR, A.rows + A.cols, scale)).ok;
  };
  return { ok, data };
}

/**
 * What every operator satisfies: its matrix is the expected one, it is linear, it overwrites all of `out`, it leaves
 * `x` alone, equal inputs give equal bits, its transpose is the transpose, and its symmetric mark is deserved.
 */
export function operatorLaws(name: string, create: () => LinearOperator, expected: Matrix): void {
  test(`${name} satisfies the operator laws`, () => {
    const A = create();
    expect([A.rows, A.cols]).toEqual([expected.rows, expected.cols]);
    expect(denseOf(A, "apply").ok(expected)).toBe(true);
    if (hasTranspose(A)) expect(denseOf(A, "transpose").ok(expected)).toBe(true);
    const rng = createRng(1).fork(name);
    const x = fillNormal(rng, new Float64Array(A.cols));
    const y = fillNormal(rng, new Float64Array(A.cols));
    const before = x.slice();
    const product = (v: Float64Array): Float64Array => {
      const out = poison(A.rows);
      A.apply(v, out);
      return out;
    };
    const first = product(x);
    expect(x).toEqual(before);
    const other = product(y); // interleaved calls: scratch of one product must not leak into the next
    expect(product(x)).toEqual(first);
    const combined = product(x.map((value, i) => 2 * value - 3 * y[i]));
    const scale = Math.hypot(...expected.data, 0) * (2 * Math.hypot(...x) + 3 * Math.hypot(...y));
    const linear = within(
      combined,
      first.map((value, i) => 2 * value - 3 * other[i]),
      tolerance(PRODUCT_FACTOR, A.rows + A.cols, scale),
    );
    expect(linear.ok, linear.message).toBe(true);
    if (isSymmetric(A)) expect(A.rows).toBe(A.cols);
  });
}
