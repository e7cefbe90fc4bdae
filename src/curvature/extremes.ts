import { EPSILON, isCancelled, type LongRunning, type Matrix, type Status } from "../core/index.js";
import { eigsh } from "../krylov/index.js";
import { eigh } from "../linalg/index.js";
import type { SymmetricOperator } from "../operators/index.js";
import type { Rng } from "../random/index.js";

/** Signs of all eigenvalues, when the whole spectrum was computed. */
export interface EigenvalueCounts {
  /** Eigenvalues below −tolerance. */
  readonly negative: number;
  /** Eigenvalues of modulus at most the tolerance. */
  readonly zero: number;
  /** Eigenvalues above the tolerance. */
  readonly positive: number;
  /** Smallest eigenvalue above the tolerance, or null. */
  readonly smallestPositive: number | null;
  /** Smallest modulus above the tolerance, or null. */
  readonly smallestModulus: number | null;
  /** What counts as zero: 1e-10 times the largest modulus. */
  readonly tolerance: number;
}

/** The ends of a spectrum and how they were found. */
export interface SpectrumEnds {
  /** "dense": all eigenvalues of the assembled matrix. "lanczos": eigsh at both ends. */
  readonly method: "dense" | "lanczos";
  /** Largest eigenvalue; NaN when the run was cancelled before its first product. */
  readonly largest: number;
  /** Smallest eigenvalue; NaN when the run was cancelled before its first product. */
  readonly smallest: number;
  /** Error bounds of the two: residual norms (Lanczos), or n ε ‖A‖ (dense); infinite where there is no eigenvalue. */
  readonly residualNorms: readonly [number, number];
  /** Counts by sign, or null when only the ends are known. */
  readonly counts: EigenvalueCounts | null;
  /** Operator applications. */
  readonly matvecs: number;
  /** How the computation ended. */
  readonly status: Status;
  /** Advice of the iteration, or null. */
  readonly advice: string | null;
}

/** Fraction of the largest modulus below which an eigenvalue counts as zero. */
export const ZERO_FRACTION = 1e-10;

/** Both ends of a spectrum: dense up to `denseLimit` parameters, by Lanczos beyond. */
export function spectrumEnds(
  A: SymmetricOperator,
  settings: { readonly rng: Rng | undefined; readonly tolerance: number; readonly denseLimit: number } & LongRunning,
): SpectrumEnds {
  if (A.rows <= settings.denseLimit) return denseEnds(A, settings);
  const { values, residualNorms, matvecs, status, advice } = eigsh(A, {
    count: 2,
    which: "both",
    tolerance: settings.tolerance,
    ...(settings.rng === undefined ? {} : { rng: settings.rng }),
    ...(settings.signal === undefined ? {} : { signal: settings.signal }),
    ...(settings.onProgress === undefined ? {} : { onProgress: settings.onProgress }),
  });
  return {
    method: "lanczos",
    smallest: values[0] ?? Number.NaN,
    largest: values[values.length - 1] ?? Number.NaN,
    residualNorms: [residualNorms[values.length - 1] ?? Infinity, residualNorms[0] ?? Infinity],
    counts: null,
    matvecs,
    status,
    advice,
  };
}

function denseEnds(A: SymmetricOperator, running: LongRunning): SpectrumEnds {
  const n = A.rows;
  const dense: Matrix = { rows: n, cols: n, data: new Float64Array(n * n) };
  const unit = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    if (isCancelled(running.signal)) {
      return {
        method: "dense",
        smallest: Number.NaN,
        largest: Number.NaN,
        residualNorms: [Infinity, Infinity],
        counts: null,
        matvecs: j,
        status: "cancelled",
        advice: null,
      };
    }
    unit[j] = 1;
    A.apply(unit, dense.data.subarray(j * n, (j + 1) * n)); // rows for columns: symmetrized below
    unit[j] = 0;
    running.onProgress?.({ phase: "dense matrix", done: j + 1, total: n });
  }
  const { values } = eigh(symmetrized(dense), { vectors: false });
  const top = Math.max(Math.abs(values[0]), Math.abs(values[n - 1]));
  const bound = n * EPSILON * top;
  return {
    method: "dense",
    smallest: values[0],
    largest: values[n - 1],
    residualNorms: [bound, bound],
    counts: countSigns(values),
    matvecs: n,
    status: "converged",
    advice: null,
  };
}

/** Counts eigenvalues by sign. */
export function countSigns(values: Float64Array): EigenvalueCounts {
  const top = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const tolerance = ZERO_FRACTION * top;
  const positive = values.filter((value) => value > tolerance);
  const moduli = values.map(Math.abs).filter((value) => value > tolerance);
  const least = (list: Float64Array): number | null =>
    list.length === 0 ? null : list.reduce((a, b) => Math.min(a, b));
  return {
    negative: values.filter((value) => value < -tolerance).length,
    zero: values.length - moduli.length,
    positive: positive.length,
    smallestPositive: least(positive),
    smallestModulus: least(moduli),
    tolerance,
  };
}

/** (A + Aᵀ)/2: products are symmetric to rounding only, and dense solvers want them exactly so. */
export function symmetrized(A: Matrix): Matrix {
  const { rows, data } = A;
  const out = new Float64Array(rows * rows);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j <= i; j++) {
      out[i * rows + j] = out[j * rows + i] = (data[i * rows + j] + data[j * rows + i]) / 2;
    }
  }
  return { rows, cols: rows, data: out };
}
