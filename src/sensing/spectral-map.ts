import { type Matrix, requireFinite, requireMatrix, requireOptions, requireVector, ShapeError } from "../core/index.js";
import { type SpectralActivation, spectralActivation, type SpectralActivationLike } from "./activation.js";
import { multiplyInto, multiplyTransposedInto, transposedMultiplyInto } from "./small-products.js";
import { thinSvd } from "./thin-svd.js";
import type { SpectralFactors } from "./thin-svd.js";

/** Γ(W) together with the decomposition it came from, which the adjoint needs. */
export interface SpectralMapResult {
  /** Γ(W) = P diag(γ(s)) Qᵀ, the shape of W. */
  readonly value: Matrix;
  /** The decomposition of W. */
  readonly factors: SpectralFactors;
  /** Name of the activation. */
  readonly activation: string;
}

/** Options of {@link spectralMap} and {@link spectralMapAdjoint}. */
export interface SpectralMapOptions {
  /** Accept an activation with γ(0) ≠ 0 (for demonstrations); default false. */
  readonly allowJump?: boolean;
}

/**
 * Applies a scalar function to the singular values of a matrix.
 *
 * Relation: Γ(W) = P diag(γ(s)) Qᵀ for every singular value decomposition W = P diag(s) Qᵀ; Γ(Φ W Ψᵀ) = Φ Γ(W) Ψᵀ for
 * orthogonal Φ, Ψ; for W = Φ diag(w) Ψᵀ with signed w the odd extension sgn(w) γ(|w|) stands on the diagonal.
 *
 * @param W rows x cols, finite; tall, wide, rank-deficient or zero
 * @param activation name or functions, see {@link spectralActivation}
 * @returns the image and the decomposition, to be handed to {@link spectralMapAdjoint}
 * @throws {ArgumentError} when γ(0) ≠ 0 without `allowJump`
 * @throws {NonFiniteError} when W has an entry that is not finite
 *
 * Accuracy: a small multiple of d ε ‖W‖ sup γ′ (the exact image of a matrix that close to W); Jacobi rotations keep the
 * relative accuracy of small singular values where the entries of W determine them. Cost: one singular value decomposition and 2 · rows · cols · d flops.
 * @see [chu2024]
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { spectralMap } from "eigenscope/sensing";
 * const { value } = spectralMap(fromRows([[0, -3], [1, 0]]), "softsat");
 * console.log(value.data[1], value.data[2]); // -0.75 0.5
 * ```
 */
export function spectralMap(
  W: Matrix,
  activation: SpectralActivationLike,
  options: SpectralMapOptions = {},
): SpectralMapResult {
  requireMatrix(W, "W", "spectralMap");
  requireFinite(W.data, "W", "spectralMap");
  requireOptions(options, ["allowJump"], "spectralMap");
  const gamma = spectralActivation(activation, options);
  const factors = thinSvd(W);
  const value: Matrix = { rows: W.rows, cols: W.cols, data: new Float64Array(W.data.length) };
  imageInto(value.data, factors, gamma, new Float64Array(W.rows * factors.singularValues.length));
  return { value, factors, activation: gamma.name };
}

/**
 * Applies the derivative of the spectral map, which is self-adjoint: DΓ(W)*[G] = DΓ(W)[G].
 *
 * Relation: ⟨DΓ(W)*[G], H⟩ = ⟨G, d/dt Γ(W + t H)⟩ at t = 0. With T = Pᵀ G Q the symmetric part of T is multiplied
 * entrywise by (γ(s_i) − γ(s_j)) / (s_i − s_j), the skew part by (γ(s_i) + γ(s_j)) / (s_i + s_j), and what lies outside
 * the singular vectors of a tall or wide matrix by γ(s)/s. No singular vector is differentiated, hence nothing divides
 * by s_i² − s_j²: repeated, zero and rank-deficient spectra are exact.
 *
 * @param factors decomposition of W, from {@link spectralMap}
 * @param G gradient with respect to Γ(W) (or a direction), the shape of W
 * @param activation the activation of the map
 * @returns gradient with respect to W, the shape of W
 * @throws {ShapeError} when G does not have the shape of W
 * @throws {ArgumentError} when γ(0) ≠ 0 without `allowJump`
 *
 * Accuracy: a small multiple of d ε ‖DΓ‖ ‖G‖. Cost: about 8 · rows · cols · d flops.
 * @see [chu2024]
 * @example
 * ```ts
 * import { fromRows, identity } from "eigenscope/core";
 * import { spectralMap, spectralMapAdjoint } from "eigenscope/sensing";
 * const { factors } = spectralMap(identity(2), "softsat"); // both singular values 1: γ′ = 1/4 and γ(1)/1 = 1/2
 * const R = spectralMapAdjoint(factors, fromRows([[0, 1], [-1, 0]]), "softsat");
 * console.log(R.data[1]); // 0.5
 * ```
 */
export function spectralMapAdjoint(
  factors: SpectralFactors,
  G: Matrix,
  activation: SpectralActivationLike,
  options: SpectralMapOptions = {},
): Matrix {
  const caller = "spectralMapAdjoint";
  requireMatrix(factors?.u, "factors.u", caller);
  requireMatrix(factors.v, "factors.v", caller);
  const d = Math.min(factors.u.rows, factors.v.rows);
  requireVector(factors.singularValues, d, "factors.singularValues", caller);
  requireMatrix(G, "G", caller);
  requireFinite(G.data, "G", caller);
  requireOptions(options, ["allowJump"], caller);
  if (G.rows !== factors.u.rows || G.cols !== factors.v.rows) {
    const expected = `${factors.u.rows} x ${factors.v.rows}, the shape of W`;
    throw new ShapeError({ function: caller, argument: "G", expected, got: `${G.rows} x ${G.cols}` });
  }
  const gamma = spectralActivation(activation, options);
  const out: Matrix = { rows: G.rows, cols: G.cols, data: new Float64Array(G.data.length) };
  adjointInto(out.data, factors, loewner(factors.singularValues, gamma), G.data, createScratch(G.rows, G.cols));
  return out;
}

/** out <- P diag(γ(s)) Qᵀ; work has rows * d entries. */
export function imageInto(
  out: Float64Array,
  factors: SpectralFactors,
  gamma: SpectralActivation,
  work: Float64Array,
): void {
  const { u, v, singularValues } = factors;
  const d = singularValues.length;
  const image = singularValues.map((s) => gamma.value(s));
  for (let i = 0; i < u.rows; i++) {
    for (let j = 0; j < d; j++) work[i * d + j] = u.data[i * d + j] * image[j];
  }
  multiplyTransposedInto(out, work, v.data, u.rows, d, v.rows);
}

/** The factors that multiply the entries of Pᵀ G Q, for one spectrum. */
export interface Loewner {
  /** Number of singular values d. */
  readonly order: number;
  /** (F⁻ + F⁺)/2, d x d: what an entry of T keeps. */
  readonly same: Float64Array;
  /** (F⁻ − F⁺)/2, d x d: what it takes from its mirror image. */
  readonly mirror: Float64Array;
  /** γ(s)/s, for directions outside the singular vectors. */
  readonly slope: Float64Array;
}

/** Computes the divided differences of one spectrum. Γ's Loewner matrix on the dilation [[0, W], [Wᵀ, 0]]. */
export function loewner(s: Float64Array, gamma: SpectralActivation): Loewner {
  const d = s.length;
  const same = new Float64Array(d * d);
  const mirror = new Float64Array(d * d);
  const slope = new Float64Array(d);
  const value = s.map((x) => gamma.value(x));
  for (let i = 0; i < d; i++) {
    slope[i] = s[i] === 0 ? gamma.derivative(0) : value[i] / s[i];
    for (let j = i; j < d; j++) {
      const minus = i === j ? gamma.derivative(s[i]) : gamma.dividedDifference(s[i], s[j]);
      const sum = s[i] + s[j];
      const plus = sum === 0 ? gamma.derivative(0) : (value[i] + value[j]) / sum;
      // sym(T)_ij F⁻ + skew(T)_ij F⁺ = T_ij (F⁻ + F⁺)/2 + T_ji (F⁻ − F⁺)/2
      same[i * d + j] = same[j * d + i] = 0.5 * (minus + plus);
      mirror[i * d + j] = mirror[j * d + i] = 0.5 * (minus - plus);
    }
  }
  return { order: d, same, mirror, slope };
}

/** Buffers of {@link adjointInto} for one shape. */
export interface SpectralScratch {
  /** rows x d. */
  readonly left: Float64Array;
  /** d x cols. */
  readonly right: Float64Array;
  /** d x d. */
  readonly inner: Float64Array;
  /** d x d. */
  readonly result: Float64Array;
}

/** Allocates the buffers. */
export function createScratch(rows: number, cols: number): SpectralScratch {
  const d = Math.min(rows, cols);
  return {
    left: new Float64Array(rows * d),
    right: new Float64Array(d * cols),
    inner: new Float64Array(d * d),
    result: new Float64Array(d * d),
  };
}

/** out <- DΓ(W)[G] from the thin decomposition of W. */
export function adjointInto(
  out: Float64Array,
  factors: SpectralFactors,
  table: Loewner,
  G: Float64Array,
  scratch: SpectralScratch,
): void {
  const { u, v } = factors;
  const rows = u.rows;
  const cols = v.rows;
  const d = table.order;
  const { left, right, inner, result } = scratch;
  const { same, mirror, slope } = table;
  if (rows >= cols) {
    multiplyInto(left, G, v.data, rows, cols, d); // G Q
    transposedMultiplyInto(inner, u.data, left, d, rows, d); // T = Pᵀ G Q
  } else {
    transposedMultiplyInto(right, u.data, G, d, rows, cols); // Pᵀ G
    multiplyInto(inner, right, v.data, d, cols, d);
  }
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < d; j++) {
      const at = i * d + j;
      result[at] = same[at] * inner[at] + mirror[at] * inner[j * d + i];
    }
  }
  if (rows > cols) {
    // (P (R − T diag φ) + G Q diag φ) Qᵀ: the part of G Q orthogonal to P is multiplied by φ = γ(s)/s.
    for (let i = 0; i < d; i++) for (let j = 0; j < d; j++) result[i * d + j] -= inner[i * d + j] * slope[j];
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < d; j++) {
        let sum = left[i * d + j] * slope[j];
        for (let l = 0; l < d; l++) sum += u.data[i * d + l] * result[l * d + j];
        left[i * d + j] = sum;
      }
    }
    multiplyTransposedInto(out, left, v.data, rows, d, cols);
    return;
  }
  if (rows < cols) {
    for (let i = 0; i < d; i++) for (let j = 0; j < d; j++) result[i * d + j] -= slope[i] * inner[i * d + j];
    for (let i = 0; i < d; i++) {
      for (let j = 0; j < cols; j++) {
        let sum = slope[i] * right[i * cols + j];
        for (let l = 0; l < d; l++) sum += result[i * d + l] * v.data[j * d + l];
        right[i * cols + j] = sum;
      }
    }
    multiplyInto(out, u.data, right, rows, d, cols);
    return;
  }
  multiplyInto(left, u.data, result, rows, d, d);
  multiplyTransposedInto(out, left, v.data, rows, d, cols);
}
