import {
  ArgumentError,
  describe,
  requireFinite,
  requireNumber,
  requireOneOf,
  requireOptions,
  exp,
  tanh,
  log1p,
  sin,
  cos,
} from "../core/index.js";
import { erf, normalCdf, normalPdf } from "./elementary.js";

/** The coefficients of φ(s) = linear · s + absolute · |s|, the family with closed kernels at every depth. */
export interface LinearAbsolute {
  /** Coefficient a of s. */
  readonly linear: number;
  /** Coefficient b of |s|. */
  readonly absolute: number;
}

/** A scalar activation function with the derivatives that training and kernels need. */
export interface Activation {
  /** Name, as given to {@link activation} or by the user. */
  readonly name: string;
  /** φ(x). */
  value(x: number): number;
  /** φ′(x); at a kink the value stated by {@link activation}. */
  derivative(x: number): number;
  /** φ″(x) away from the kinks; at a kink 0 (its point mass is not represented). */
  secondDerivative(x: number): number;
  /** Points where φ or one of its derivatives jumps, ascending: quadratures split there. */
  readonly kinks: readonly number[];
  /** φ(s) = a s + b |s|, or null for every other activation. */
  readonly linearAbsolute: LinearAbsolute | null;
}

/** Names understood by {@link activation}. */
export type ActivationName =
  | "relu"
  | "leaky-relu"
  | "abs"
  | "identity"
  | "step"
  | "tanh"
  | "sigmoid"
  | "softplus"
  | "gelu"
  | "silu"
  | "erf"
  | "sine";

/** Every name understood by {@link activation}. */
export const activationNames: readonly ActivationName[] = [
  "relu",
  "leaky-relu",
  "abs",
  "identity",
  "step",
  "tanh",
  "sigmoid",
  "softplus",
  "gelu",
  "silu",
  "erf",
  "sine",
];

/** Parameters of named activations. */
export interface ActivationOptions {
  /** Slope of "leaky-relu" for negative arguments, 0.01 by default; meaningless for the others. */
  readonly slope?: number;
}

/** What a user's own activation must supply; missing derivatives are an error where they are needed. */
export interface CustomActivation {
  /** Name to be echoed in results, "custom" by default. */
  readonly name?: string;
  /** φ(x). */
  readonly value: (x: number) => number;
  /** φ′(x). */
  readonly derivative: (x: number) => number;
  /** φ″(x); by default the central difference of φ′ with step 1e-5, good to about 1e-10. */
  readonly secondDerivative?: (x: number) => number;
  /** Points where φ or φ′ jumps; none by default. */
  readonly kinks?: readonly number[];
}

/** A name, a record as {@link activation} returns, or a user's own functions. */
export type ActivationLike = ActivationName | Activation | CustomActivation;

/**
 * Looks up an activation by name, or completes a user's own functions to a record.
 *
 * Relation: `derivative` and `secondDerivative` are φ′ and φ″ away from `kinks`. At the kink 0 the derivative is the
 * left one for "relu" and "leaky-relu" (0 and the slope, as in the common frameworks), 0 for "abs" and "step"; step(0) = 1/2.
 * "gelu" is the exact s Φ(s), not its tanh approximation.
 *
 * @param name    one of `activationNames`, an Activation (returned unchanged) or `{ value, derivative, … }`
 * @param options `slope` for "leaky-relu"
 * @throws {OptionError} for an unknown name or option
 * @throws {ArgumentError} when a custom record lacks a function
 *
 * Accuracy: a few ulp; tails keep relative accuracy (no 1 − tanh², no 1 + erf).
 * @see [hendrycks2016]
 *
 * @example
 * ```ts
 * import { activation } from "eigenscope/special";
 * const gelu = activation("gelu");
 * console.log(gelu.value(1), gelu.derivative(0)); // 0.841344746 0.5
 * ```
 */
export function activation(name: ActivationLike, options: ActivationOptions = {}): Activation {
  requireOptions(options, ["slope"], "activation");
  if (name !== null && typeof name === "object") return complete(name);
  const known = requireOneOf(name, activationNames, "name", "activation");
  if (known === "leaky-relu") return leakyRelu(options.slope ?? 0.01);
  if (options.slope !== undefined) {
    throw new ArgumentError({
      function: "activation",
      argument: "slope",
      expected: 'given for "leaky-relu" only',
      got: `slope ${describe(options.slope)} for "${known}"`,
    });
  }
  return named[known];
}

/**
 * The leaky rectifier max(x, 0) + slope · min(x, 0).
 *
 * @throws {NonFiniteError} when slope is NaN or infinite
 *
 * @example
 * ```ts
 * import { leakyRelu } from "eigenscope/special";
 * console.log(leakyRelu(0.1).value(-2)); // -0.2
 * ```
 */
export function leakyRelu(slope: number): Activation {
  requireNumber(slope, "slope", "leakyRelu");
  return piecewiseLinear(`leaky-relu(${slope})`, slope, 1);
}

function piecewiseLinear(name: string, left: number, right: number): Activation {
  return {
    name,
    value: (x) => (x > 0 ? right * x : left * x),
    derivative: (x) => (x > 0 ? right : left),
    secondDerivative: () => 0,
    kinks: left === right ? [] : [0],
    linearAbsolute: { linear: (left + right) / 2, absolute: (right - left) / 2 },
  };
}

function complete(given: Activation | CustomActivation): Activation {
  if ("linearAbsolute" in given) return given;
  for (const key of ["value", "derivative"] as const) {
    if (typeof given[key] !== "function") {
      throw new ArgumentError({
        function: "activation",
        argument: `name.${key}`,
        expected: "a function of one number",
        got: describe(given[key]),
        remedy: "pass a known name or { value, derivative, secondDerivative?, kinks? }",
      });
    }
  }
  const kinks = [...(given.kinks ?? [])].sort((a, b) => a - b);
  requireFinite(kinks, "name.kinks", "activation");
  const { derivative } = given;
  const step = 1e-5;
  return {
    name: given.name ?? "custom",
    value: given.value,
    derivative,
    secondDerivative: given.secondDerivative ?? ((x) => (derivative(x + step) - derivative(x - step)) / (2 * step)),
    kinks,
    linearAbsolute: null,
  };
}

/** 1/(1 + e^{−x}) without overflow; both tails keep relative accuracy. */
function logistic(x: number): number {
  if (x >= 0) return 1 / (1 + exp(-x));
  const e = exp(x);
  return e / (1 + e);
}

/** sech² x = 4 e^{−2|x|}/(1 + e^{−2|x|})²: the derivative of tanh without 1 − tanh². */
function squaredSech(x: number): number {
  const e = exp(-2 * Math.abs(x));
  return (4 * e) / ((1 + e) * (1 + e));
}

const smooth = { kinks: [], linearAbsolute: null } as const;

const named: Record<Exclude<ActivationName, "leaky-relu">, Activation> = {
  relu: {
    name: "relu",
    value: (x) => (x > 0 ? x : 0 * x), // 0 · x: NaN goes through
    derivative: (x) => (x > 0 ? 1 : 0),
    secondDerivative: () => 0,
    kinks: [0],
    linearAbsolute: { linear: 0.5, absolute: 0.5 },
  },
  abs: {
    name: "abs",
    value: (x) => Math.abs(x),
    derivative: (x) => (x > 0 ? 1 : x < 0 ? -1 : 0),
    secondDerivative: () => 0,
    kinks: [0],
    linearAbsolute: { linear: 0, absolute: 1 },
  },
  identity: {
    name: "identity",
    value: (x) => x,
    derivative: () => 1,
    secondDerivative: () => 0,
    kinks: [],
    linearAbsolute: { linear: 1, absolute: 0 },
  },
  step: {
    name: "step",
    value: (x) => (x > 0 ? 1 : x < 0 ? 0 : 0.5 + 0 * x),
    derivative: () => 0,
    secondDerivative: () => 0,
    kinks: [0],
    linearAbsolute: null,
  },
  tanh: {
    ...smooth,
    name: "tanh",
    value: (x) => tanh(x),
    derivative: squaredSech,
    secondDerivative: (x) => -2 * tanh(x) * squaredSech(x),
  },
  sigmoid: {
    ...smooth,
    name: "sigmoid",
    value: logistic,
    derivative: (x) => squaredSech(x / 2) / 4,
    secondDerivative: (x) => (-squaredSech(x / 2) * tanh(x / 2)) / 4,
  },
  softplus: {
    ...smooth,
    name: "softplus",
    value: (x) => Math.max(x, 0) + log1p(exp(-Math.abs(x))),
    derivative: logistic,
    secondDerivative: (x) => squaredSech(x / 2) / 4,
  },
  gelu: {
    ...smooth,
    name: "gelu",
    value: (x) => x * normalCdf(x),
    derivative: (x) => normalCdf(x) + x * normalPdf(x),
    secondDerivative: (x) => normalPdf(x) * (2 - x * x),
  },
  silu: {
    ...smooth,
    name: "silu",
    value: (x) => x * logistic(x),
    derivative: (x) => logistic(x) + (x * squaredSech(x / 2)) / 4,
    secondDerivative: (x) => (squaredSech(x / 2) * (2 - x * tanh(x / 2))) / 4,
  },
  erf: {
    ...smooth,
    name: "erf",
    value: erf,
    derivative: (x) => (2 / Math.sqrt(Math.PI)) * exp(-x * x),
    secondDerivative: (x) => (-4 / Math.sqrt(Math.PI)) * x * exp(-x * x),
  },
  sine: {
    ...smooth,
    name: "sine",
    value: (x) => sin(x),
    derivative: (x) => cos(x),
    secondDerivative: (x) => -sin(x),
  },
};

/**
 * Whether an activation itself jumps at one of its kinks, not only its derivative: then E φ′² is infinite, and neither an NTK nor
 * an edge of chaos exists.
 *
 * Relation: |φ(k + h) − φ(k − h)| beyond ten times what the slopes on both sides explain, h = 1e-8 max(1, |k|).
 *
 * @param phi activation with its kinks stated
 *
 * @example
 * ```ts
 * import { activation, hasJump } from "eigenscope/special";
 * console.log(hasJump(activation("step")), hasJump(activation("relu"))); // true false
 * ```
 */
export function hasJump(phi: Activation): boolean {
  return phi.kinks.some((kink) => {
    const h = 1e-8 * Math.max(1, Math.abs(kink));
    const [below, above] = [phi.value(kink - h), phi.value(kink + h)];
    const slopes = Math.abs(phi.derivative(kink - h)) + Math.abs(phi.derivative(kink + h));
    return Math.abs(above - below) > 10 * h * slopes + 1e-12 * (Math.abs(above) + Math.abs(below));
  });
}
