import {
  ArgumentError,
  OptionError,
  describe,
  requireFinite,
  requireInteger,
  requireNumber,
  requireOptions,
} from "../core/index.js";
import { type Activation, type ActivationLike, activation } from "../special/index.js";
import {
  erfDual,
  geluDual,
  linearAbsoluteDual,
  polynomialDual,
  rectifierPowerDual,
  sineDual,
} from "./dual-closed-forms.js";
import { quadratureDual } from "./dual-quadrature.js";
import { type PairCovariance, type DualActivation, type DualFormula, emptyDual } from "./dual-record.js";

/**
 * Completes a covariance by its combinations, formed by subtraction: for pairs of which nothing better is known.
 *
 * @param k11 variance of u
 * @param k12 covariance
 * @param k22 variance of v
 *
 * @example
 * ```ts
 * import { covarianceOf } from "eigenscope/kernels";
 * const { gap, sum, sineSquared } = covarianceOf(1, 0.5, 1);
 * console.log(gap, sum, sineSquared); // 0.5 1.5 0.75
 * ```
 */
export function covarianceOf(k11: number, k12: number, k22: number): PairCovariance {
  const mean = (k11 + k22) / 2;
  return {
    k11,
    k12,
    k22,
    sineSquared: k11 > 0 && k22 > 0 ? Math.max(0, 1 - (k12 / k11) * (k12 / k22)) : 0,
    gap: mean - k12,
    sum: mean + k12,
    excess: k11 - k22,
  };
}

/** A polynomial activation Σ c_i s^i. */
export interface PolynomialActivation {
  /** Coefficients, constant first. */
  readonly polynomial: readonly number[];
}

/** A power of the rectifier, max(s, 0)^power. */
export interface RectifierPower {
  /** The power, 0 to 3. */
  readonly rectifierPower: number;
}

/** What {@link dualActivation} accepts. */
export type DualSource = ActivationLike | PolynomialActivation | RectifierPower | ((x: number) => number);

/** Options of {@link dualActivation} for a function given without its derivative. */
export interface DualActivationOptions {
  /** Derivative of a bare function; needed for NTKs, not for NNGPs. */
  readonly derivative?: (x: number) => number;
  /** Points where the function or its derivative jumps. */
  readonly kinks?: readonly number[];
  /** "auto" (closed form where there is one, default) or "quadrature" to force the general rule. */
  readonly method?: "auto" | "quadrature";
}

/**
 * Builds the dual activation of a function: the covariance map of one infinitely wide layer.
 *
 * Relation: value = E φ(u)φ(v), derivative = E φ′(u)φ′(v) = ∂ value/∂k12 for (u, v) ~ N(0, [[k11, k12], [k12, k22]]).
 * Closed forms: every a s + b|s| (relu, leaky-relu, abs, identity), erf, gelu (exact), sine, step, polynomials and powers
 * of the rectifier. Anything else is integrated: Hermite expansion or trapezoidal rule for smooth functions, polar coordinates
 * for kinks at 0, adaptive panels for kinks elsewhere.
 *
 * @param source  name, activation record, `{ polynomial }`, `{ rectifierPower }` or a function
 * @param options derivative and kinks of a bare function; `method: "quadrature"` to bypass closed forms
 * @throws {OptionError} for unknown names and options
 *
 * Accuracy: closed forms 4 ε; quadratures about 1e-14, estimated in `error`.
 * Cost: closed forms tens of ns; smooth functions about 1 ms per variance and 1 µs per pair; other quadratures 0.1 to 10 ms.
 * @see [cho2009]
 * @see [williams1996]
 *
 * @example
 * ```ts
 * import { dualActivation } from "eigenscope/kernels";
 * const { value, derivative } = dualActivation("tanh").evaluate(1, 0.5, 1);
 * console.log(value, derivative); // 0.1863244132 0.3847470284
 * ```
 */
export function dualActivation(source: DualSource, options: DualActivationOptions = {}): DualActivation {
  const caller = "dualActivation";
  requireOptions(options, ["derivative", "kinks", "method"], caller);
  const formula = formulaOf(source, options, caller);
  return {
    ...formula,
    evaluate(k11, k12, k22) {
      requireNumber(k11, "k11", caller, 0);
      requireNumber(k22, "k22", caller, 0);
      requireNumber(k12, "k12", caller);
      const determinant = k11 * k22 - k12 * k12;
      if (determinant < -8 * Number.EPSILON * k11 * k22) {
        throw new ArgumentError({
          function: caller,
          argument: "k12",
          expected: `at most sqrt(k11 k22) = ${Math.sqrt(k11 * k22)} in modulus`,
          got: describe(k12),
        });
      }
      const out = emptyDual();
      formula.evaluateInto(covarianceOf(k11, k12, k22), out);
      return out;
    },
  };
}

function formulaOf(source: DualSource, options: DualActivationOptions, caller: string): DualFormula {
  if (source !== null && typeof source === "object") {
    if ("polynomial" in source) {
      requireFinite(source.polynomial, "source.polynomial", caller);
      return polynomialDual(source.polynomial);
    }
    if ("rectifierPower" in source) {
      const power = requireInteger(source.rectifierPower, "source.rectifierPower", caller, 0, 3);
      return power === 1 ? linearAbsoluteDual("relu^1", { linear: 0.5, absolute: 0.5 }) : rectifierPowerDual(power);
    }
  }
  if (typeof source === "function") {
    const { derivative, kinks } = options;
    if (kinks !== undefined) requireFinite(kinks, "kinks", caller);
    const missing = (): number => {
      throw new OptionError({
        function: caller,
        argument: "option derivative",
        expected: "given where E φ′φ′ is needed",
        got: "undefined",
        remedy: "pass { derivative: (x) => φ′(x) }",
      });
    };
    const record = activation({ value: source, derivative: derivative ?? missing, kinks: kinks ?? [] });
    return quadratureDual(record, derivative !== undefined, false);
  }
  if (options.derivative !== undefined || options.kinks !== undefined) {
    throw new OptionError({
      function: caller,
      argument: "options derivative and kinks",
      expected: "given with a bare function only",
      got: describe(source),
    });
  }
  const record = activation(source as ActivationLike);
  // A record without φ″ was completed by a difference, which is no basis for an exact derivative.
  const exactSecond = typeof source === "string" || typeof source.secondDerivative === "function";
  return (
    (options.method === "quadrature" ? null : closedForm(record)) ??
    quadratureDual(record, record.name !== "step", exactSecond)
  );
}

function closedForm(record: Activation): DualFormula | null {
  if (record.linearAbsolute !== null) return linearAbsoluteDual(record.name, record.linearAbsolute);
  if (record !== activationOrNull(record.name)) return null; // a user's function that borrows a known name
  switch (record.name) {
    case "erf":
      return erfDual();
    case "gelu":
      return geluDual();
    case "sine":
      return sineDual();
    case "step":
      return rectifierPowerDual(0);
    default:
      return null;
  }
}

function activationOrNull(name: string): Activation | null {
  return name === "erf" || name === "gelu" || name === "sine" || name === "step" ? activation(name) : null;
}
