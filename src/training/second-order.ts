import { dot, norm, requireInteger, requireNumber, requireOptions, requirePositive } from "../core/index.js";
import { kfac } from "../curvature/index.js";
import { expandLoss } from "../networks/index.js";
import type { SymmetricOperator } from "../operators/index.js";
import type { Optimizer } from "./optimizer.js";

/** Options of {@link naturalGradient}. */
export interface NaturalGradientOptions {
  /** Step size η > 0 (1 is the Newton step on a quadratic). */
  readonly stepSize: number;
  /** λ > 0 added to the Gauss–Newton matrix (default 1e-3). */
  readonly damping?: number;
  /** Residual of the linear system relative to the gradient (default 1e-6). */
  readonly tolerance?: number;
  /** Largest number of conjugate-gradient steps (default 100). */
  readonly maximumIterations?: number;
}

/**
 * Natural gradient: θ ← θ − η (G + λI)⁻¹ g with G the Gauss–Newton matrix of the batch, by conjugate gradients.
 *
 * Relation: G is the Fisher information for softmax cross-entropy and Gaussian mse: it is not the Hessian (the residual is left out),
 * so every step descends.
 *
 * @throws {ArgumentError} for constants out of range
 *
 * Cost: one Gauss–Newton product per conjugate-gradient step.
 *
 * @example
 * ```ts
 * import { mlp } from "eigenscope/networks";
 * import { naturalGradient, train } from "eigenscope/training";
 * const net = mlp({ sizes: [1, 1] });
 * const line = { inputs: [[-1], [0], [100]], targets: [[-1], [1], [201]] };
 * const optimizer = naturalGradient({ stepSize: 1, damping: 1e-9, tolerance: 1e-12 });
 * const { params } = train(net, line, { optimizer, steps: 2, params: new Float64Array(2) });
 * console.log(params.map((value) => Math.round(value * 1e4) / 1e4).join(" ")); // 2 1
 * ```
 */
export function naturalGradient(options: NaturalGradientOptions): Optimizer {
  const caller = "naturalGradient";
  requireOptions(options, ["stepSize", "damping", "tolerance", "maximumIterations"], caller);
  const stepSize = requirePositive(options.stepSize, "stepSize", caller);
  const damping = requirePositive(options.damping ?? 1e-3, "damping", caller);
  const tolerance = requireNumber(options.tolerance ?? 1e-6, "tolerance", caller, 0, 1);
  const maximumIterations = requireInteger(options.maximumIterations ?? 100, "maximumIterations", caller, 1);
  return {
    name: "natural gradient",
    stepSize,
    config: { stepSize, damping, tolerance, maximumIterations },
    stabilityLimit: null,
    start: () => ({
      step(params, gradient, { stepSize: eta, network, loss, batch }) {
        const point = expandLoss(network, params, batch, { loss });
        const direction = solveDamped(
          (v, out) => point.ggnProduct(v, out),
          gradient,
          damping,
          tolerance,
          maximumIterations,
        );
        for (let i = 0; i < params.length; i++) params[i] -= eta * direction[i];
      },
    }),
  };
}

/** Conjugate gradients for (A + λI) x = b from zero; the best iterate when the budget ends: each one is a descent direction. */
function solveDamped(
  product: (v: Float64Array, out: Float64Array) => void,
  b: Float64Array,
  damping: number,
  tolerance: number,
  maximumIterations: number,
): Float64Array {
  const n = b.length;
  const x = new Float64Array(n);
  const residual = b.slice();
  const direction = b.slice();
  const image = new Float64Array(n); // (A + λI) direction
  const target = tolerance * norm(b);
  let rho = dot(residual, residual);
  for (let step = 0; step < maximumIterations && Math.sqrt(rho) > target; step++) {
    product(direction, image);
    for (let i = 0; i < n; i++) image[i] += damping * direction[i];
    const curvature = dot(direction, image);
    if (!(curvature > 0)) break; // rounding: nothing is gained beyond this point
    const alpha = rho / curvature;
    for (let i = 0; i < n; i++) {
      x[i] += alpha * direction[i];
      residual[i] -= alpha * image[i];
    }
    const next = dot(residual, residual);
    for (let i = 0; i < n; i++) direction[i] = residual[i] + (next / rho) * direction[i];
    rho = next;
  }
  return x;
}

/** Options of {@link kfacDescent}. */
export interface KfacDescentOptions {
  /** Step size η > 0. */
  readonly stepSize: number;
  /** λ > 0 added to the approximation (default 1e-2). */
  readonly damping?: number;
  /** Steps between new factors (default 10). */
  readonly refreshEvery?: number;
  /** "kfac" (default) or "ekfac". */
  readonly variant?: "kfac" | "ekfac";
}

/**
 * K-FAC: θ ← θ − η (K + λI)⁻¹ g with K the Kronecker-factored approximation of the Gauss–Newton matrix of a recent batch.
 *
 * @throws {ArgumentError} for constants out of range
 * @see [martens2015]
 *
 * @example
 * ```ts
 * import { kfacDescent } from "eigenscope/training";
 * console.log(kfacDescent({ stepSize: 0.5 }).config["damping"]); // 0.01
 * ```
 */
export function kfacDescent(options: KfacDescentOptions): Optimizer {
  const caller = "kfacDescent";
  requireOptions(options, ["stepSize", "damping", "refreshEvery", "variant"], caller);
  const stepSize = requirePositive(options.stepSize, "stepSize", caller);
  const damping = requirePositive(options.damping ?? 1e-2, "damping", caller);
  const refreshEvery = requireInteger(options.refreshEvery ?? 10, "refreshEvery", caller, 1);
  const variant = options.variant ?? "kfac";
  return {
    name: variant,
    stepSize,
    config: { stepSize, damping, refreshEvery },
    stabilityLimit: null,
    start(n) {
      const direction = new Float64Array(n);
      let inverse: SymmetricOperator | null = null;
      let age = 0;
      return {
        step(params, gradient, { stepSize: eta, network, loss, batch }) {
          if (inverse === null || age >= refreshEvery) {
            inverse = kfac(network, params, batch, { variant, loss }).inverse(damping);
            age = 0;
          }
          age++;
          inverse.apply(gradient, direction);
          for (let i = 0; i < n; i++) params[i] -= eta * direction[i];
        },
      };
    },
  };
}
