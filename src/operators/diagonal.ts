import { requireFinite } from "../core/index.js";
import type { SymmetricOperator } from "./operator.js";

/**
 * Makes a diagonal operator.
 *
 * Relation: (diagonal(d) x)_i = d_i x_i; its eigenvalues are the d_i, exactly.
 *
 * @param entries finite numbers, copied
 * @returns a symmetric operator of order entries.length, with its exact spectrum
 * @throws {NonFiniteError} when an entry is NaN or infinite
 *
 * Accuracy: each product entry is correctly rounded. Cost: n multiplications.
 *
 * @example
 * ```ts
 * import { diagonal } from "eigenscope/operators";
 * console.log(diagonal([3, -1]).exactSpectrum?.().values.join(" ")); // -1 3
 * ```
 */
export function diagonal(entries: ArrayLike<number>): SymmetricOperator {
  requireFinite(entries, "entries", "diagonal");
  const d = Float64Array.from(entries);
  const n = d.length;
  const apply = (x: Float64Array, out: Float64Array): void => {
    for (let i = 0; i < n; i++) out[i] = d[i] * x[i];
  };
  return {
    rows: n,
    cols: n,
    symmetric: true,
    apply,
    applyTranspose: apply,
    exactSpectrum: () => ({ kind: "exact", values: d.slice().sort(), errorBound: 0 }),
  };
}
