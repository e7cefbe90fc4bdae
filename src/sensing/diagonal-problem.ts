import {
  ArgumentError,
  describe,
  type Matrix,
  requireFinite,
  requireInteger,
  requireMatrix,
  requireOneOf,
  requireOptions,
  requireVector,
  ShapeError,
} from "../core/index.js";
import {
  oddExtension,
  type SpectralActivation,
  spectralActivation,
  type SpectralActivationLike,
} from "./activation.js";
import { requireFlag } from "./network.js";

/**
 * The sensing problem in the coordinates Φ, Ψ of commuting measurements: data y = B σ for diagonals σ, network
 * h(u, v, α) = Σ_k α_k γ(u_k ∘ v_k).
 */
export interface DiagonalProblem {
  /** B, one measurement per row, d columns. */
  readonly coefficients: Matrix;
  /** Data y. */
  readonly y: Float64Array;
  /** γ, odd-extended to negative arguments. */
  readonly activation: SpectralActivation;
  /** Whether α is trained. */
  readonly alphaTrainable: boolean;
  /** Sum or mean over the measurements. */
  readonly normalisation: "sum" | "mean";
}

/** Options of {@link diagonalProblem}. */
export interface DiagonalProblemOptions {
  /** γ, default "tanh". */
  readonly activation?: SpectralActivationLike;
  /** Train α (default true). */
  readonly alphaTrainable?: boolean;
  /** "sum" (default) or "mean" over the measurements. */
  readonly normalisation?: "sum" | "mean";
  /** Accept γ(0) ≠ 0, to demonstrate what goes wrong. */
  readonly allowJump?: boolean;
}

/** Factors and weights of K neurons. */
export interface DiagonalState {
  /** u_k, K x d. */
  readonly u: Matrix;
  /** v_k, K x d. */
  readonly v: Matrix;
  /** α_k, K numbers. */
  readonly alpha: Float64Array;
}

const CALLER = "diagonalProblem";

/**
 * States a sensing problem with commuting measurements in its diagonal coordinates.
 *
 * Relation: under A_i = Φ diag(b_i) Ψᵀ and spectral initialisation the matrix flow stays U_k = Φ diag(u_k) G_kᵀ,
 * V_k = Ψ diag(v_k) G_kᵀ for ever, and u, v, α follow `diagonalFlow`. The target need not be diagonal: only its diagonal
 * Φᵀ X Ψ enters the data.
 *
 * @param coefficients B, m x d
 * @param target y, m numbers; or σ*, d numbers, in a record { sigma } meaning y = B σ*
 * @param options activation, alphaTrainable, normalisation
 * @throws {ShapeError} when the lengths do not fit
 * @see [chu2024]
 * @example
 * ```ts
 * import { identity } from "eigenscope/core";
 * import { diagonalProblem } from "eigenscope/sensing";
 * const problem = diagonalProblem(identity(2), { sigma: Float64Array.of(1, 0.5) }, { activation: "tanh" });
 * console.log(problem.y[1]); // 0.5
 * ```
 */
export function diagonalProblem(
  coefficients: Matrix,
  target: Float64Array | { readonly sigma: Float64Array },
  options: DiagonalProblemOptions = {},
): DiagonalProblem {
  requireMatrix(coefficients, "coefficients", CALLER);
  if (coefficients.rows < 1 || coefficients.cols < 1) {
    const got = `${coefficients.rows} x ${coefficients.cols}`;
    const expected = "at least one measurement of at least one coordinate";
    throw new ShapeError({ function: CALLER, argument: "coefficients", expected, got });
  }
  requireFinite(coefficients.data, "coefficients", CALLER);
  requireOptions(options, ["activation", "alphaTrainable", "normalisation", "allowJump"], CALLER);
  let y: Float64Array;
  if (target instanceof Float64Array) y = requireVector(target, coefficients.rows, "target", CALLER).slice();
  else {
    if (target === null || typeof target !== "object") {
      const expected = "y, or a record { sigma }";
      throw new ArgumentError({ function: CALLER, argument: "target", expected, got: describe(target) });
    }
    y = product(coefficients, requireVector(target.sigma, coefficients.cols, "target.sigma", CALLER));
  }
  requireFinite(y, "target", CALLER);
  return {
    coefficients,
    y,
    activation: spectralActivation(options.activation ?? "tanh", { allowJump: options.allowJump ?? false }),
    alphaTrainable: requireFlag(options.alphaTrainable ?? true, "alphaTrainable", CALLER),
    normalisation: requireOneOf(options.normalisation ?? "sum", ["sum", "mean"] as const, "normalisation", CALLER),
  };
}

/**
 * Makes a state of K neurons with constant u and v: one number for all, or one per coordinate.
 *
 * @throws {ShapeError} when u or v has another length than d
 * @throws {ArgumentError} when there is no neuron or no coordinate
 */
export function diagonalState(
  d: number,
  alpha: ArrayLike<number>,
  u: number | ArrayLike<number>,
  v: number | ArrayLike<number> = u,
): DiagonalState {
  const caller = "diagonalState";
  requireInteger(d, "d", caller, 1);
  const K = requireInteger(alpha?.length, "alpha.length", caller, 1);
  for (const [name, given] of [
    ["u", u],
    ["v", v],
  ] as const) {
    if (typeof given !== "number" && given?.length !== d) {
      const got = describe(given);
      throw new ShapeError({ function: caller, argument: name, expected: `a number, or ${d} numbers`, got });
    }
  }
  const spread = (value: number | ArrayLike<number>): Matrix => ({
    rows: K,
    cols: d,
    data: Float64Array.from({ length: K * d }, (_, i) => (typeof value === "number" ? value : value[i % d])),
  });
  return { u: spread(u), v: spread(v), alpha: Float64Array.from(alpha) };
}

/** Checks that a value is a problem as `diagonalProblem` makes it. */
export function requireProblem(problem: unknown, caller: string): DiagonalProblem {
  const candidate = problem as Partial<DiagonalProblem> | null | undefined;
  if (candidate?.coefficients !== undefined && candidate.y instanceof Float64Array) return candidate as DiagonalProblem;
  throw new ArgumentError({
    function: caller,
    argument: "problem",
    expected: "a problem",
    got: describe(problem),
    remedy: "build one with diagonalProblem",
  });
}

/**
 * Checks a state against a problem and returns it flat: u, then v, then α.
 *
 * @throws {ShapeError} when the sizes do not fit
 * @throws {NonFiniteError} when an entry is not finite
 */
export function requireState(problem: DiagonalProblem, state: DiagonalState, caller: string): Float64Array {
  const d = requireProblem(problem, caller).coefficients.cols;
  requireMatrix(state?.u, "initial.u", caller);
  requireMatrix(state.v, "initial.v", caller);
  const K = state.u.rows;
  requireVector(state.alpha, K, "initial.alpha", caller);
  for (const [name, A] of [
    ["initial.u", state.u],
    ["initial.v", state.v],
  ] as const) {
    if (A.cols !== d || A.rows !== K) {
      const got = `${A.rows} x ${A.cols}`;
      throw new ShapeError({ function: caller, argument: name, expected: `${K} x ${d}`, got });
    }
    requireFinite(A.data, name, caller);
  }
  requireFinite(state.alpha, "initial.alpha", caller);
  const flat = new Float64Array(2 * K * d + K);
  flat.set(state.u.data);
  flat.set(state.v.data, K * d);
  flat.set(state.alpha, 2 * K * d);
  return flat;
}

/** Reads a flat state back. */
export function stateFrom(flat: Float64Array, K: number, d: number): DiagonalState {
  return {
    u: { rows: K, cols: d, data: flat.slice(0, K * d) },
    v: { rows: K, cols: d, data: flat.slice(K * d, 2 * K * d) },
    alpha: flat.slice(2 * K * d, 2 * K * d + K),
  };
}

/** Evaluates h, the residual force g = Bᵀ(y − B h)/N and the loss of flat states, on buffers of its own. */
export interface DiagonalField {
  /** Neurons. */
  readonly K: number;
  /** Coordinates. */
  readonly d: number;
  /** h of the last evaluation. */
  readonly h: Float64Array;
  /** g of the last evaluation. */
  readonly g: Float64Array;
  /** γ′(0). */
  readonly slopeAtZero: number;
  /** Loss of h at a flat state. */
  loss(flat: Float64Array): number;
  /** out ← the velocity (u̇, v̇, α̇) of gradient flow; returns the loss. */
  velocity(flat: Float64Array, out: Float64Array): number;
}

/** Allocates the field of a problem with K neurons. */
export function createDiagonalField(problem: DiagonalProblem, K: number): DiagonalField {
  const { coefficients: B, y, activation: gamma, alphaTrainable } = problem;
  const m = B.rows;
  const d = B.cols;
  const N = problem.normalisation === "mean" ? Math.max(1, m) : 1;
  const h = new Float64Array(d);
  const g = new Float64Array(d);
  const images = new Float64Array(K * d);
  const field = {
    K,
    d,
    h,
    g,
    slopeAtZero: gamma.derivative(0),
    loss(flat: Float64Array): number {
      h.fill(0);
      for (let k = 0; k < K; k++) {
        const alpha = flat[2 * K * d + k];
        for (let i = 0; i < d; i++) {
          const at = k * d + i;
          images[at] = oddExtension(gamma, flat[at] * flat[K * d + at]);
          h[i] += alpha * images[at];
        }
      }
      g.fill(0);
      let sum = 0;
      for (let j = 0; j < m; j++) {
        let residual = y[j];
        for (let i = 0; i < d; i++) residual -= B.data[j * d + i] * h[i];
        sum += residual * residual;
        for (let i = 0; i < d; i++) g[i] += (B.data[j * d + i] * residual) / N;
      }
      return sum / (2 * N);
    },
    velocity(flat: Float64Array, out: Float64Array): number {
      const loss = field.loss(flat);
      for (let k = 0; k < K; k++) {
        const alpha = flat[2 * K * d + k];
        let pull = 0;
        for (let i = 0; i < d; i++) {
          const at = k * d + i;
          const u = flat[at];
          const v = flat[K * d + at];
          const force = alpha * gamma.derivative(Math.abs(u * v)) * g[i]; // the derivative of an odd function is even
          out[at] = force * v;
          out[K * d + at] = force * u;
          pull += images[at] * g[i];
        }
        out[2 * K * d + k] = alphaTrainable ? pull : 0;
      }
      return loss;
    },
  };
  return field;
}

/** B x. */
export function product(B: Matrix, x: Float64Array): Float64Array {
  const out = new Float64Array(B.rows);
  for (let i = 0; i < B.rows; i++) for (let j = 0; j < B.cols; j++) out[i] += B.data[i * B.cols + j] * x[j];
  return out;
}

/** Bᵀ x. */
export function transposedProduct(B: Matrix, x: Float64Array): Float64Array {
  const out = new Float64Array(B.cols);
  for (let i = 0; i < B.rows; i++) for (let j = 0; j < B.cols; j++) out[j] += B.data[i * B.cols + j] * x[i];
  return out;
}
