import { EPSILON, type Matrix, ShapeError, requireMatrix, requireVector } from "../core/index.js";
import { inUnitsOf } from "./certificate.js";
import { norm2 } from "./input.js";
import { LDL_EXTRA_ROWS, factorLdl } from "./ldl-factor.js";
import { inTheNameOf } from "./named.js";
import { matmul } from "./products.js";
import { borrowStore, releaseStore } from "./stores.js";

/** One comparison of the number of eigenvalues below a shift: by the solver and by the inertia of A − shift I. */
export interface CountCheck {
  /** Where the spectrum was cut. */
  readonly shift: number;
  /** Eigenvalues below the shift according to the decomposition. */
  readonly expected: number;
  /** Negative pivots of A − shift I. */
  readonly found: number;
}

/** Measured quality of an eigendecomposition. */
export interface EighCertificate {
  /** ‖A v − λ v‖₂ of each vector as computed: but for its rounding, which errorBounds count, an eigenvalue of A lies that near to λ. */
  readonly residualNorms: Float64Array;
  /** Largest residual norm divided by ‖A‖_F; 0 for the zero matrix. */
  readonly backwardError: number;
  /** Largest entry of |Vᵀ V − I|. */
  readonly orthogonalityLoss: number;
  /**
   * Bound on |values[j] − λ_j(A)|: ‖A V − V Λ‖_F + ‖A‖_F ‖Vᵀ V − I‖_F plus the rounding of these measurements. By Kahan's theorem
   * as many eigenvalues of A as there are vectors lie that near to the values, one to one; for a part of the
   * spectrum `complete` adds that they are the right ones. [parlett1998]
   */
  readonly errorBounds: Float64Array;
  /** Counts at the shifts that lie clear of all eigenvalues. */
  readonly counts: readonly CountCheck[];
  /**
   * True when the vectors are independent, there was at least one shift on either side of the values and all counts
   * agree: none is missed, none is double. A range that ends inside a cluster has no such shift there, nor has a value
   * at the end of the double range: then it is false.
   */
  readonly complete: boolean;
}

/** The eigenvalues to certify, and their neighbours. */
export interface CertifiedPart {
  /** Ascending. */
  readonly values: Float64Array;
  /** Index of values[0] in the whole spectrum. */
  readonly first: number;
  /** The eigenvalue before values[0], or −Infinity. */
  readonly before: number;
  /** The eigenvalue after the last value, or Infinity. */
  readonly after: number;
}

/** A shift must be this many error bounds away from every eigenvalue. */
const CLEARANCE = 4;
/** Vectors with ‖Vᵀ V − I‖_F below this are independent: no pair is there twice, which counts beyond the ends would not see. */
const INDEPENDENT = 0.5;
/** The products of the certificate itself are rounded: n ε ‖A‖_F times this is added to each bound. */
const MEASUREMENT = 2;

/** Measures a decomposition of the scaled matrix A; results in the units of the unscaled one. */
export function certifyEigen(
  A: Matrix,
  norm: number,
  part: CertifiedPart,
  vectors: Matrix,
  scale: number,
): EighCertificate {
  const n = A.rows;
  const count = part.values.length;
  const residual = matmul(A, vectors).data;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < count; j++) residual[i * count + j] -= part.values[j] * vectors.data[i * count + j];
  }
  const residualNorms = Float64Array.from({ length: count }, (_, j) => norm2(residual, j, n, count));
  const gram = matmul(vectors, vectors, { transposeA: true }).data;
  let orthogonalityLoss = 0;
  for (let j = 0; j < count; j++) gram[j * count + j] -= 1;
  for (let i = 0; i < gram.length; i++) orthogonalityLoss = Math.max(orthogonalityLoss, Math.abs(gram[i]));
  const dependence = norm2(gram, 0, gram.length);
  const common = norm * dependence + MEASUREMENT * n * EPSILON * norm;
  // One residual norm tells the distance to some eigenvalue only, perhaps the same one for several vectors.
  const bound = norm2(residual, 0, residual.length) + common;
  const counts = count === 0 ? emptyChecks(A, part, bound, scale) : countChecks(A, part, bound, scale);
  return {
    residualNorms: residualNorms.map((value) => value / scale),
    backwardError: norm === 0 ? 0 : residualNorms.reduce((worst, value) => Math.max(worst, value), 0) / norm,
    orthogonalityLoss,
    errorBounds: new Float64Array(count).fill(inUnitsOf(bound, scale)),
    counts: counts.checks,
    complete:
      dependence < INDEPENDENT && counts.bothSides && counts.checks.every((check) => check.expected === check.found),
  };
}

/** Counts made, and whether there was one on either side of the values. */
interface Counts {
  readonly checks: CountCheck[];
  readonly bothSides: boolean;
}

/** Inertia below the first value, above the last and, for a whole spectrum, in its widest gap. */
function countChecks(A: Matrix, { values, first, before, after }: CertifiedPart, bound: number, scale: number): Counts {
  const count = values.length;
  const checks: CountCheck[] = [];
  const clearance = clearanceOf(bound, scale);
  const between = (low: number, high: number, expected: number): boolean => {
    // Beyond the ends of the spectrum any shift at a safe distance will do.
    const shift =
      low === -Infinity ? high - 2 * clearance : high === Infinity ? low + 2 * clearance : 0.5 * low + 0.5 * high;
    return high - low >= 2 * clearance && countAt(A, shift, expected, scale, checks);
  };
  const below = between(before, values[0], first);
  let widest = 0;
  for (let j = 0; j + 1 < count; j++) if (values[j + 1] - values[j] > values[widest + 1] - values[widest]) widest = j;
  if (count > 1) between(values[widest], values[widest + 1], first + widest + 1);
  const above = between(values[count - 1], after, first + count);
  return { checks, bothSides: below && above };
}

/** Inertia at both ends of the gap in which a range was found to hold nothing. */
function emptyChecks(A: Matrix, { first, before, after }: CertifiedPart, bound: number, scale: number): Counts {
  const checks: CountCheck[] = [];
  const clearance = 2 * clearanceOf(bound, scale);
  if (after - before < 2 * clearance) return { checks, bothSides: A.rows === 0 };
  const below = before === -Infinity || countAt(A, before + clearance, first, scale, checks);
  const above = after === Infinity || countAt(A, after - clearance, first, scale, checks);
  return { checks, bothSides: below && above };
}

/** A distance from the values at which shifts are clear of all eigenvalues, also when they are rounded to subnormal numbers. */
function clearanceOf(bound: number, scale: number): number {
  return CLEARANCE * (bound + Number.MIN_VALUE * Math.max(1, scale));
}

/** Adds the count at a shift of the scaled matrix; false when that leaves the double range in the units of the unscaled one. */
function countAt(A: Matrix, shift: number, expected: number, scale: number, checks: CountCheck[]): boolean {
  // The number that is reported, and no other, is where the spectrum is cut.
  const reported = shift / scale;
  if (!Number.isFinite(reported)) return false;
  checks.push({ shift: reported, expected, found: negativePivots(A, reported * scale) });
  return true;
}

/**
 * Negative eigenvalues of D in A − shift I = L D Lᵀ, by their signs alone: a pivot may be smaller than the distance of the shift
 * to the spectrum, and that distance, not its size, makes its sign certain. [bunch1977]
 */
function negativePivots(A: Matrix, shift: number): number {
  const n = A.rows;
  const height = n + LDL_EXTRA_ROWS;
  const store = borrowStore(height, n);
  store.set(A.data);
  for (let i = 0; i < n; i++) store[i * (n + 1)] -= shift;
  const { a, offDiagonal } = factorLdl(n, store);
  let negative = 0;
  for (let k = 0; k < n; k++) {
    // A 2 x 2 pivot has one eigenvalue of either sign.
    const isBlock = k + 1 < n && offDiagonal[k + 1] !== 0;
    if (isBlock || a[k * (n + 1)] < 0) negative++;
    if (isBlock) k++;
  }
  releaseStore(store, height, n);
  return negative;
}

/** Multiplies the factors of {@link eigh} again: V diag(values) Vᵀ, which is A for the whole spectrum. */
export function reconstructEigh(decomposition: {
  /** Eigenvalues. */
  readonly values: Float64Array;
  /** Eigenvectors as columns. */
  readonly vectors: Matrix;
}): Matrix {
  const caller = "reconstructEigh";
  const vectors = requireMatrix(decomposition?.vectors, "decomposition.vectors", caller);
  const values = requireVector(decomposition.values, null, "decomposition.values", caller);
  if (vectors.cols !== values.length) {
    throw new ShapeError({
      function: caller,
      argument: "decomposition.values",
      expected: `of length ${vectors.cols}, one per vector`,
      got: `length ${values.length}`,
    });
  }
  const scaled = vectors.data.map((entry, k) => entry * values[k % values.length]);
  return inTheNameOf(caller, () => matmul({ ...vectors, data: scaled }, vectors, { transposeB: true }));
}
