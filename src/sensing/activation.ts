import {
  ArgumentError,
  describe,
  requireNumber,
  requireOneOf,
  requireOptions,
  tanh,
  exp,
  expm1,
} from "../core/index.js";
import { gaussLegendre } from "../special/index.js";

/** Names understood by {@link spectralActivation}. */
export type SpectralActivationName = "tanh" | "identity" | "softsat" | "expsat" | "sig0" | "sigmoid";

/** Every name understood by {@link spectralActivation}; "sigmoid" only with `allowJump`. */
export const spectralActivationNames: readonly SpectralActivationName[] = [
  "tanh",
  "identity",
  "softsat",
  "expsat",
  "sig0",
  "sigmoid",
];

/** A scalar function γ on singular values, x >= 0, with what the calculus of the spectral map needs. */
export interface SpectralActivation {
  /** Name, as given to {@link spectralActivation} or by the user. */
  readonly name: string;
  /** γ(x) for x >= 0. */
  value(x: number): number;
  /** γ′(x) for x >= 0; at 0 the right derivative. */
  derivative(x: number): number;
  /** (γ(a) − γ(b)) / (a − b) without cancellation, γ′(a) for a = b. */
  dividedDifference(a: number, b: number): number;
  /** sup γ, Infinity when unbounded: with fixed weights α the network reaches nothing beyond Σ α sup γ. */
  readonly supremum: number;
  /** γ(0): zero for every activation that makes the spectral map a continuous function of the matrix. */
  readonly valueAtZero: number;
}

/** What a user's own activation must supply. */
export interface CustomSpectralActivation {
  /** Name to be echoed in results, "custom" by default. */
  readonly name?: string;
  /** γ(x) for x >= 0, with γ(0) = 0. */
  readonly value: (x: number) => number;
  /** γ′(x) for x >= 0. */
  readonly derivative: (x: number) => number;
  /** sup γ; Infinity by default. */
  readonly supremum?: number;
}

/** A name, a record as {@link spectralActivation} returns, or a user's own functions. */
export type SpectralActivationLike = SpectralActivationName | SpectralActivation | CustomSpectralActivation;

/** Options of {@link spectralActivation}. */
export interface SpectralActivationOptions {
  /** Accept γ(0) ≠ 0 to demonstrate what goes wrong; default false. */
  readonly allowJump?: boolean;
}

const CALLER = "spectralActivation";
const CLOSE = 0.1; // below this distance the difference quotient of a general γ loses digits and quadrature of γ′ does not
const rule = /* @__PURE__ */ (() => {
  let cached: ReturnType<typeof gaussLegendre> | null = null;
  return () => (cached ??= gaussLegendre(8));
})();

/**
 * Looks up an activation for singular values by name, or completes a user's own functions.
 *
 * Relation: the spectral map Γ(W) = P diag(γ(s)) Qᵀ is a function of W (independent of the choice of singular vectors)
 * and continuous only if γ(0) = 0; its derivative at a matrix with singular values s, t involves
 * (γ(s) + γ(t)) / (s + t), which grows like 2 γ(0) / (s + t) otherwise. Hence γ(0) ≠ 0 is refused.
 * Signed arguments use the odd extension sgn(w) γ(|w|). On singular values relu is the identity.
 *
 * | name | γ(x) | sup γ |
 * |---|---|---|
 * | tanh | tanh x | 1 |
 * | identity | x | ∞ |
 * | softsat | x / (1 + x) | 1 |
 * | expsat | 1 − e^(−x) | 1 |
 * | sig0 | tanh(x/2) | 1 |
 * | sigmoid | 1 / (1 + e^(−x)), γ(0) = 1/2 | 1 |
 *
 * @param name one of the names above, a record of this function, or `{ value, derivative, … }`
 * @param options `allowJump` accepts γ(0) ≠ 0
 * @throws {OptionError} for an unknown name
 * @throws {ArgumentError} when γ(0) ≠ 0 without `allowJump`, or a custom record lacks a function
 *
 * Accuracy: divided differences to a few ulp for the named ones; about 1e-15 relative for smooth custom ones (8-point
 * Gauss–Legendre of γ′ for arguments closer than 0.1, the quotient beyond).
 * @see [chu2024]
 * @example
 * ```ts
 * import { spectralActivation } from "eigenscope/sensing";
 * const softsat = spectralActivation("softsat");
 * console.log(softsat.value(3), softsat.dividedDifference(3, 1)); // 0.75 0.125
 * ```
 */
export function spectralActivation(
  name: SpectralActivationLike,
  options: SpectralActivationOptions = {},
): SpectralActivation {
  requireOptions(options, ["allowJump"], CALLER);
  const found = typeof name === "string" ? lookUp(name) : complete(name);
  if (found.valueAtZero !== 0 && options.allowJump !== true) {
    throw new ArgumentError({
      function: CALLER,
      argument: "name",
      expected: "an activation with γ(0) = 0",
      got: `"${found.name}" with γ(0) = ${found.valueAtZero}`,
      remedy:
        "the map would jump at every rank-deficient matrix and its derivative blow up like γ(0)/s; use sig0 = tanh(x/2) instead of sigmoid, or pass allowJump: true to see it happen",
    });
  }
  return found;
}

/** sgn(w) γ(|w|): how γ acts on the signed diagonal of W = Φ diag(w) Ψᵀ. */
export function oddExtension(gamma: SpectralActivation, w: number): number {
  if (w === 0) return 0; // the middle value of the jump, if there is one
  return w > 0 ? gamma.value(w) : -gamma.value(-w);
}

function lookUp(name: string): SpectralActivation {
  const known = requireOneOf(name as SpectralActivationName, spectralActivationNames, "name", CALLER);
  return named[known];
}

/** tanh(c x) with its divided difference sinh(cδ) / (δ cosh(ca) cosh(cb)), written so that nothing overflows. */
function scaledTanh(name: string, c: number): SpectralActivation {
  return {
    name,
    supremum: 1,
    valueAtZero: 0,
    value: (x) => tanh(c * x),
    derivative: (x) => c * sech2(c * x),
    dividedDifference(a, b) {
      const upper = Math.max(a, b);
      const lower = Math.min(a, b);
      const delta = upper - lower;
      if (delta === 0) return c * sech2(c * upper);
      const eu = exp(-2 * c * upper);
      const el = exp(-2 * c * lower);
      return (2 * el * -expm1(-2 * c * delta)) / (delta * (1 + eu) * (1 + el));
    },
  };
}

/** 1 / cosh², from exponentials: 1 − tanh² would lose all digits for large x. */
function sech2(x: number): number {
  const e = exp(-2 * Math.abs(x));
  return (4 * e) / ((1 + e) * (1 + e));
}

const named: Readonly<Record<SpectralActivationName, SpectralActivation>> = {
  tanh: scaledTanh("tanh", 1),
  sig0: scaledTanh("sig0", 0.5),
  identity: {
    name: "identity",
    supremum: Infinity,
    valueAtZero: 0,
    value: (x) => x,
    derivative: () => 1,
    dividedDifference: () => 1,
  },
  softsat: {
    name: "softsat",
    supremum: 1,
    valueAtZero: 0,
    value: (x) => x / (1 + x),
    derivative: (x) => 1 / ((1 + x) * (1 + x)),
    dividedDifference: (a, b) => 1 / ((1 + a) * (1 + b)),
  },
  expsat: {
    name: "expsat",
    supremum: 1,
    valueAtZero: 0,
    value: (x) => -expm1(-x),
    derivative: (x) => exp(-x),
    dividedDifference(a, b) {
      const delta = Math.abs(a - b);
      const lower = exp(-Math.min(a, b));
      return delta === 0 ? lower : (lower * -expm1(-delta)) / delta;
    },
  },
  sigmoid: {
    name: "sigmoid",
    supremum: 1,
    valueAtZero: 0.5,
    value: (x) => 1 / (1 + exp(-x)),
    derivative: (x) => sech2(x / 2) / 4,
    // sigmoid(x) = 1/2 + tanh(x/2)/2: the constant drops out of the difference.
    dividedDifference: (a, b) => 0.5 * named.sig0.dividedDifference(a, b),
  },
};

function complete(custom: SpectralActivation | CustomSpectralActivation): SpectralActivation {
  if (custom === null || typeof custom !== "object") {
    const expected = "a name or a record { value, derivative }";
    throw new ArgumentError({ function: CALLER, argument: "name", expected, got: describe(custom) });
  }
  if ("dividedDifference" in custom) return custom;
  requireOptions(custom, ["name", "value", "derivative", "supremum"], CALLER);
  const { value, derivative } = custom;
  if (typeof value !== "function" || typeof derivative !== "function") {
    const expected = "a record with functions value and derivative";
    throw new ArgumentError({ function: CALLER, argument: "name", expected, got: describe(custom) });
  }
  return {
    name: custom.name ?? "custom",
    value,
    derivative,
    supremum: custom.supremum ?? Infinity,
    valueAtZero: requireNumber(value(0), "γ(0)", CALLER),
    dividedDifference: (a, b) => generalDividedDifference(value, derivative, a, b),
  };
}

/** Mean of γ′ over [b, a] by quadrature for close arguments, the quotient for distant ones. */
export function generalDividedDifference(
  value: (x: number) => number,
  derivative: (x: number) => number,
  a: number,
  b: number,
): number {
  const half = 0.5 * (a - b);
  if (half === 0) return derivative(a);
  if (Math.abs(a - b) >= CLOSE) return (value(a) - value(b)) / (a - b);
  const middle = 0.5 * (a + b);
  const { nodes, weights } = rule();
  let sum = 0;
  for (let i = 0; i < nodes.length; i++) sum += weights[i] * derivative(middle + half * nodes[i]);
  return 0.5 * sum;
}
