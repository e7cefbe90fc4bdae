import {
  ArgumentError,
  cbrt,
  describe,
  EPSILON,
  norm,
  requireFinite,
  requireOneOf,
  requireOptions,
  requirePositive,
  requireVector,
  ShapeError,
} from "../core/index.js";
import {
  type AsyncProduct,
  type AsyncSymmetricOperator,
  fromAsyncFunction,
  fromFunction,
  type Product,
  type SymmetricOperator,
} from "../operators/index.js";
import { type ForeignFindings, type OperatorFromHvpOptions, planChecks } from "./foreign-checks.js";

/** A foreign operator with what was found when it was checked. */
export interface CheckedOperator extends SymmetricOperator, ForeignFindings {}

/** A foreign operator whose products arrive as promises, with what was found when it was checked. */
export interface CheckedAsyncOperator extends AsyncSymmetricOperator, ForeignFindings {}

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
 * @throws {ArgumentError} when two calls with one vector differ beyond it, a product is not finite or not filled in, or it is not that of the
 * reference
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
  const plan = planChecks(n, options, "operatorFromHvp");
  const operator = fromFunction(n, product, { symmetric: true });
  const steps = plan.steps();
  let step = steps.next();
  while (step.done !== true) {
    const out = unwritten(n);
    operator.apply(step.value, out);
    step = steps.next(out);
  }
  return { ...operator, ...step.value };
}

/**
 * The form of {@link operatorFromHvp} for products that arrive as promises, as from WebGPU or a worker; the checks are the same.
 *
 * Relation: (await apply(v)) is what the function gives for v. Hand the operator to `eigshAsync`, `spectralDensityAsync` and the other
 * asynchronous forms.
 *
 * @param n number of parameters
 * @param product fills `out` or resolves to an array (any kind of numbers)
 * @throws {AsymmetricError} as operatorFromHvp, as a rejection
 * @throws {ArgumentError} as operatorFromHvp, as a rejection
 *
 * Cost: three products per check, and one of the reference.
 *
 * @example
 * ```ts
 * import { asyncOperatorFromHvp } from "eigenscope/curvature";
 * import { eigshAsync } from "eigenscope/krylov";
 * import { createRng } from "eigenscope/random";
 * const H = await asyncOperatorFromHvp(2, async ([a = 0, b = 0]) => [2 * a, 3 * b], { rng: createRng(1) });
 * const { values } = await eigshAsync(H, { count: 1, which: "largest", rng: createRng(2) });
 * console.log(H.variation, values[0]?.toFixed(6)); // 0 3.000000
 * ```
 */
export async function asyncOperatorFromHvp(
  n: number,
  product: AsyncProduct,
  options: OperatorFromHvpOptions,
): Promise<CheckedAsyncOperator> {
  const plan = planChecks(n, options, "asyncOperatorFromHvp");
  const operator = fromAsyncFunction(n, product, { symmetric: true });
  const steps = plan.steps();
  let step = steps.next();
  while (step.done !== true) {
    const out = unwritten(n);
    await operator.apply(step.value, out);
    step = steps.next(out);
  }
  return { ...operator, ...step.value };
}

/** A vector in which entries that a foreign product never writes, or adds to instead, stay NaN. */
function unwritten(n: number): Float64Array {
  return new Float64Array(n).fill(Number.NaN);
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
 * @throws {ArgumentError} when gradient is not a function; later, when it returns a promise
 * @throws {ShapeError} later, when a gradient has another length than params
 * @throws {NonFiniteError} later, when a gradient has entries that are not finite, or that were not filled in
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
    const out = unwritten(n);
    const returned = gradient(point, out);
    evaluations++;
    return requireGradient(returned === undefined ? out : returned, n, caller);
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

/** Checks what a foreign gradient function gave: a wrong length or a NaN would spread through every product. */
function requireGradient(values: ArrayLike<number>, n: number, caller: string): Float64Array {
  if (typeof values.length !== "number") {
    throw new ArgumentError({
      function: caller,
      argument: "gradient",
      expected: "a function that fills out or returns an array",
      got: `${describe(values)} from it`,
      remedy: "await its numbers first: read the data of tensors, and use asyncOperatorFromHvp for promises",
    });
  }
  if (values.length !== n) {
    throw new ShapeError({
      function: caller,
      argument: "gradient",
      expected: `a function that fills out or returns an array of length ${n}`,
      got: `length ${values.length} from it`,
    });
  }
  const gradient = Float64Array.from(values);
  requireFinite(gradient, "the gradient", caller);
  return gradient;
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
