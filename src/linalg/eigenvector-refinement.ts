import { type ComplexColumns, applyReal, normalizeColumns, residualNorms } from "./complex-columns.js";
import { largestModulus } from "./input.js";
import { invisibleDifference, solveShifted } from "./quasi-triangular.js";
import { realSchur } from "./schur.js";

const STEPS = 2; // one nearly always suffices

/** Eigenvalues with unit eigenvectors as columns and their residual norms. */
export interface EigenPairs {
  /** Real parts of the eigenvalues; pairs are adjacent, the member of positive imaginary part first. */
  readonly real: Float64Array;
  /** Imaginary parts. */
  readonly imaginary: Float64Array;
  /** Eigenvectors, n x n. */
  readonly vectors: ComplexColumns;
  /** ‖A v − λ v‖₂ of each. */
  readonly residualNorms: Float64Array;
}

/**
 * Improves eigenvectors whose residual norm is above `limit` by inverse iteration, in place; the eigenvalues stay. That is for
 * vectors of a balanced matrix: back in the basis of A, their large components may be rounding where the value is right.
 * (A − λ)⁻¹ comes from a Schur form of A itself, so that a step costs O(n²).
 */
export function refineVectors(n: number, a: Float64Array, pairs: EigenPairs, limit: number): void {
  const { real, imaginary, vectors, residualNorms: norms } = pairs;
  const t = a.slice();
  const q = realSchur(n, t, true);
  if (q === null) return;
  const largest = largestModulus(t);
  for (let j = 0; j < n; j++) {
    if (!(norms[j] > limit) || imaginary[j] < 0) continue;
    const value = { real: real.subarray(j, j + 1), imaginary: imaginary.subarray(j, j + 1) };
    const smallest = invisibleDifference(largest, real[j], imaginary[j]);
    let v = { re: column(n, vectors.re, j), im: column(n, vectors.im, j) };
    for (let step = 0; step < STEPS; step++) {
      const x = applyReal(n, q, true, 1, v);
      solveShifted(n, t, real[j], imaginary[j], smallest, x.re, x.im);
      v = applyReal(n, q, false, 1, x);
      normalizeColumns(n, 1, v);
      const [norm] = residualNorms(n, a, 1, v, value.real, value.imaginary);
      if (!(norm < norms[j])) break;
      norms[j] = norm;
      for (let i = 0, at = j; i < n; i++, at += n) {
        vectors.re[at] = v.re[i];
        vectors.im[at] = v.im[i];
        if (imaginary[j] === 0) continue;
        vectors.re[at + 1] = v.re[i];
        vectors.im[at + 1] = -v.im[i];
      }
      if (imaginary[j] !== 0) norms[j + 1] = norm;
    }
  }
}

function column(n: number, columns: Float64Array, j: number): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => columns[i * n + j]);
}
