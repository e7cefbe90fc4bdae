import { ArgumentError, EPSILON, requireFinite, log2 } from "../core/index.js";
import { fft, ifft } from "../fft/index.js";
import type { LinearOperator, SymmetricOperator } from "./operator.js";

/** Rounding of a transform of length n, in multiples of ε log₂ n and the norm of its input. */
const TRANSFORM_FACTOR = 4;

/**
 * Makes a circulant operator from its first column.
 *
 * Relation: (C x)_i = Σ_j c_{(i − j) mod n} x_j, so C is diagonal in the Fourier basis with eigenvalues fft(c). A symmetric
 * circulant (c_j = c_{n − j}) has the symmetric mark and its exact spectrum.
 *
 * @param column first column, length n >= 1
 * @returns an n x n operator
 * @throws {ArgumentError} when column is empty
 * @throws {NonFiniteError} when an entry is NaN or infinite
 *
 * Accuracy: 4 ε log₂ n · ‖c‖₁ ‖x‖ in norm. Cost: two FFTs of length n a product, any n.
 *
 * @example
 * ```ts
 * import { circulant } from "eigenscope/operators";
 * const secondDifference = circulant([2, -1, 0, -1]);
 * const values = secondDifference.exactSpectrum?.().values ?? [];
 * console.log(Array.from(values, (value) => value.toFixed(6)).join(" ")); // 0.000000 2.000000 2.000000 4.000000
 * ```
 */
export function circulant(column: ArrayLike<number>): LinearOperator {
  requireFinite(column, "column", "circulant");
  const n = column.length;
  if (n === 0)
    throw new ArgumentError({ function: "circulant", argument: "column", expected: "not empty", got: "length 0" });
  const c = Float64Array.from(column);
  const symbol = fft(c);
  const symmetric = c.every((value, j) => value === c[(n - j) % n]);
  // The transpose has the complex conjugate symbol.
  const multiply =
    (sign: 1 | -1) =>
    (x: Float64Array, out: Float64Array): void => {
      const { re, im } = fft(x);
      for (let k = 0; k < n; k++) {
        const real = re[k];
        const symbolIm = sign * symbol.im[k];
        re[k] = symbol.re[k] * real - symbolIm * im[k];
        im[k] = symbol.re[k] * im[k] + symbolIm * real;
      }
      out.set(ifft(re, im).re);
    };
  const apply = multiply(1);
  if (!symmetric) return { rows: n, cols: n, apply, applyTranspose: multiply(-1) };
  const size = c.reduce((sum, value) => sum + Math.abs(value), 0);
  const operator: SymmetricOperator = {
    rows: n,
    cols: n,
    symmetric: true,
    apply,
    applyTranspose: apply,
    exactSpectrum: () => ({
      kind: "exact",
      values: symbol.re.slice().sort(),
      errorBound: TRANSFORM_FACTOR * EPSILON * Math.max(1, log2(n)) * size,
    }),
  };
  return operator;
}
