import {
  type Convergence,
  isCancelled,
  log2,
  type LongRunning,
  type Matrix,
  pow,
  requireFinite,
  requireInteger,
  requireNumber,
  requireOptions,
  requirePositive,
  requireVector,
} from "../core/index.js";
import { svd } from "../linalg/index.js";
import { type DualCertificate, dualCertificate } from "./certificate.js";
import { requireMeasurements } from "./measure.js";
import type { Measurements } from "./measurement-operator.js";
import { gramSolver } from "./minimum-frobenius.js";
import { dot, multiplyTransposedInto, norm2 } from "./small-products.js";
import { thinSvd } from "./thin-svd.js";

/** Options of {@link nuclearNormMinimization}. */
export interface NuclearNormOptions extends LongRunning {
  /** Stop when ‖Y − X‖_F <= tolerance · ‖X‖_F, whatever the units of the data; default 1e-13. */
  readonly tolerance?: number;
  /** Budget of iterations, default 20000. */
  readonly maximumIterations?: number;
  /** Threshold τ of the proximal step; default 0.2 ‖X₀‖₂ with X₀ the least-Frobenius solution. */
  readonly threshold?: number;
  /** Eigenvalues of A A* up to this times the largest count as zero; default 1e-12. */
  readonly rankTolerance?: number;
}

/** Solution of the nuclear-norm program with its proof. */
export interface NuclearNormSolution {
  /** A minimiser (the only one if `certificate.unique`), feasible to rounding. */
  readonly X: Matrix;
  /** ‖X‖_*. */
  readonly nuclearNorm: number;
  /** Dual point ν with ‖A*(ν)‖₂ <= 1. */
  readonly dual: Float64Array;
  /** yᵀν, a lower bound on the optimum. */
  readonly dualValue: number;
  /** ‖X‖_* − yᵀν: a rigorous bound on how far ‖X‖_* is from the optimum, up to the infeasibility of X. */
  readonly gap: number;
  /** ‖A(X) − y‖₂. */
  readonly infeasibility: number;
  /** Rank, optimality on the tangent space, uniqueness. */
  readonly certificate: DualCertificate;
  /** Threshold τ in use. */
  readonly threshold: number;
  /** residualNorms is ‖Y − X‖_F; matvecs counts singular value decompositions. */
  readonly convergence: Convergence;
}

const CALLER = "nuclearNormMinimization";

/**
 * Minimises the nuclear norm among the matrices that fit the measurements, by Douglas–Rachford splitting.
 *
 * Relation: min ‖X‖_* subject to A(X) = y, with the dual max yᵀν subject to ‖A*(ν)‖₂ <= 1; strong duality holds, and
 * ‖X‖_* − yᵀν >= 0 bounds the distance to the optimum. X is a projection onto the data, hence feasible to rounding.
 * Plain singular value thresholding solves a regularised problem instead and is biased: do not use it as a reference.
 *
 * @param measurements family of measurements, dependent ones allowed
 * @param y data; inconsistent data are replaced by their projection onto the range of A, which the result says
 * @param options tolerance, budget, threshold
 * @returns minimiser, dual certificate, gap, uniqueness, status
 * @throws {ShapeError} when y has another length
 * @throws {ArgumentError} for options out of range
 *
 * Accuracy: the gap says it; usually 1e-13. Cost: per iteration one singular value decomposition, two applications of
 * the measurements and 4 m² flops; typically 150–700 iterations, more where the certificate is degenerate.
 * Stopping: ‖Y − X‖_F <= tolerance · ‖X‖_F.
 * @see [lions1979]
 * @see [recht2010]
 * @example
 * ```ts
 * import { entryMeasurements, nuclearNormMinimization } from "eigenscope/sensing";
 * // Complete [[1, 2], [2, x]]: rank one needs x = 4, the nuclear norm prefers x = 1.
 * const A = entryMeasurements(2, 2, [[0, 0], [0, 1], [1, 0]]);
 * const { X, nuclearNorm, gap } = nuclearNormMinimization(A, Float64Array.of(1, 2, 2));
 * console.log(X.data[3], nuclearNorm, Math.abs(gap) < 1e-9); // 1.000000000 4.000000000 true
 * ```
 */
export function nuclearNormMinimization(
  measurements: Measurements,
  y: Float64Array,
  options: NuclearNormOptions = {},
): NuclearNormSolution {
  requireMeasurements(measurements, "measurements", CALLER);
  requireVector(y, measurements.rows, "y", CALLER);
  requireFinite(y, "y", CALLER);
  requireOptions(
    options,
    ["tolerance", "maximumIterations", "threshold", "rankTolerance", "signal", "onProgress"],
    CALLER,
  );
  const tolerance = requireNumber(options.tolerance ?? 1e-13, "tolerance", CALLER, 0);
  const budget = requireInteger(options.maximumIterations ?? 20_000, "maximumIterations", CALLER, 1);
  const { rows, cols } = measurements.shape;
  const size = rows * cols;
  const solver = gramSolver(measurements, requireNumber(options.rankTolerance ?? 1e-12, "rankTolerance", CALLER, 0, 1));

  // The projection of y onto the range of A: inconsistent data would make the program empty.
  const Z = new Float64Array(size);
  const image = new Float64Array(measurements.rows);
  // The program is homogeneous: powers of two bring data and X near one, which costs no digit, so that neither the
  // stopping rule nor the squares inside it depend on units.
  const first = powerOfTwo(y);
  measurements.applyTranspose(solver.solve(y.map((value) => value / first)), Z);
  const second = powerOfTwo(Z);
  for (let i = 0; i < size; i++) Z[i] /= second;
  const data = y.map((value) => value / first / second);
  const unit = first * second;
  measurements.apply(Z, image);
  const misfit = norm2(image.map((value, i) => value - data[i]));
  const consistent = misfit <= 1e-9 * norm2(data);
  const target = consistent ? data : image.slice();

  const top = thinSvd({ rows, cols, data: Z }, "fast").singularValues[0] ?? 0;
  const threshold =
    options.threshold === undefined ? 0.2 * top || 1 : requirePositive(options.threshold, "threshold", CALLER) / unit;
  const X = new Float64Array(size);
  const shifted = new Float64Array(size);
  const Y = new Float64Array(size);
  let lambda: Float64Array = new Float64Array(measurements.rows);
  let distance = Infinity;
  let iterations = 0;
  let status: Convergence["status"] = "max-iterations";
  for (; iterations < budget; iterations++) {
    if (isCancelled(options.signal)) {
      status = "cancelled";
      break;
    }
    measurements.apply(Z, image);
    lambda = solver.solve(image.map((value, i) => target[i] - value));
    measurements.applyTranspose(lambda, X); // X = Z + A*λ, the projection onto the data
    for (let i = 0; i < size; i++) {
      X[i] += Z[i];
      shifted[i] = 2 * X[i] - Z[i];
    }
    shrink({ rows, cols, data: shifted }, threshold, Y);
    let change = 0;
    let energy = 0;
    for (let i = 0; i < size; i++) {
      const step = Y[i] - X[i];
      Z[i] += step;
      change += step * step;
      energy += X[i] * X[i];
    }
    distance = Math.sqrt(change);
    if (iterations % 100 === 99) {
      options.onProgress?.({ phase: "nuclear norm", done: iterations + 1, total: null, figures: { distance } });
    }
    if (distance <= tolerance * Math.sqrt(energy)) {
      status = "converged";
      iterations++;
      break;
    }
  }

  // At the fixed point A*λ = (prox of the nuclear norm's) subgradient times τ; scaling restores dual feasibility exactly.
  const certificateMatrix = new Float64Array(size);
  let dual = lambda.map((value) => value / threshold);
  measurements.applyTranspose(dual, certificateMatrix);
  const excess = svd({ rows, cols, data: certificateMatrix }, { vectors: "none" }).singularValues[0] ?? 0;
  if (excess > 1) dual = dual.map((value) => value / excess);
  measurements.applyTranspose(dual, certificateMatrix);
  const values = thinSvd({ rows, cols, data: X }).singularValues;
  const nuclearNorm = unit * values.reduce((sum, s) => sum + s, 0);
  const dualValue = unit * dot(target, dual);
  measurements.apply(X, image);
  const infeasibility = unit * norm2(image.map((value, i) => value - data[i]));
  const gap = nuclearNorm - dualValue;
  for (let i = 0; i < size; i++) X[i] *= unit;
  return {
    X: { rows, cols, data: X },
    nuclearNorm,
    dual,
    dualValue,
    gap,
    infeasibility,
    certificate: dualCertificate(
      measurements,
      { rows, cols, data: X },
      {
        rows,
        cols,
        data: certificateMatrix,
      },
    ),
    threshold: threshold * unit,
    convergence: {
      status,
      iterations,
      matvecs: iterations,
      tolerance,
      residualNorms: Float64Array.of(distance * unit),
      advice: advise(status, gap, consistent ? 0 : misfit * unit, [solver.rank, Math.min(y.length, size)]),
    },
  };
}

/** out <- the matrix with singular values max(s − τ, 0): proximal map of τ ‖·‖_*. */
function shrink(W: Matrix, threshold: number, out: Float64Array): void {
  const { u, singularValues, v } = thinSvd(W, "fast");
  const d = singularValues.length;
  let kept = 0;
  while (kept < d && singularValues[kept] > threshold) kept++;
  const left = new Float64Array(W.rows * kept);
  const right = new Float64Array(W.cols * kept);
  for (let i = 0; i < W.rows; i++) {
    for (let j = 0; j < kept; j++) left[i * kept + j] = u.data[i * d + j] * (singularValues[j] - threshold);
  }
  for (let i = 0; i < W.cols; i++) for (let j = 0; j < kept; j++) right[i * kept + j] = v.data[i * d + j];
  multiplyTransposedInto(out, left, right, W.rows, kept, W.cols);
}

/** A power of two within a factor of two of the largest entry; 1 for zero. */
function powerOfTwo(values: Float64Array): number {
  const largest = values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  return largest > 0 ? pow(2, Math.floor(log2(largest))) : 1;
}

function advise(
  status: Convergence["status"],
  gap: number,
  misfit: number,
  [rank, full]: readonly [number, number],
): string | null {
  const parts: string[] = [];
  if (rank < full) {
    parts.push(`the measurements have rank ${rank}, not ${full}: dependent ones were resolved by the pseudo-inverse`);
  }
  if (misfit > 0) {
    parts.push(
      `the data are inconsistent by ${misfit.toExponential(2)}: the program was solved for their projection onto the range of A`,
    );
  }
  if (status === "max-iterations") {
    parts.push(
      `not converged, but the gap bounds the error of the nuclear norm by ${gap.toExponential(2)}: raise maximumIterations or try another threshold`,
    );
  }
  if (status === "cancelled") parts.push("cancelled: X is feasible and the gap bounds its distance from the optimum");
  return parts.length === 0 ? null : parts.join("; ");
}
