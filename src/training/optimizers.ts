import { ArgumentError, describe, requireNumber, requireOptions, requirePositive, pow } from "../core/index.js";
import type { Optimizer } from "./optimizer.js";

/** Options of {@link gradientDescent}. */
export interface GradientDescentOptions {
  /** Step size η > 0. */
  readonly stepSize: number;
}

/**
 * Gradient descent: θ ← θ − η g.
 *
 * Relation: on a quadratic of curvature λ the distance to the minimiser is multiplied by |1 − ηλ| at each step: stable
 * iff ηλ < 2.
 *
 * @throws {ArgumentError} when the step size is not a finite number > 0
 *
 * @example
 * ```ts
 * import { gradientDescent } from "eigenscope/training";
 * console.log(gradientDescent({ stepSize: 0.1 }).stabilityLimit); // 2
 * ```
 */
export function gradientDescent(options: GradientDescentOptions): Optimizer {
  requireOptions(options, ["stepSize"], "gradientDescent", "required");
  const stepSize = requirePositive(options.stepSize, "stepSize", "gradientDescent");
  return {
    name: "gradient descent",
    stepSize,
    config: { stepSize },
    stabilityLimit: 2,
    start: () => ({
      step(params, gradient, context) {
        for (let i = 0; i < params.length; i++) params[i] -= context.stepSize * gradient[i];
      },
    }),
  };
}

/** Options of {@link momentum}. */
export interface MomentumOptions {
  /** Step size η > 0. */
  readonly stepSize: number;
  /** γ in [0, 1) (default 0.9). */
  readonly momentum?: number;
  /** Nesterov's variant (default false: heavy ball). */
  readonly nesterov?: boolean;
}

/**
 * Momentum. Heavy ball: v ← γ v + η g, θ ← θ − v. Nesterov: v ← γ v + η g, θ ← θ − (η g + γ v), with θ the point at
 * which the gradient is taken.
 *
 * Relation: on a quadratic of curvature λ, stable iff ηλ < 2(1 + γ) (heavy ball) or ηλ < (2 + 2γ)/(1 + 2γ) (Nesterov).
 *
 * @throws {ArgumentError} when γ is not in [0, 1)
 * @see [polyak1964]
 *
 * @example
 * ```ts
 * import { momentum } from "eigenscope/training";
 * console.log(momentum({ stepSize: 0.1, momentum: 0.9 }).stabilityLimit); // 3.8
 * ```
 */
export function momentum(options: MomentumOptions): Optimizer {
  requireOptions(options, ["stepSize", "momentum", "nesterov"], "momentum", "required");
  const stepSize = requirePositive(options.stepSize, "stepSize", "momentum");
  const gamma = requireFraction(options.momentum ?? 0.9, "momentum", "momentum");
  const nesterov = options.nesterov ?? false;
  return {
    name: nesterov ? "nesterov" : "momentum",
    stepSize,
    config: { stepSize, momentum: gamma, nesterov },
    stabilityLimit: nesterov ? (2 + 2 * gamma) / (1 + 2 * gamma) : 2 * (1 + gamma),
    start(n) {
      const v = new Float64Array(n); // velocity
      return {
        step(params, gradient, context) {
          const eta = context.stepSize;
          for (let i = 0; i < n; i++) {
            v[i] = gamma * v[i] + eta * gradient[i];
            params[i] -= nesterov ? eta * gradient[i] + gamma * v[i] : v[i];
          }
        },
      };
    },
  };
}

/** Options of {@link adam}. */
export interface AdamOptions {
  /** Step size η > 0. */
  readonly stepSize: number;
  /** Decay of the mean of gradients, in [0, 1) (default 0.9). */
  readonly beta1?: number;
  /** Decay of the mean of squared gradients, in [0, 1) (default 0.999). */
  readonly beta2?: number;
  /** Added to the square root (default 1e-8). */
  readonly epsilon?: number;
}

/**
 * Adam: m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², θ ← θ − η m̂ / (√v̂ + ε) with bias-corrected m̂, v̂.
 *
 * Relation: near a point where v̂ is settled this is momentum by averages on P^{-1/2} H P^{-1/2}, P = diag(√v̂ + ε), stable
 * iff η λ_max < (2 + 2β₁)/(1 − β₁) (38 for β₁ = 0.9).
 *
 * @throws {ArgumentError} for constants out of range
 * @see [kingma2015]
 * @see [cohen2022]
 *
 * @example
 * ```ts
 * import { adam } from "eigenscope/training";
 * console.log(adam({ stepSize: 1e-3 }).stabilityLimit?.toFixed(6)); // 38.000000
 * ```
 */
export function adam(options: AdamOptions): Optimizer {
  requireOptions(options, ["stepSize", "beta1", "beta2", "epsilon"], "adam", "required");
  const stepSize = requirePositive(options.stepSize, "stepSize", "adam");
  const beta1 = requireFraction(options.beta1 ?? 0.9, "beta1", "adam");
  const beta2 = requireFraction(options.beta2 ?? 0.999, "beta2", "adam");
  const epsilon = requirePositive(options.epsilon ?? 1e-8, "epsilon", "adam");
  return {
    name: "adam",
    stepSize,
    config: { stepSize, beta1, beta2, epsilon },
    stabilityLimit: (2 + 2 * beta1) / (1 - beta1),
    start(n) {
      const m = new Float64Array(n); // mean of gradients
      const v = new Float64Array(n); // mean of squared gradients
      let t = 0;
      return {
        step(params, gradient, context) {
          t++;
          const first = context.stepSize / (1 - pow(beta1, t));
          const second = 1 / (1 - pow(beta2, t));
          for (let i = 0; i < n; i++) {
            const g = gradient[i];
            m[i] = beta1 * m[i] + (1 - beta1) * g;
            v[i] = beta2 * v[i] + (1 - beta2) * g * g;
            params[i] -= (first * m[i]) / (Math.sqrt(v[i] * second) + epsilon);
          }
        },
        preconditioner: () => (t === 0 ? null : v.map((value) => Math.sqrt(value / (1 - pow(beta2, t))) + epsilon)),
      };
    },
  };
}

/** Options of {@link rmsprop}. */
export interface RmspropOptions {
  /** Step size η > 0. */
  readonly stepSize: number;
  /** Decay of the mean of squared gradients, in [0, 1) (default 0.99). */
  readonly decay?: number;
  /** Added to the square root (default 1e-8). */
  readonly epsilon?: number;
}

/**
 * RMSProp: v ← β v + (1 − β) g², θ ← θ − η g / (√v + ε).
 *
 * Relation: gradient descent on P^{-1/2} H P^{-1/2} with P = diag(√v + ε), stable iff η λ_max < 2 of that matrix.
 *
 * @throws {ArgumentError} for constants out of range
 *
 * @example
 * ```ts
 * import { rmsprop } from "eigenscope/training";
 * console.log(rmsprop({ stepSize: 1e-3 }).config["decay"]); // 0.99
 * ```
 */
export function rmsprop(options: RmspropOptions): Optimizer {
  requireOptions(options, ["stepSize", "decay", "epsilon"], "rmsprop", "required");
  const stepSize = requirePositive(options.stepSize, "stepSize", "rmsprop");
  const decay = requireFraction(options.decay ?? 0.99, "decay", "rmsprop");
  const epsilon = requirePositive(options.epsilon ?? 1e-8, "epsilon", "rmsprop");
  return {
    name: "rmsprop",
    stepSize,
    config: { stepSize, decay, epsilon },
    stabilityLimit: 2,
    start(n) {
      const v = new Float64Array(n); // mean of squared gradients
      let started = false;
      return {
        step(params, gradient, context) {
          started = true;
          for (let i = 0; i < n; i++) {
            v[i] = decay * v[i] + (1 - decay) * gradient[i] * gradient[i];
            params[i] -= (context.stepSize * gradient[i]) / (Math.sqrt(v[i]) + epsilon);
          }
        },
        preconditioner: () => (started ? v.map((value) => Math.sqrt(value) + epsilon) : null),
      };
    },
  };
}

function requireFraction(value: unknown, argument: string, caller: string): number {
  const number = requireNumber(value, argument, caller);
  if (number < 0 || number >= 1) {
    throw new ArgumentError({ function: caller, argument, expected: "a number in [0, 1)", got: describe(value) });
  }
  return number;
}
