import {
  type Matrix,
  requireFinite,
  requireInteger,
  requireMatrix,
  requireNumber,
  requireOptions,
  requirePositive,
  square,
  cbrt,
} from "../core/index.js";
import { svd } from "../linalg/index.js";
import { spectralDistance } from "../spectra/index.js";

/** How far a perturbation can move a spectrum. */
export interface SpectrumMoveBounds {
  /** p = min(rows, cols): number of singular values. */
  readonly count: number;
  /** ‖Δ‖_F. */
  readonly frobenius: number;
  /** ‖Δ‖₂: no singular value moves farther (Weyl). */
  readonly largestMove: number;
  /** Numerical rank of Δ: singular values above max(rows, cols) ε ‖Δ‖₂. */
  readonly rank: number;
  /** ‖Δ‖_F/√p: bound on the Wasserstein-2 distance of the two spectra (Hoffman and Wielandt, Mirsky). */
  readonly wasserstein2: number;
  /** min(1, (‖Δ‖_F²/p)^{1/3}): bound on the Lévy distance. */
  readonly levy: number;
  /** rank/p: bound on the Kolmogorov–Smirnov distance; 1 says nothing. */
  readonly kolmogorovSmirnov: number;
}

/**
 * Bounds how far the singular values of A and A + Δ are apart as distributions, whatever A is.
 *
 * Relation: with F and G the distributions of the p singular values, W₂(F, G) <= ‖Δ‖_F/√p, Lévy(F, G)³ <= ‖Δ‖_F²/p,
 * sup |F − G| <= rank Δ / p, and every s_i moves by at most ‖Δ‖₂. A change of norm O(√p) below that of A therefore leaves
 * the bulk as it was and may still send single values away: an outlier with an invariant bulk.
 * The same bounds hold for the eigenvalues of symmetric A and Δ, with p their order.
 *
 * @param difference Δ, rows x cols with at least one entry
 * @throws {NonFiniteError} for NaN and infinities
 *
 * Accuracy: a few ε. Cost: the singular values of Δ.
 * @see [hoffman1953]
 * @see [mirsky1960]
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { spectrumMoveBounds } from "eigenscope/rmt";
 * const { wasserstein2, kolmogorovSmirnov, largestMove } = spectrumMoveBounds(fromRows([[2, 0], [0, 0]]));
 * console.log(wasserstein2.toFixed(6), kolmogorovSmirnov, largestMove.toFixed(6)); // 1.414214 0.5 2.000000
 * ```
 */
export function spectrumMoveBounds(difference: Matrix): SpectrumMoveBounds {
  const caller = "spectrumMoveBounds";
  requireMatrix(difference, "difference", caller);
  requireFinite(difference.data, "difference", caller);
  const { rows, cols } = difference;
  const count = requireInteger(Math.min(rows, cols), "min(rows, cols)", caller, 1);
  const values = svd(difference, { vectors: "none" }).singularValues;
  const largestMove = values[0];
  const floor = Math.max(rows, cols) * Number.EPSILON * largestMove;
  let squares = 0;
  let rank = 0;
  for (let i = count - 1; i >= 0; i--) {
    if (largestMove > 0) squares += square(values[i] / largestMove);
    if (values[i] > floor) rank++;
  }
  const frobenius = largestMove * Math.sqrt(squares);
  const wasserstein2 = frobenius / Math.sqrt(count);
  return {
    count,
    frobenius,
    largestMove,
    rank,
    wasserstein2,
    levy: Math.min(1, cbrt(wasserstein2 * wasserstein2)),
    kolmogorovSmirnov: rank / count,
  };
}

/** What bounds the way of the weights. */
export interface DescentMoveBoundOptions {
  /** Step size η of every step. */
  readonly stepSize: number;
  /** Samples n in the loss (1/2n) Σ (f − y)²; the batch size for stochastic steps. */
  readonly samples: number;
  /** Upper bound on λ_max of the tangent kernel J Jᵀ of the trained weights (sum over samples, not divided by n), along the whole run. */
  readonly kernelNorm: number;
}

/**
 * Bounds how far gradient descent on a squared loss can carry its weights, from the losses on the way.
 *
 * Relation: the gradient is Jᵀr/n and ‖r‖² = 2 n L, so ‖gradient‖ <= √(2 L λ_max(J Jᵀ)/n), and
 * ‖θ_T − θ_0‖ <= Σ_t η √(2 L_t λ_max/n). With η proportional to n and a loss that falls geometrically this is O(√n): against
 * weights of Frobenius norm √(hd) the relative move is O(n^{−1/2}), and spectrumMoveBounds turns that into the invariance of
 * the bulk. Batches need no more: the kernel of a batch is a principal submatrix.
 *
 * @param losses loss before each step (of its batch, for stochastic steps)
 * @returns the running bound after 0, 1, … steps: one entry more than losses
 * @throws {ArgumentError} when a loss is negative, or an option is not positive
 * @throws {NonFiniteError} for NaN and infinities
 *
 * Accuracy: a few ε. Cost: O(steps).
 * @see [wang2023]
 *
 * @example
 * ```ts
 * import { descentMoveBound } from "eigenscope/rmt";
 * const bound = descentMoveBound([2, 0.5], { stepSize: 0.1, samples: 4, kernelNorm: 1 });
 * console.log(bound[0], bound[1], bound[2]); // 0 0.1 0.15
 * ```
 */
export function descentMoveBound(losses: ArrayLike<number>, options: DescentMoveBoundOptions): Float64Array {
  const caller = "descentMoveBound";
  requireFinite(losses, "losses", caller);
  requireOptions(options, ["stepSize", "samples", "kernelNorm"], caller, "required");
  const stepSize = requirePositive(options.stepSize, "stepSize", caller);
  const samples = requireInteger(options.samples, "samples", caller, 1);
  const kernelNorm = requirePositive(options.kernelNorm, "kernelNorm", caller);
  const bound = new Float64Array(losses.length + 1);
  for (let t = 0; t < losses.length; t++) {
    const loss = requireNumber(losses[t], `losses[${t}]`, caller, 0);
    bound[t + 1] = bound[t] + stepSize * Math.sqrt((2 * loss * kernelNorm) / samples);
  }
  return bound;
}

/**
 * Measures the Lévy distance of two samples: the side of the largest square that fits between their distribution functions.
 *
 * Relation: the smallest ε with F(x − ε) − ε <= G(x) <= F(x + ε) + ε for all x; at most the Kolmogorov–Smirnov distance, at
 * most 1, and zero exactly for equal samples. Unlike that distance it forgives small shifts of many values, and it carries
 * the units of the values: rescale first.
 *
 * @param a finite numbers, in any order, at least one
 * @param b finite numbers, in any order, at least one
 * @returns the distance from above, to 2^{−40} of the KS distance
 * @throws {NonFiniteError} for NaN and infinities
 *
 * Accuracy: bisection to 1e-12 of the KS distance. Cost: 40 passes over the sorted samples.
 *
 * @example
 * ```ts
 * import { levyDistance } from "eigenscope/rmt";
 * console.log(levyDistance([0, 1, 2, 3], [0.1, 1.1, 2.1, 3.1]).toFixed(6)); // 0.100000
 * ```
 */
export function levyDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  requireFinite(a, "a", "levyDistance");
  requireFinite(b, "b", "levyDistance");
  const first = Float64Array.from(a).sort();
  const second = Float64Array.from(b).sort();
  const { kolmogorovSmirnov } = spectralDistance(first, second);
  const fits = (epsilon: number): boolean =>
    excess(first, epsilon, second) <= epsilon && excess(second, epsilon, first) <= epsilon;
  let [low, high] = [0, kolmogorovSmirnov];
  for (let k = 0; k < 40 && high > 0; k++) {
    const middle = (low + high) / 2;
    if (fits(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** sup_x F(x − ε) − G(x) over the jumps of F, where the supremum lies; both samples ascending. */
function excess(values: Float64Array, epsilon: number, others: Float64Array): number {
  let worst = 0;
  for (let i = 0, j = 0; i < values.length; i++) {
    while (j < others.length && others[j] <= values[i] + epsilon) j++;
    worst = Math.max(worst, (i + 1) / values.length - j / others.length);
  }
  return worst;
}
