import {
  ArgumentError,
  AsymmetricError,
  dot,
  norm,
  requireInteger,
  requireOneOf,
  requireOptions,
  requirePositive,
  ShapeError,
} from "../core/index.js";
import type { SymmetricOperator } from "../operators/index.js";
import { fillNormal, requireRng, type Rng } from "../random/index.js";

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

/** What the checks of a foreign operator found. */
export interface ForeignFindings {
  /** Largest relative asymmetry found. */
  readonly asymmetry: number;
  /** Largest relative change between two calls with the same vector. */
  readonly variation: number;
  /** Largest relative difference from the reference, or null without one. */
  readonly disagreement: number | null;
  /** The tolerance of the checks; a reference by differences adds its own error estimate. */
  readonly tolerance: number;
}

/** The checks of a foreign product: asks for products of the vectors that it yields and returns the findings, or throws. */
export interface CheckPlan {
  /** Yields a vector and takes its product, until the findings are complete. */
  steps(): Generator<Float64Array, ForeignFindings, Float64Array>;
}

/** Checks the options before any work and prepares the checks; how products are computed is the caller's business. */
export function planChecks(n: number, options: OperatorFromHvpOptions, caller: string): CheckPlan {
  requireOptions(options, ["rng", "precision", "tolerance", "checks", "reference"], caller);
  requireRng(options?.rng, caller);
  requireInteger(n, "n", caller, 1);
  const precision = requireOneOf(options.precision ?? "float64", ["float64", "float32"] as const, "precision", caller);
  const tolerance = requirePositive(options.tolerance ?? (precision === "float64" ? 1e-9 : 1e-4), "tolerance", caller);
  const checks = requireInteger(options.checks ?? 2, "checks", caller, 1);
  const { reference } = options;
  if (reference !== undefined && reference.rows !== n) {
    throw new ShapeError({
      function: caller,
      argument: "reference",
      expected: `of order ${n}`,
      got: `order ${reference.rows}`,
    });
  }
  return { steps: () => checkSteps(n, options.rng, checks, tolerance, reference, caller) };
}

function* checkSteps(
  n: number,
  rng: Rng,
  checks: number,
  tolerance: number,
  reference: SymmetricOperator | undefined,
  caller: string,
): Generator<Float64Array, ForeignFindings, Float64Array> {
  let asymmetry = 0;
  let variation = 0;
  let disagreement = 0;
  let allowed = tolerance;
  for (let check = 0; check < checks; check++) {
    const u = fillNormal(rng, new Float64Array(n));
    const v = fillNormal(rng, new Float64Array(n));
    // Copies: a foreign function may keep the vector it is given.
    const Hu = requireFiniteProduct(yield u.slice(), caller);
    const Hv = requireFiniteProduct(yield v.slice(), caller);
    const again = requireFiniteProduct(yield u.slice(), caller);
    const size = norm(Hu);
    for (let i = 0; i < n; i++) again[i] -= Hu[i];
    variation = Math.max(variation, size === 0 ? norm(again) : norm(again) / size);
    const scale = norm(u) * norm(Hv) + norm(v) * size;
    if (scale > 0) asymmetry = Math.max(asymmetry, Math.abs(dot(u, Hv) - dot(v, Hu)) / scale);
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
  return { asymmetry, variation, disagreement: reference === undefined ? null : disagreement, tolerance };
}

/** The error estimate of the last product of an operator by differences; 0 for others. */
function errorOf(reference: SymmetricOperator): number {
  const { lastError } = reference as { readonly lastError?: unknown };
  return typeof lastError === "function" ? Number((lastError as () => number)()) : 0;
}

function requireFiniteProduct(product: Float64Array, caller: string): Float64Array {
  if (product.every(Number.isFinite)) return product;
  throw new ArgumentError({
    function: caller,
    argument: "product",
    expected: "finite, and written to every entry of out or returned",
    got: "NaN, infinite or unwritten entries for a random vector",
  });
}
