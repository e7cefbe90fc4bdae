import { requireInteger, requireNumber, requireOneOf, requireOptions, requirePositive } from "../core/index.js";
import { kfac } from "../curvature/index.js";
import { cg } from "../krylov/index.js";
import { expandLoss, type LossExpansion } from "../networks/index.js";
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
 * so every direction is one of descent, whatever the Hessian; the step along it may still be too long.
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
  requireOptions(options, ["stepSize", "damping", "tolerance", "maximumIterations"], caller, "required");
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
        // Conjugate gradients from zero: every iterate is a descent direction, so that an exhausted budget still steps downhill.
        const { solution: direction } = cg(damped(point, damping), gradient, {
          tolerance,
          maximumMatvecs: maximumIterations + 2,
        });
        for (let i = 0; i < params.length; i++) params[i] -= eta * direction[i];
      },
    }),
  };
}

/** G + λI as an operator. */
function damped(point: LossExpansion, damping: number): SymmetricOperator {
  const n = point.network.parameterCount;
  return {
    rows: n,
    cols: n,
    symmetric: true,
    apply(v, out) {
      point.ggnProduct(v, out);
      for (let i = 0; i < n; i++) out[i] += damping * v[i];
    },
  };
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
  requireOptions(options, ["stepSize", "damping", "refreshEvery", "variant"], caller, "required");
  const stepSize = requirePositive(options.stepSize, "stepSize", caller);
  const damping = requirePositive(options.damping ?? 1e-2, "damping", caller);
  const refreshEvery = requireInteger(options.refreshEvery ?? 10, "refreshEvery", caller, 1);
  const variant = requireOneOf(options.variant ?? "kfac", ["kfac", "ekfac"] as const, "variant", caller);
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
