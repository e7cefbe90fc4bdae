import {
  ArgumentError,
  AsymmetricError,
  describe,
  dot,
  EPSILON,
  norm,
  requireInteger,
  requireOneOf,
  requireOptions,
  requirePositive,
  requireVector,
  ShapeError,
  cbrt,
} from "../core/index.js";
import { fromFunction, type Product, type SymmetricOperator } from "../operators/index.js";
import { fillNormal, type Rng } from "../random/index.js";

/** Options of {@link operatorFromHvp}. */
export interface OperatorFromHvpOptions {
  /** Random test vectors. */
  readonly rng: Rng;
  /** Arithmetic of the foreign code: sets the default tolerance (1e-9, or 1e-4 for "float32"). */
  readonly precision?: "float64" | "float32";
  /** Largest allowed |uᵀHv − vᵀHu| relative to ‖u‖‖Hv‖ + ‖v‖‖Hu‖, and change between two equal calls. */
  readonly tolerance?: number;
  /** Pairs of test vectors (default 2). */
  readonly checks?: number;
  /**
   * The same Hessian by another way, such as {@link operatorFromGradient}: products that differ are refused. Symmetry alone does not find
   * second derivatives that a framework leaves out on both sides.
   */
  readonly reference?: SymmetricOperator;
}

/** A foreign operator with what was found when it was checked. */
export interface CheckedOperator extends SymmetricOperator {
  /** Largest relative asymmetry found. */
  readonly asymmetry: number;
  /** Largest relative change between two calls with the same vector. */
  readonly variation: number;
  /** Largest relative difference from the reference, or null without one. */
  readonly disagreement: number | null;
  /** The tolerance of the checks; a reference by differences adds its own error estimate. */
  readonly tolerance: number;
}

/**
 * Makes an operator of a Hessian-vector product that another framework computes, after checking that it is symmetric, repeatable and,
 * where a reference is given, the Hessian.
 *
 * Relation: apply(v) is what the function gives for v. A product that is not symmetric (wrong second derivatives, batch normalisation in
 * training mode) or changes between calls (dropout, mini-batches) is refused here, before a spectrum is built on it. A framework may lose
 * second derivatives symmetrically: tfjs does for tanh, sigmoid, exp and softmax. Only a reference finds that.
 *
 * @param n number of parameters
 * @param product fills `out` or returns an array (any kind of numbers)
 * @throws {AsymmetricError} when uᵀHv and vᵀHu differ beyond the tolerance
 * @throws {ArgumentError} when two calls with one vector differ beyond it, a product is not finite, or it is not that of the reference
 * @throws {ShapeError} when the reference is of another order
 *
 * Cost: three products per check, and one of the reference.
 *
 * @example
 * ```ts
 * import { operatorFromHvp } from "eigenscope/curvature";
 * import { createRng } from "eigenscope/random";
 * const H = operatorFromHvp(2, ([a = 0, b = 0]) => [2 * a + b, a + 3 * b], { rng: createRng(1) });
 * console.log(H.asymmetry < 1e-15, H.variation); // true 0
 * ```
 */
export function operatorFromHvp(n: number, product: Product, options: OperatorFromHvpOptions): CheckedOperator {
  const caller = "operatorFromHvp";
  requireOptions(options, ["rng", "precision", "tolerance", "checks", "reference"], caller);
  requireInteger(n, "n", caller, 1);
  const precision = requireOneOf(options.precision ?? "float64", ["float64", "float32"] as const, "precision", caller);
  const tolerance = requirePositive(options.tolerance ?? (precision === "float64" ? 1e-9 : 1e-4), "tolerance", caller);
  const checks = requireInteger(options.checks ?? 2, "checks", caller, 1);
  const operator = fromFunction(n, product, { symmetric: true });
  const { reference } = options;
  if (reference !== undefined && reference.rows !== n) {
    throw new ShapeError({
      function: caller,
      argument: "reference",
      expected: `of order ${n}`,
      got: `order ${reference.rows}`,
    });
  }
  let asymmetry = 0;
  let variation = 0;
  let disagreement = 0;
  let allowed = tolerance;
  for (let check = 0; check < checks; check++) {
    const u = fillNormal(options.rng, new Float64Array(n));
    const v = fillNormal(options.rng, new Float64Array(n));
    const Hu = multiply(operator, u, caller);
    const Hv = multiply(operator, v, caller);
    const again = multiply(operator, u, caller);
    const scale = norm(u) * norm(Hv) + norm(v) * norm(Hu);
    if (scale === 0) continue;
    const size = norm(Hu);
    for (let i = 0; i < n; i++) again[i] -= Hu[i];
    variation = Math.max(variation, size === 0 ? norm(again) : norm(again) / size);
    asymmetry = Math.max(asymmetry, Math.abs(dot(u, Hv) - dot(v, Hu)) / scale);
    if (reference === undefined) continue;
    const expected = new Float64Array(n);
    reference.apply(u, expected);
    const length = Math.max(size, norm(expected));
    for (let i = 0; i < n; i++) expected[i] -= Hu[i];
    disagreement = Math.max(disagreement, length === 0 ? 0 : norm(expected) / length);
    allowed = Math.max(allowed, tolerance + errorOf(reference));
  }
  if (variation > tolerance) {
    throw new ArgumentError({
      function: caller,
      argument: "product",
      expected: `the same for the same vector, to ${tolerance}`,
      got: `a relative change of ${variation.toExponential(2)} between two calls`,
      remedy: "switch off dropout and mini-batch sampling, fix the seed",
    });
  }
  if (asymmetry > tolerance) {
    throw new AsymmetricError({
      function: caller,
      argument: "product",
      expected: `symmetric, |uᵀHv − vᵀHu| within ${tolerance} of its scale`,
      got: `a relative asymmetry of ${asymmetry.toExponential(2)}`,
      remedy:
        "the framework's second derivatives may be wrong: use operatorFromGradient, or check them by finite differences",
    });
  }
  if (disagreement > allowed) {
    throw new ArgumentError({
      function: caller,
      argument: "product",
      expected: `that of the reference, to ${allowed.toExponential(2)}`,
      got: `a relative difference of ${disagreement.toExponential(2)}`,
      remedy:
        "the framework leaves out second derivatives: use the reference itself, or give it activations whose derivatives it can differentiate",
    });
  }
  return { ...operator, asymmetry, variation, disagreement: reference === undefined ? null : disagreement, tolerance };
}

/** The error estimate of the last product of an operator by differences; 0 for others. */
function errorOf(reference: SymmetricOperator): number {
  return "lastError" in reference ? (reference as DifferenceOperator).lastError() : 0;
}

function multiply(A: SymmetricOperator, x: Float64Array, caller: string): Float64Array {
  const out = new Float64Array(A.rows);
  A.apply(x, out);
  if (!out.every(Number.isFinite)) {
    throw new ArgumentError({
      function: caller,
      argument: "product",
      expected: "finite",
      got: "NaN or infinite entries for a random vector",
    });
  }
  return out;
}

/** A gradient as users write it: fill `out`, or return the gradient as an array. */
export type GradientFunction = (params: Float64Array, out: Float64Array) => void | ArrayLike<number>;

/** Options of {@link operatorFromGradient}. */
export interface OperatorFromGradientOptions {
  /** Arithmetic of the gradient: sets the step (default "float64"). */
  readonly precision?: "float64" | "float32";
  /** Length of the step in parameter space; by default cbrt(ε) · max(1, ‖params‖/√n). */
  readonly step?: number;
}

/** Hessian products by differences of gradients, with their error estimates. */
export interface DifferenceOperator extends SymmetricOperator {
  /** Estimated ‖error‖ of the last product over the norm of that product; NaN never appears: before the first product it is 0. */
  readonly lastError: () => number;
  /** Largest of these estimates so far. */
  readonly largestError: () => number;
  /** Gradient evaluations so far. */
  readonly gradients: () => number;
  /** Step length used. */
  readonly step: number;
}

/**
 * Makes a Hessian operator of a gradient function alone, by central differences of two steps.
 *
 * Relation: with D(h) = (g(θ + h v̂) − g(θ − h v̂))/2h, the product is ‖v‖ (4 D(h/2) − D(h))/3, whose truncation error is O(h⁴); the error
 * estimate is the change |D(h) − D(h/2)|/3 that the extrapolation removed plus the rounding ε‖g‖/h.
 * For networks of this library use `hessian`: it is exact.
 *
 * @param params θ, copied
 * @param gradient fills `out` or returns the gradient at the given parameters
 * @throws {ArgumentError} when gradient is not a function
 *
 * Accuracy: `lastError` per product; about 1e-9 relative in float64, 1e-3 in float32. Cost: four gradients per product.
 *
 * @example
 * ```ts
 * import { operatorFromGradient } from "eigenscope/curvature";
 * const H = operatorFromGradient(Float64Array.of(1, 2), ([x = 0, y = 0]) => [x ** 3 + y, x + 4 * y]);
 * const out = new Float64Array(2);
 * H.apply(Float64Array.of(1, 0), out);
 * console.log(out[0].toFixed(6), out[1].toFixed(6), H.lastError() < 1e-6); // 3.000000 1.000000 true
 * ```
 */
export function operatorFromGradient(
  params: Float64Array,
  gradient: GradientFunction,
  options: OperatorFromGradientOptions = {},
): DifferenceOperator {
  const caller = "operatorFromGradient";
  requireOptions(options, ["precision", "step"], caller);
  const theta = requireVector(params, null, "params", caller).slice();
  if (typeof gradient !== "function") {
    throw new ArgumentError({
      function: caller,
      argument: "gradient",
      expected: "a function (params, out)",
      got: describe(gradient),
    });
  }
  const precision = requireOneOf(options.precision ?? "float64", ["float64", "float32"] as const, "precision", caller);
  const unit = precision === "float64" ? EPSILON : 2 ** -23;
  const n = theta.length;
  const step =
    options.step === undefined
      ? cbrt(unit) * Math.max(1, norm(theta) / Math.sqrt(Math.max(1, n)))
      : requirePositive(options.step, "step", caller);
  let last = 0;
  let largest = 0;
  let evaluations = 0;
  const at = (v: Float64Array, factor: number): Float64Array => {
    const point = theta.map((value, i) => value + factor * v[i]);
    const out = new Float64Array(n);
    const returned = gradient(point, out);
    evaluations++;
    return returned === undefined ? out : Float64Array.from(returned);
  };
  return {
    rows: n,
    cols: n,
    symmetric: true,
    step,
    lastError: () => last,
    largestError: () => largest,
    gradients: () => evaluations,
    apply(v, out) {
      const length = norm(v);
      if (length === 0) {
        out.fill(0);
        return;
      }
      const wide = difference(at, v, step, length);
      const narrow = difference(at, v, step / 2, length);
      let change = 0;
      for (let i = 0; i < n; i++) {
        const correction = (narrow.values[i] - wide.values[i]) / 3;
        change += correction * correction;
        out[i] = length * (narrow.values[i] + correction);
      }
      const rounding = (unit * narrow.gradientNorm) / (step / 2);
      const size = norm(out) / length;
      last = size === 0 ? Math.sqrt(change) + rounding : (Math.sqrt(change) + rounding) / size;
      largest = Math.max(largest, last);
    },
  };
}

function difference(
  at: (v: Float64Array, factor: number) => Float64Array,
  v: Float64Array,
  step: number,
  length: number,
): { readonly values: Float64Array; readonly gradientNorm: number } {
  const plus = at(v, step / length);
  const minus = at(v, -step / length);
  return { values: plus.map((value, i) => (value - minus[i]) / (2 * step)), gradientNorm: norm(plus) };
}
