import {
  ArgumentError,
  type Convergence,
  type LongRunning,
  type Matrix,
  NonFiniteError,
  ShapeError,
  type Status,
  axpy,
  dot,
  isCancelled,
  norm,
  requireFinite,
  requireInteger,
  requireMatrix,
  requireNumber,
  requireOneOf,
  requireOptions,
} from "../core/index.js";
import { eigh } from "../linalg/index.js";
import { type SymmetricOperator, requireSymmetricOperator } from "../operators/index.js";
import { type Rng } from "../random/index.js";
import { type Basis, appendRow, basisRow, createBasis, orthogonalize } from "./basis.js";
import { type EigenvalueIntervals, certify } from "./certify.js";
import { drive } from "./products.js";
import { randomUnit } from "./start.js";
import { rotateRows, roundoff } from "./thick-restart.js";

/** Options of {@link lobpcg}. */
export interface LobpcgOptions extends LongRunning {
  /** Number of eigenpairs, 1 … n. */
  readonly count: number;
  /** "smallest" (default) or "largest". */
  readonly which?: "smallest" | "largest";
  /** Vectors iterated together; count + min(count, 3), at most n, by default. Guards beyond count speed up the last pairs. */
  readonly blockSize?: number;
  /** out ← M⁻¹ r with M symmetric positive definite and close to A − λ. */
  readonly preconditioner?: (r: Float64Array, out: Float64Array) => void;
  /** First approximations as columns; random from `rng` (also where there are too few). */
  readonly guess?: Matrix;
  /** Stream for random directions: needed without a full guess, and whenever directions turn out to be dependent. */
  readonly rng: Rng;
  /** Residual asked for, relative to ‖A‖₂ (largest |Ritz value|); 1e-8 by default. */
  readonly tolerance?: number;
  /** Iterations after which the run ends; 500 by default. */
  readonly maximumIterations?: number;
}

/** Eigenpairs by LOBPCG. */
export interface LobpcgResult extends Convergence {
  /** Eigenvalues: ascending, descending for "largest". */
  readonly values: Float64Array;
  /** Unit eigenvectors as columns, the entry of largest modulus positive. */
  readonly vectors: Matrix;
  /** ‖A v − λ v‖₂ of each pair, recomputed from A. */
  readonly residualNorms: Float64Array;
  /** For each value an interval that contains an eigenvalue. */
  readonly intervals: EigenvalueIntervals;
  /** Indices of values that are too close to be told apart. */
  readonly clusters: readonly (readonly number[])[];
  /** max |VᵀV − I|. */
  readonly orthogonalityLoss: number;
  /** Largest |Ritz value| seen, the unit of `tolerance`. */
  readonly norm: number;
  /** Vectors iterated together. */
  readonly blockSize: number;
}

/** A direction whose norm falls below this share in orthogonalisation adds nothing but rounding errors. */
const DEPENDENT = 1e-10;

/** Below this share the product of a direction is computed anew: combining known ones would lose as many digits. */
const CANCELLED = 1e-3;

/**
 * Computes eigenpairs at one end of the spectrum by locally optimal block preconditioned conjugate gradients.
 *
 * Relation: as eigsh: ‖A v − λ v‖₂ = residualNorms, VᵀV = I, intervals that contain eigenvalues.
 * The method of choice with a good preconditioner or good guesses; its block finds multiple eigenvalues up to blockSize.
 * Without a preconditioner eigsh needs fewer products.
 *
 * @param A symmetric operator (or symmetric Matrix) of order n >= 1
 * @param options.count number of eigenpairs
 * @param options.preconditioner symmetric positive definite approximate inverse
 * @param options.rng random first block
 * @returns values (ascending; descending for "largest"), vectors, residuals, intervals, clusters, status
 * @throws {ArgumentError} when A lacks the symmetric mark or count is out of range
 * @throws {ShapeError} when guess has not n rows
 * @throws {NonFiniteError} when a product or the preconditioner is not finite
 *
 * Accuracy: residuals to max(tolerance, 10 √n ε) · ‖A‖. Cost: one matvec for each unconverged vector an iteration (soft
 * locking); 6 n blockSize vectors. The trial space [X, R, P] is orthonormalised with dependent directions dropped, so
 * Rayleigh–Ritz is an ordinary eigenproblem that cannot break down.
 * Stopping: all wanted residuals below target, or maximumIterations, or the signal.
 * @see [knyazev2001]
 *
 * @example
 * ```ts
 * import { toeplitz } from "eigenscope/operators";
 * import { createRng } from "eigenscope/random";
 * import { lobpcg } from "eigenscope/krylov";
 * const A = toeplitz([2, -1, 0, 0, 0, 0, 0, 0, 0, 0]);
 * const { values, status } = lobpcg(A, { count: 2, rng: createRng(1) });
 * console.log(status, values[0].toFixed(8)); // converged 0.08101405
 * ```
 */
export function lobpcg(A: SymmetricOperator | Matrix, options: LobpcgOptions): LobpcgResult {
  const caller = "lobpcg";
  const operator = requireSymmetricOperator(A, "A", caller);
  requireOptions(
    options,
    [
      "count",
      "which",
      "blockSize",
      "preconditioner",
      "guess",
      "rng",
      "tolerance",
      "maximumIterations",
      "signal",
      "onProgress",
    ],
    caller,
  );
  const n = operator.rows;
  if (n === 0) throw new ShapeError({ function: caller, argument: "A", expected: "of order >= 1", got: "0 x 0" });
  const count = requireInteger(options?.count, "count", caller, 1, n);
  const which = requireOneOf(options.which ?? "smallest", ["smallest", "largest"], "which", caller);
  const blockSize = requireInteger(
    options.blockSize ?? Math.min(n, count + Math.min(count, 3)),
    "blockSize",
    caller,
    count,
    n,
  );
  const tolerance = requireNumber(options.tolerance ?? 1e-8, "tolerance", caller, 0, 1);
  const maximum = requireInteger(options.maximumIterations ?? 500, "maximumIterations", caller, 1);
  const { rng, preconditioner, signal, onProgress } = options;
  if (typeof rng?.normal !== "function") {
    throw new ArgumentError({ function: caller, argument: "rng", expected: "a stream of random numbers", got: "none" });
  }
  const sign = which === "smallest" ? 1 : -1; // the largest eigenvalues are the smallest of −A
  let matvecs = 0;
  const multiply = (x: Float64Array, out: Float64Array): void => {
    operator.apply(x, out);
    matvecs++;
    requireFiniteVector(out, matvecs);
    if (sign < 0) for (let i = 0; i < n; i++) out[i] = -out[i];
  };
  const trial = createBasis(n, 3 * blockSize); // X, then R, then P: orthonormal rows
  const images = createBasis(n, 3 * blockSize); // their products with ± A
  fillFirstBlock(trial, n, blockSize, options.guess, rng);
  for (let i = 0; i < blockSize; i++) multiplyRow(trial, images, i, multiply);
  let status: Status = "max-iterations";
  let scale = 0;
  let residualNorms = new Float64Array(blockSize);
  let values: Float64Array;
  let iterations = 0;
  for (;;) {
    const { mixed, ritzValues, top } = rayleighRitz(trial, images, blockSize);
    scale = Math.max(scale, top);
    values = ritzValues.slice(0, blockSize);
    const size = trial.count;
    const next = createBasis(n, 3 * blockSize);
    const nextImages = createBasis(n, 3 * blockSize);
    rotateRows(trial.data, n, mixed, size, blockSize, next.data);
    rotateRows(images.data, n, mixed, size, blockSize, nextImages.data);
    next.count = nextImages.count = blockSize;
    // P: the same combinations without the share of the old X, the conjugate direction of the step.
    const steps = mixed.slice();
    steps.fill(0, 0, blockSize * blockSize);
    const P = createBasis(n, blockSize);
    rotateRows(trial.data, n, steps, size, blockSize, P.data);
    P.count = size > blockSize ? blockSize : 0;
    const PImages = createBasis(n, blockSize);
    rotateRows(images.data, n, steps, size, blockSize, PImages.data);

    const target = Math.max(tolerance * scale, roundoff(n, scale));
    const residuals: Float64Array[] = [];
    residualNorms = new Float64Array(blockSize);
    for (let i = 0; i < blockSize; i++) {
      const residual = basisRow(nextImages, i).slice();
      axpy(-values[i], basisRow(next, i), residual);
      residualNorms[i] = norm(residual);
      residuals.push(residual);
    }
    const wantedResiduals = residualNorms.subarray(0, count);
    const converged = wantedResiduals.filter((value) => value <= target).length;
    onProgress?.({
      phase: caller,
      done: converged,
      total: count,
      figures: { residualNorm: Math.max(...wantedResiduals), matvecs },
    });
    trial.data.set(next.data.subarray(0, blockSize * n));
    images.data.set(nextImages.data.subarray(0, blockSize * n));
    trial.count = images.count = blockSize;
    if (converged === count) status = "converged";
    else if (isCancelled(signal)) status = "cancelled";
    if (status !== "max-iterations" || iterations === maximum) break;
    iterations++;
    // Soft locking: converged vectors stay in the trial space but get neither a residual nor a direction.
    const active = residuals.map((_, i) => i).filter((i) => residualNorms[i] > target);
    let added = 0;
    for (const i of active)
      added += extend(trial, images, preconditioned(residuals[i], preconditioner), null, multiply);
    if (P.count > 0)
      for (const i of active) added += extend(trial, images, basisRow(P, i), basisRow(PImages, i), multiply);
    if (added === 0 && trial.count < n) extend(trial, images, randomUnit(n, rng), null, multiply);
    if (trial.count === blockSize) break; // the block is the whole space
  }
  const found = {
    values: values.slice(0, count).map((value) => sign * value),
    residualNorms: residualNorms.slice(0, count),
    vectors: { ...trial, count },
  };
  const certificate = drive(operator, certify(found, { n, which, scale, verify: true }));
  const target = Math.max(tolerance, roundoff(n, 1));
  return {
    ...certificate,
    status,
    iterations,
    matvecs: matvecs + certificate.matvecs,
    tolerance: target,
    advice: adviceFor(status),
    norm: scale,
    blockSize,
  };
}

function fillFirstBlock(trial: Basis, n: number, blockSize: number, guess: Matrix | undefined, rng: Rng): void {
  if (guess !== undefined) {
    requireMatrix(guess, "guess", "lobpcg");
    requireFinite(guess.data, "guess", "lobpcg");
    if (guess.rows !== n) {
      throw new ShapeError({
        function: "lobpcg",
        argument: "guess",
        expected: `of ${n} rows`,
        got: `${guess.rows} x ${guess.cols}`,
      });
    }
    for (let j = 0; j < guess.cols && trial.count < blockSize; j++) {
      append(
        trial,
        Float64Array.from({ length: n }, (_, i) => guess.data[i * guess.cols + j]),
      );
    }
  }
  while (trial.count < blockSize) append(trial, randomUnit(n, rng));
}

/** Appends what of v is independent of the rows: its norm relative to v's, with the coefficients in `h`; 0 when nothing is. */
function append(trial: Basis, v: Float64Array, h: Float64Array = new Float64Array(trial.count)): number {
  const before = norm(v);
  if (!(before > 0) || trial.count === trial.dimension) return 0;
  const w = v.map((value) => value / before);
  const length = orthogonalize(trial, trial.count, w, h);
  if (!(length > DEPENDENT)) return 0;
  appendRow(trial, w, length);
  return length;
}

function multiplyRow(
  trial: Basis,
  images: Basis,
  i: number,
  multiply: (x: Float64Array, out: Float64Array) => void,
): void {
  const image = new Float64Array(trial.dimension);
  multiply(basisRow(trial, i), image);
  appendRow(images, image, 1);
}

/**
 * Adds a direction and its product to the trial space; 1 when it was independent. A known image is combined like the
 * direction itself, unless so much cancelled that a fresh product is due.
 */
function extend(
  trial: Basis,
  images: Basis,
  v: Float64Array,
  image: Float64Array | null,
  multiply: (x: Float64Array, out: Float64Array) => void,
): number {
  const count = trial.count;
  const h = new Float64Array(count);
  const before = norm(v);
  const length = append(trial, v, h);
  if (length === 0) return 0;
  if (image === null || length < CANCELLED) {
    multiplyRow(trial, images, count, multiply);
    return 1;
  }
  const combined = image.map((value) => value / before);
  for (let j = 0; j < count; j++) axpy(-h[j], basisRow(images, j), combined);
  appendRow(images, combined, length);
  return 1;
}

/** The eigenvectors of the projected operator that belong to its smallest values, as size x blockSize. */
function rayleighRitz(
  trial: Basis,
  images: Basis,
  blockSize: number,
): { mixed: Float64Array; ritzValues: Float64Array; top: number } {
  const size = trial.count;
  const data = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      const entry = (dot(basisRow(trial, i), basisRow(images, j)) + dot(basisRow(trial, j), basisRow(images, i))) / 2;
      data[i * size + j] = data[j * size + i] = entry;
    }
  }
  const { values, vectors } = eigh({ rows: size, cols: size, data });
  const mixed = new Float64Array(size * blockSize);
  for (let i = 0; i < size; i++)
    for (let k = 0; k < blockSize; k++) mixed[i * blockSize + k] = vectors.data[i * size + k];
  return { mixed, ritzValues: values, top: Math.max(Math.abs(values[0]), Math.abs(values[size - 1])) };
}

function preconditioned(
  residual: Float64Array,
  preconditioner: ((r: Float64Array, out: Float64Array) => void) | undefined,
): Float64Array {
  if (preconditioner === undefined) return residual;
  const out = new Float64Array(residual.length);
  preconditioner(residual, out);
  requireFiniteVector(out, 0);
  return out;
}

function requireFiniteVector(v: Float64Array, matvec: number): void {
  if (Number.isFinite(norm(v))) return;
  throw new NonFiniteError({
    function: "lobpcg",
    argument: matvec === 0 ? "preconditioner" : "A",
    expected: "an operator with finite products",
    got: matvec === 0 ? "NaN or an infinity in its result" : `NaN or an infinity in product ${matvec}`,
    remedy: "check it on a random unit vector",
  });
}

function adviceFor(status: Status): string | null {
  if (status === "converged") return null;
  if (status === "cancelled") return "stopped by the signal: pass the vectors as guess to go on";
  return "raise maximumIterations or blockSize, improve the preconditioner, or use eigsh";
}
