import {
  type Convergence,
  type Matrix,
  requireInteger,
  requireNumber,
  requireOptions,
  UnsupportedError,
  exp,
} from "../core/index.js";
import { leastSquares } from "../linalg/index.js";
import { integrate } from "../ode/index.js";
import { oddExtension, type SpectralActivation } from "./activation.js";
import {
  type DiagonalProblem,
  type DiagonalState,
  product,
  requireState,
  transposedProduct,
} from "./diagonal-problem.js";

/** Options of {@link mirrorLimit}. */
export interface MirrorLimitOptions {
  /** Largest ‖y − B h‖ relative to ‖y‖ that counts as attained, default 1e-12. */
  readonly tolerance?: number;
  /** Budget of Newton steps, default 400. */
  readonly maximumIterations?: number;
}

/** Limit of the gradient flow with fixed α. */
export interface MirrorLimit {
  /** h at infinite time. */
  readonly h: Float64Array;
  /** Σ |h|, the nuclear norm of the limiting matrix. */
  readonly nuclearNorm: number;
  /** Multiplier ν with θ = Bᵀν, the time integral of the residual y − B h. */
  readonly multiplier: Float64Array;
  /** θ = Bᵀν. */
  readonly theta: Float64Array;
  /** Bᵀν / max |Bᵀν|, in small-initialisation limits a dual certificate of the l¹ problem. */
  readonly ratio: Float64Array;
  /** iterations are Newton steps; residualNorms ‖y − B h‖. */
  readonly convergence: Convergence;
}

const CALLER = "mirrorLimit";

/**
 * Computes the limit of the diagonal gradient flow with fixed α without integrating it.
 *
 * Relation: the flow is a mirror flow. With Q_k(w) = ∫ dw / (α_k γ′(w) √(4w² + c²)), c = u² − v², every Q_k(w_ki) moves by
 * the same θ_i, and θ = Bᵀν for some ν. The limit is the point with B h(Bᵀν) = y: the maximum of a concave function of ν,
 * found by damped Newton steps. For full column rank of B it is σ* whatever the start; otherwise it depends on the
 * initial scale, on γ and on α, and tends to the l¹ minimiser as the scale goes to zero when that lies inside the box
 * |h| <= Σ α sup γ.
 *
 * @param problem with α fixed
 * @param initial state; coordinates with u = v = 0 stay at zero, others need u + v and u − v such that w can move
 * @param options tolerance and budget
 * @returns the limit; status "max-iterations" when y is not attained by any h in the open range
 * @throws {UnsupportedError} when α is trained (no potential is known for more than one neuron)
 * @throws {ShapeError} when state and problem do not fit
 *
 * Accuracy: about 1e-12 relative in h, tested against 30-digit values. Cost: K d scalar integrations and an m x m solve
 * per Newton step, 10–60 steps.
 * @see [chu2024]
 * @see [gunasekar2017]
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { diagonalProblem, diagonalState, mirrorLimit } from "eigenscope/sensing";
 * // One equation h0 + 2 h1 = 1: small initialisation finds the l1 minimiser (0, 1/2).
 * const problem = diagonalProblem(fromRows([[1, 2]]), Float64Array.of(1), { activation: "identity", alphaTrainable: false });
 * const limit = mirrorLimit(problem, diagonalState(2, [1], 1e-12));
 * console.log(limit.h[1], limit.nuclearNorm); // 0.500000 0.500000
 * ```
 */
export function mirrorLimit(
  problem: DiagonalProblem,
  initial: DiagonalState,
  options: MirrorLimitOptions = {},
): MirrorLimit {
  requireState(problem, initial, CALLER);
  requireOptions(options, ["tolerance", "maximumIterations"], CALLER);
  const tolerance = requireNumber(options.tolerance ?? 1e-12, "tolerance", CALLER, 0);
  const budget = requireInteger(options.maximumIterations ?? 400, "maximumIterations", CALLER, 1);
  if (problem.alphaTrainable) {
    throw new UnsupportedError({
      function: CALLER,
      argument: "problem",
      expected: "a problem with alphaTrainable: false",
      got: "trained α",
      remedy: "integrate with diagonalFlow: no potential is known for trained α",
    });
  }
  const { coefficients: B, y } = problem;
  const d = B.cols;
  const m = B.rows;
  const scale = Math.sqrt(y.reduce((sum, value) => sum + value * value, 0));
  let nu: Float64Array = new Float64Array(m);
  let point = evaluate(problem, initial, new Float64Array(d));
  let residual = subtract(y, product(B, point.h));
  let status: Convergence["status"] = "max-iterations";
  let iterations = 0;
  for (; iterations < budget; iterations++) {
    if (norm(residual) <= tolerance * scale) {
      status = "converged";
      break;
    }
    const step = newtonStep(B, point.slope, residual);
    if (step === null) {
      status = "stagnated"; // h no longer moves in any direction that the residual asks for
      break;
    }
    const theta = transposedProduct(B, step);
    // h depends on θ like an exponential at first: a step of more than a few units of 1/α overshoots by orders of magnitude.
    const stretch = theta.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) * strongest(initial);
    let length = Math.min(1, 2 / stretch);
    const rise = dot(step, residual);
    let accepted = false;
    for (let halving = 0; halving < 60; halving++) {
      const candidate = nu.map((value, i) => value + length * step[i]);
      const next = evaluate(problem, initial, transposedProduct(B, candidate));
      const remaining = subtract(y, product(B, next.h));
      // The derivative of the concave objective along the step falls from `rise`; going far past its zero is refused.
      if (next.h.every(Number.isFinite) && dot(step, remaining) >= -0.5 * rise) {
        nu = candidate;
        point = next;
        residual = remaining;
        accepted = true;
        break;
      }
      length /= 2;
    }
    if (!accepted) {
      status = norm(residual) <= 1e3 * tolerance * scale ? "converged" : "stagnated";
      break;
    }
  }
  const theta = transposedProduct(B, nu);
  const largest = theta.reduce((worst, value) => Math.max(worst, Math.abs(value)), 0);
  return {
    h: point.h,
    nuclearNorm: point.h.reduce((sum, value) => sum + Math.abs(value), 0),
    multiplier: nu,
    theta,
    ratio: largest > 0 ? theta.map((value) => value / largest) : theta.slice(),
    convergence: {
      status,
      iterations,
      matvecs: iterations,
      tolerance,
      residualNorms: Float64Array.of(norm(residual)),
      advice:
        status === "converged"
          ? null
          : `B h = y is not attained (‖y − B h‖ = ${norm(residual).toExponential(2)}): y is inconsistent, needs values outside the range of h (balanced factors stay non-negative, |h| < Σ|α| sup γ), or involves dead coordinates; the flow then tends to the least-squares point of that range, see diagonalFlow`,
    },
  };
}

/** h and dh/dθ at the multipliers θ. */
function evaluate(
  problem: DiagonalProblem,
  initial: DiagonalState,
  theta: Float64Array,
): { readonly h: Float64Array; readonly slope: Float64Array } {
  const gamma = problem.activation;
  const d = theta.length;
  const h = new Float64Array(d);
  const slope = new Float64Array(d);
  for (let k = 0; k < initial.alpha.length; k++) {
    const alpha = initial.alpha[k];
    for (let i = 0; i < d; i++) {
      const u = initial.u.data[k * d + i];
      const v = initial.v.data[k * d + i];
      const { w, speed } = moved(gamma, alpha, u, v, theta[i]);
      h[i] += alpha * oddExtension(gamma, w);
      slope[i] += alpha * gamma.derivative(Math.abs(w)) * speed;
    }
  }
  return { h, slope };
}

/**
 * w after its potential moved by θ, and dw/dθ = α γ′(w)(u² + v²) there.
 *
 * With s = u + v, t = u − v: ds/dθ = α γ′ s and dt/dθ = −α γ′ t, so u, v = (s ± t)/2 are exponentials of ±x with
 * x = ∫ α γ′ dθ. One scalar equation x' = α γ′(w(x)) covers balanced, unbalanced and opposite signs.
 */
function moved(
  gamma: SpectralActivation,
  alpha: number,
  u: number,
  v: number,
  theta: number,
): { readonly w: number; readonly speed: number } {
  const s = u + v;
  const t = u - v;
  // w = u v = (s² e^{2x} − t² e^{−2x})/4 and u² + v² = (s² e^{2x} + t² e^{−2x})/2
  const product = (x: number): number => 0.25 * (s * s * exp(2 * x) - t * t * exp(-2 * x));
  let x = alpha * theta;
  if (gamma.name !== "identity" && theta !== 0 && (s !== 0 || t !== 0)) {
    const solution = integrate(
      (_r, z, out) => {
        out[0] = alpha * gamma.derivative(Math.abs(product(z[0])));
      },
      [0],
      { t0: 0, t1: theta, tolerance: { relative: 1e-14, absolute: 1e-14 }, dense: false },
    );
    x = solution.y[0];
  }
  const w = product(x);
  const squares = 0.5 * (s * s * exp(2 * x) + t * t * exp(-2 * x));
  return { w, speed: alpha * gamma.derivative(Math.abs(w)) * squares };
}

/** Solves B diag(slope) Bᵀ step = residual in the least-squares sense: rows of B may depend on each other. */
function newtonStep(B: Matrix, slope: Float64Array, residual: Float64Array): Float64Array | null {
  const steepest = slope.reduce((largest, value) => Math.max(largest, value), 0);
  if (!(steepest > 1e-250)) return null;
  const m = B.rows;
  const d = B.cols;
  const data = new Float64Array(m * m);
  for (let i = 0; i < m; i++) {
    for (let j = i; j < m; j++) {
      let sum = 0;
      for (let l = 0; l < d; l++) sum += B.data[i * d + l] * (slope[l] / steepest) * B.data[j * d + l];
      data[i * m + j] = data[j * m + i] = sum;
    }
  }
  const step = leastSquares({ rows: m, cols: m, data }, residual).solution;
  for (let i = 0; i < m; i++) step[i] /= steepest;
  return step.every(Number.isFinite) ? step : null;
}

function strongest(initial: DiagonalState): number {
  return initial.alpha.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) || 1;
}

function subtract(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => value - b[i]);
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}

function norm(a: Float64Array): number {
  return Math.sqrt(dot(a, a));
}
