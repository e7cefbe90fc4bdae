import {
  EPSILON,
  type Matrix,
  type Tagged,
  defined,
  requireFinite,
  requireMatrix,
  undefinedBecause,
  square,
  log,
  hypot,
} from "../core/index.js";
import { eig, eigh, norms, svd } from "../linalg/index.js";
import { entropyRank, participation } from "./ranks.js";

/** Eigenvalues of a square matrix. */
export interface ComplexValues {
  /** Real parts. */
  readonly real: Float64Array;
  /** Imaginary parts. */
  readonly imaginary: Float64Array;
}

/** Everything that the singular values and, for square matrices, the eigenvalues of one matrix say. */
export interface MatrixSpectrum {
  /** Number of rows (outputs of a layer). */
  readonly rows: number;
  /** Number of columns (inputs of a layer). */
  readonly cols: number;
  /** min(rows, cols) singular values, descending. */
  readonly singularValues: Float64Array;
  /** s_1 = ‖W‖₂: Lipschitz constant of x ↦ W x in the Euclidean norm. */
  readonly spectralNorm: number;
  /** ‖W‖_F from the entries. */
  readonly frobeniusNorm: number;
  /** Σ s: convex envelope of the rank on the unit ball of ‖·‖₂, not a rank. */
  readonly nuclearNorm: number;
  /** Largest column sum of moduli. */
  readonly oneNorm: number;
  /** Largest row sum of moduli. */
  readonly infinityNorm: number;
  /** ‖W‖_{2,1}: sum of the column norms. */
  readonly columnNormSum: number;
  /** ‖Wᵀ‖_{2,1}: sum of the row norms, the norm of Bartlett's bound. */
  readonly rowNormSum: number;
  /** Number of singular values above rankTolerance. */
  readonly numericalRank: number;
  /** max(rows, cols) ε s_1. */
  readonly rankTolerance: number;
  /** s_1 / s_r; Infinity when the numerical rank is not full; undefined for a zero matrix. */
  readonly conditionNumber: Tagged;
  /** s_1 / s_rank over the numerical rank. */
  readonly effectiveConditionNumber: Tagged;
  /** s_1 − s_2; undefined with a single singular value. */
  readonly spectralGap: Tagged;
  /** (s_1 − s_2) / s_1. */
  readonly relativeGap: Tagged;
  /** ‖W‖_F² / s_1². */
  readonly stableRank: Tagged;
  /** exp of the entropy of s / Σ s. */
  readonly effectiveRank: Tagged;
  /** exp of the entropy of s² / Σ s². */
  readonly effectiveRankEnergy: Tagged;
  /** (Σ s²)² / Σ s⁴. */
  readonly participationRatio: Tagged;
  /** (Σ s)² / Σ s². */
  readonly participationRatioSingular: Tagged;
  /** Entropy of s² / Σ s² over the logarithm of the numerical rank, in [0, 1]. */
  readonly normalizedEntropy: Tagged;
  /** Eigenvalues; square matrices only. */
  readonly eigenvalues: Tagged<ComplexValues>;
  /** Largest modulus of an eigenvalue: the rate of ‖Wᵏ‖^{1/k}; at most s_1, equal for normal W. Square matrices only. */
  readonly spectralRadius: Tagged;
  /** Largest eigenvalue of (W + Wᵀ)/2. Square matrices only. */
  readonly numericalAbscissa: Tagged;
  /** sqrt(‖W‖_F² − Σ |λ|²), zero exactly for normal matrices. Square matrices only. */
  readonly departureFromNormality: Tagged;
}

/**
 * Computes all spectral quantities of a matrix.
 *
 * Relation: W = U diag(singularValues) Vᵀ; every other field is the function of these values, or of the entries, that
 * its description gives. Quantities that do not exist carry the reason.
 * Singular values are not eigenvalues: a nilpotent matrix has spectral radius 0 and any norm.
 *
 * @param W any shape with at least one entry
 * @throws {NonFiniteError} when an entry is NaN or infinite
 * @throws {ArgumentError} when W is not a matrix
 *
 * Accuracy: singular values to a few ε s_1. Eigenvalues of strongly non-normal matrices are only as good as their
 * conditioning: a Jordan block of order k loses all but 1/k of the digits; departureFromNormality warns.
 * Cost: one SVD without vectors; square matrices also one general and one symmetric eigenvalue problem.
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { matrixSpectrum } from "eigenscope/spectra";
 * const { spectralNorm, spectralRadius } = matrixSpectrum(fromRows([[0, 5], [0, 0]]));
 * console.log(spectralNorm, spectralRadius.defined && spectralRadius.value); // 5 0
 * ```
 */
export function matrixSpectrum(W: Matrix): MatrixSpectrum {
  const caller = "matrixSpectrum";
  requireMatrix(W, "W", caller);
  requireFinite(W.data, "W", caller);
  const { rows, cols } = W;
  const entrywise = norms(W);
  const singularValues = rows * cols === 0 ? new Float64Array(0) : svd(W, { vectors: "none" }).singularValues;
  const first = singularValues[0] ?? 0;
  const rankTolerance = Math.max(rows, cols) * EPSILON * first;
  let numericalRank = 0;
  while (numericalRank < singularValues.length && singularValues[numericalRank] > rankTolerance) numericalRank++;
  const ifNonzero = (compute: () => number): Tagged =>
    first === 0 ? undefinedBecause("zero matrix") : defined(compute());
  const hasTwo = singularValues.length >= 2;
  const gap = hasTwo ? defined(first - singularValues[1]) : undefinedBecause("fewer than two singular values");
  const fullRank = numericalRank === singularValues.length;
  return {
    rows,
    cols,
    singularValues,
    spectralNorm: first,
    frobeniusNorm: entrywise.frobenius,
    nuclearNorm: singularValues.reduce((sum, value) => sum + value, 0),
    oneNorm: entrywise.one,
    infinityNorm: entrywise.infinity,
    columnNormSum: entrywise.columnSum,
    rowNormSum: entrywise.rowSum,
    numericalRank,
    rankTolerance,
    conditionNumber: ifNonzero(() => (fullRank ? first / singularValues[singularValues.length - 1] : Infinity)),
    effectiveConditionNumber: ifNonzero(() => first / singularValues[numericalRank - 1]),
    spectralGap: gap,
    relativeGap: hasTwo ? ifNonzero(() => (first - singularValues[1]) / first) : gap,
    stableRank: ifNonzero(() => square(entrywise.frobenius / first)),
    effectiveRank: ifNonzero(() => entropyRank(singularValues, 1)),
    effectiveRankEnergy: ifNonzero(() => entropyRank(singularValues, 2)),
    participationRatio: ifNonzero(() => participation(singularValues, 2)),
    participationRatioSingular: ifNonzero(() => participation(singularValues, 1)),
    normalizedEntropy:
      first !== 0 && numericalRank < 2
        ? undefinedBecause("numerical rank below 2")
        : ifNonzero(() => log(entropyRank(singularValues, 2)) / log(numericalRank)),
    ...squareQuantities(W, entrywise.frobenius),
  };
}

type SquareQuantities = Pick<
  MatrixSpectrum,
  "eigenvalues" | "spectralRadius" | "numericalAbscissa" | "departureFromNormality"
>;

function squareQuantities(W: Matrix, frobenius: number): SquareQuantities {
  const n = W.rows;
  if (n !== W.cols || n === 0) {
    const none = undefinedBecause("only square matrices have eigenvalues");
    return {
      eigenvalues: undefinedBecause("only square matrices have eigenvalues"),
      spectralRadius: none,
      numericalAbscissa: none,
      departureFromNormality: none,
    };
  }
  const { real, imaginary } = eig(W);
  let radius = 0;
  let relative = 0; // Σ (|λ| / ‖W‖_F)²
  for (let i = 0; i < n; i++) {
    const modulus = hypot(real[i], imaginary[i]);
    radius = Math.max(radius, modulus);
    if (frobenius > 0) relative += square(modulus / frobenius);
  }
  const symmetric = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) symmetric[i * n + j] = 0.5 * W.data[i * n + j] + 0.5 * W.data[j * n + i];
  }
  const abscissa = eigh({ rows: n, cols: n, data: symmetric }, { vectors: false }).values[n - 1];
  return {
    eigenvalues: defined({ real, imaginary }),
    spectralRadius: defined(radius),
    numericalAbscissa: defined(abscissa),
    // Cancellation: below sqrt(n ε) ‖W‖_F the difference is roundoff, which may be negative.
    departureFromNormality: defined(frobenius * Math.sqrt(Math.max(0, 1 - relative))),
  };
}
