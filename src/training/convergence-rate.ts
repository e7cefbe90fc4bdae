import {
  ArgumentError,
  describe,
  requireFinite,
  requireNumber,
  requirePositive,
  UnsupportedError,
  log,
  square,
} from "../core/index.js";
import type { Optimizer } from "./optimizer.js";

/** How fast an optimiser converges on a quadratic. */
export interface ConvergenceRate {
  /** Asymptotic factor of the distance to the minimiser per step; below 1 it converges. */
  readonly rate: number;
  /** Eigenvalue of the slowest (or least stable) mode. */
  readonly slowest: number;
  /** Whether every mode converges. */
  readonly stable: boolean;
  /** Steps per factor 1/e of the distance: −1/ln(rate); Infinity when it does not converge. */
  readonly stepsPerFold: number;
}

/**
 * Asymptotic convergence factor of gradient descent, heavy ball or Nesterov on a quadratic with the given eigenvalues.
 *
 * Relation: the largest modulus of the roots of z² − (1 + γ − ηλ) z + γ (heavy ball), z² − (1 + γ)(1 − ηλ) z + γ(1 − ηλ) (Nesterov), or
 * |1 − ηλ| (gradient descent) over the eigenvalues. With equal roots the distance also carries a factor t, which the rate leaves out.
 *
 * @param eigenvalues of the Hessian, all > 0
 * @throws {UnsupportedError} for optimisers whose steps are not linear in the gradient
 * @throws {ArgumentError} when an eigenvalue is not > 0 or there is none
 * @see [polyak1964]
 *
 * @example
 * ```ts
 * import { convergenceRate, gradientDescent } from "eigenscope/training";
 * console.log(convergenceRate(gradientDescent({ stepSize: 0.19 }), [1, 10]).rate.toFixed(6)); // 0.900000
 * ```
 */
export function convergenceRate(optimizer: Optimizer, eigenvalues: ArrayLike<number>): ConvergenceRate {
  const caller = "convergenceRate";
  requireFinite(eigenvalues, "eigenvalues", caller);
  if (eigenvalues.length === 0) {
    throw new ArgumentError({
      function: caller,
      argument: "eigenvalues",
      expected: "at least one number > 0",
      got: describe(eigenvalues),
    });
  }
  const factor = factorOf(optimizer, caller);
  let rate = -1;
  let slowest = 0;
  for (let i = 0; i < eigenvalues.length; i++) {
    const lambda = requirePositive(eigenvalues[i], `eigenvalues[${i}]`, caller);
    const value = factor(optimizer.stepSize * lambda);
    if (value > rate) {
      rate = value;
      slowest = lambda;
    }
  }
  return { rate, slowest, stable: rate < 1, stepsPerFold: rate < 1 ? -1 / log(rate) : Infinity };
}

function factorOf({ name, config }: Optimizer, caller: string): (etaLambda: number) => number {
  if (name === "gradient descent") return (x) => Math.abs(1 - x);
  const gamma = Number(config["momentum"]);
  if (name === "momentum") return (x) => largestRoot(1 + gamma - x, gamma);
  if (name === "nesterov") return (x) => largestRoot((1 + gamma) * (1 - x), gamma * (1 - x));
  throw new UnsupportedError({
    function: caller,
    argument: "optimizer",
    expected: "gradient descent, heavy ball or Nesterov",
    got: name,
    remedy: "adaptive methods are not linear in the gradient: see edgeOfStability",
  });
}

/** Largest modulus of the roots of z² − b z + c. */
function largestRoot(b: number, c: number): number {
  const discriminant = (b * b) / 4 - c;
  return discriminant < 0 ? Math.sqrt(c) : Math.abs(b / 2) + Math.sqrt(discriminant);
}

/** Step sizes that converge fastest on quadratics with eigenvalues in [smallest, largest]. */
export interface OptimalSteps {
  /** κ = largest/smallest. */
  readonly kappa: number;
  /** Gradient descent: η = 2/(λ_min + λ_max), rate (κ − 1)/(κ + 1). */
  readonly gradientDescent: { readonly stepSize: number; readonly rate: number };
  /** Heavy ball: η = 4/(√λ_max + √λ_min)², γ = ((√κ − 1)/(√κ + 1))², rate √γ. */
  readonly heavyBall: { readonly stepSize: number; readonly momentum: number; readonly rate: number };
}

/**
 * Best constant step sizes for gradient descent and heavy ball on quadratics with eigenvalues in an interval.
 *
 * Relation: rates (κ − 1)/(κ + 1) and (√κ − 1)/(√κ + 1).
 *
 * @throws {ArgumentError} when smallest is not > 0, or above largest
 * @see [polyak1964]
 *
 * @example
 * ```ts
 * import { optimalSteps } from "eigenscope/training";
 * const steps = optimalSteps(1, 100);
 * console.log(steps.gradientDescent.rate.toFixed(6), steps.heavyBall.rate.toFixed(6)); // 0.980198 0.818182
 * ```
 */
export function optimalSteps(smallest: number, largest: number): OptimalSteps {
  requirePositive(smallest, "smallest", "optimalSteps");
  requireNumber(largest, "largest", "optimalSteps", smallest);
  const kappa = largest / smallest;
  const root = Math.sqrt(kappa);
  const rate = (root - 1) / (root + 1);
  return {
    kappa,
    gradientDescent: { stepSize: 2 / (smallest + largest), rate: (kappa - 1) / (kappa + 1) },
    heavyBall: { stepSize: 4 / square(Math.sqrt(largest) + Math.sqrt(smallest)), momentum: rate * rate, rate },
  };
}
