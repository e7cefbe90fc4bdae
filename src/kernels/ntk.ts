import { type Matrix, NonFiniteError, requireNumber, pow, sin } from "../core/index.js";
import { arcCosineCross, arcCosineGram } from "../routines/index.js";
import { deltaOf } from "./cosine-map.js";
import { evaluatePairs } from "./evaluate-pairs.js";
import { type Directions, directionsOf, requireNonzeroRows, requirePoints, requireSameDimension } from "./geometry.js";
import { type NetworkKernelOptions, type NetworkSpecification, conventionsOf, specify } from "./network-kernel.js";
import { type PairKernels, anglesRecursion, equalNorms, inputGain, pairRecursion } from "./recursion.js";
import type { Kernel } from "./types.js";

/**
 * The neural tangent kernel of an infinitely wide fully connected network.
 *
 * Relation: Θ¹ = Σ¹ = c x·y + σ_b²; Σ^{k+1} = σ_w² E φ(u)φ(v) + σ_b², Θ^{k+1} = Σ^{k+1} + σ_w² E φ′(u)φ′(v) Θ^k with
 * (u, v) ~ N(0, Σ^k); the result is Θ^depth. With the defaults (relu, edge of chaos, no bias, unit inputs) Θ(x, x) = depth
 * on the unit sphere.
 *
 * @param options depth, activation and conventions; everything is echoed in `conventions`
 * @returns a kernel whose `profile` is taken at points of norm 1 ("unit") or √d ("fan-in")
 * @throws {ArgumentError} when depth < 2 or a variance is out of range
 * @throws {OptionError} for unknown options
 *
 * Accuracy: a s + b|s|: about 5 ε · depth relative to the diagonal at any angle; others as their dual activation.
 * Cost: n²/2 pairs, each d flops and depth − 1 evaluations of the dual activation.
 * @see [jacot2018]
 * @see [bietti2019]
 *
 * @example
 * ```ts
 * import { ntk } from "eigenscope/kernels";
 * const kernel = ntk({ depth: 3, activation: "relu" });
 * console.log(kernel.profile(0), kernel.profile(1)); // 3 1.426011531053
 * ```
 */
export function ntk(options: NetworkKernelOptions): Kernel {
  return networkKernel("ntk", options);
}

/**
 * The kernel of the Gaussian process that an infinitely wide network is at initialisation.
 *
 * Relation: Σ¹ = c x·y + σ_b², Σ^{k+1} = σ_w² E φ(u)φ(v) + σ_b²; the result is Σ^depth.
 *
 * @param options as for {@link ntk}, without `normalised`
 * @throws {ArgumentError} when depth < 2 or a variance is out of range
 * @throws {OptionError} for unknown options
 *
 * Accuracy, cost: as {@link ntk}.
 * @see [williams1996]
 * @see [cho2009]
 *
 * @example
 * ```ts
 * import { nngp } from "eigenscope/kernels";
 * console.log(nngp({ depth: 2, activation: "relu" }).profile(Math.PI / 2)); // 0.318309886183
 * ```
 */
export function nngp(options: NetworkKernelOptions): Kernel {
  return networkKernel("nngp", options);
}

function networkKernel(kind: "ntk" | "nngp", options: NetworkKernelOptions): Kernel {
  const spec = specify(options, kind);
  const conventions = conventionsOf(kind, spec);
  const field: keyof PairKernels = kind;
  const kernel: Kernel = {
    name: `${kind.toUpperCase()} of ${spec.dual.name}, depth ${spec.depth}`,
    conventions,
    gram: (X) => evaluateAll(X, null, spec, field, `${kind}.gram`),
    cross: (X, Y) => evaluateAll(X, Y, spec, field, `${kind}.cross`),
    diagonal(X) {
      requirePoints(X, "X", `${kind}.diagonal`);
      const { norms } = prepare(X, "X", spec, `${kind}.diagonal`);
      const run = pairRecursion(spec, X.cols);
      const out: PairKernels = { nngp: 0, ntk: 0 };
      const values = norms.map((norm) => {
        run(equalNorms(norm * norm, 0, 4 * norm * norm), out);
        return out[field];
      });
      requireFiniteKernel(values, spec, `${kind}.diagonal`);
      return values;
    },
    profile: profileOf(spec, field),
  };
  specifications.set(kernel, { spec, field });
  return kernel;
}

/** What a kernel was built from, for functions that differentiate its recursion. */
const specifications = new WeakMap<Kernel, { readonly spec: NetworkSpecification; readonly field: "ntk" | "nngp" }>();

/** The specification of a kernel made by ntk or nngp, or null. */
export function specificationOf(
  kernel: Kernel,
): { readonly spec: NetworkSpecification; readonly field: "ntk" | "nngp" } | null {
  return specifications.get(kernel) ?? null;
}

function prepare(X: Matrix, argument: string, spec: NetworkSpecification, caller: string): Directions {
  const directions = directionsOf(X);
  if (spec.biasVariance > 0) return directions;
  // A step at variance 0 would be evaluated at its jump: there is no value to fall back to.
  const refused = spec.dual.linearAbsolute === null ? !spec.dual.differentiable : spec.zeroVectors === "error";
  if (refused) requireNonzeroRows(directions.norms, argument, caller);
  return directions;
}

/** Gram (Y null) or cross matrix. */
function evaluateAll(
  X: Matrix,
  Y: Matrix | null,
  spec: NetworkSpecification,
  field: keyof PairKernels,
  caller: string,
): Matrix {
  requirePoints(X, "X", caller);
  const a = prepare(X, "X", spec, caller);
  let b = a;
  if (Y !== null) {
    requirePoints(Y, "Y", caller);
    requireSameDimension(X, Y, caller);
    b = prepare(Y, "Y", spec, caller);
  }
  const cols = (Y ?? X).rows;
  const data = new Float64Array(X.rows * cols);
  if (isHomogeneous(spec)) {
    fillByAngles(a, Y === null ? null : b, spec, field, data);
  } else evaluatePairs(X, Y, a, b, spec, field, data);
  requireFiniteKernel(data, spec, caller);
  return { rows: X.rows, cols, data };
}

/** Refuses kernels that left the range of double precision: variances of superlinear activations grow like towers of powers. */
function requireFiniteKernel(values: Float64Array, spec: NetworkSpecification, caller: string): void {
  // One pass without a branch per entry: x − x is 0 for finite x and NaN otherwise.
  let probe = 0;
  for (let i = 0; i < values.length; i++) probe += values[i] - values[i];
  if (probe === 0) return;
  const at = values.findIndex((value) => !Number.isFinite(value));
  throw new NonFiniteError({
    function: caller,
    argument: "the kernel",
    expected: "within the range of double precision",
    got: `${values[at]} at index ${at} (${spec.dual.name}, depth ${spec.depth}, weight variance ${spec.weightVariance})`,
    remedy: "lower the weight variance, the depth or the norms of the points",
  });
}

/** Plain, bias-free, a s + b|s|, weights of the "ntk" parameterisation: K = |x| |y| f(θ). */
function isHomogeneous(spec: NetworkSpecification): boolean {
  return (
    spec.dual.linearAbsolute !== null && spec.biasVariance === 0 && spec.architecture === "plain" && !spec.standard
  );
}

/** Growth of the variance over depth − 1 layers, (σ_w²(a² + b²))^{depth − 1}: 1 at the edge of chaos. */
function homogeneousScale(spec: NetworkSpecification, dimension: number): number {
  const { linear: a, absolute: b } = spec.dual.linearAbsolute!;
  const layer = spec.weightVariance * (a * a + b * b);
  // The default variance is the reciprocal of a² + b²: their product is 1, not 1 ± ε to the power of the depth.
  const growth = Math.abs(layer - 1) <= 4 * Number.EPSILON ? 1 : pow(layer, spec.depth - 1);
  return inputGain(spec, dimension) * growth;
}

/** Homogeneous kernels by the tiled routine, in either back end with the same bits. */
function fillByAngles(
  a: Directions,
  b: Directions | null,
  spec: NetworkSpecification,
  field: keyof PairKernels,
  data: Float64Array,
): void {
  const { rows, cols: d } = a.unit;
  const delta = deltaOf_(spec);
  // One square root of the common factor goes to each side.
  const root = Math.sqrt(homogeneousScale(spec, d) / (spec.normalised && field === "ntk" ? spec.depth : 1));
  const left = a.norms.map((norm) => norm * root);
  if (b === null) {
    arcCosineGram(rows, d, a.unit.data, 0, d, left, delta, spec.depth, field, data, 0, rows);
    return;
  }
  const right = b.norms.map((norm) => norm * root);
  const cols = b.unit.rows;
  arcCosineCross(
    rows,
    cols,
    d,
    a.unit.data,
    0,
    d,
    left,
    b.unit.data,
    0,
    d,
    right,
    delta,
    spec.depth,
    field,
    data,
    0,
    cols,
  );
}

function deltaOf_(spec: NetworkSpecification): number {
  const { linear: a, absolute: b } = spec.dual.linearAbsolute!;
  return deltaOf((b * b) / (a * a + b * b), "ntk");
}

function profileOf(spec: NetworkSpecification, field: keyof PairKernels): Kernel["profile"] {
  const caller = `${field}.profile`;
  const out: PairKernels = { nngp: 0, ntk: 0 };
  if (isHomogeneous(spec)) {
    const delta = deltaOf_(spec);
    // |x|² = 1 with gain 1, or |x|² = d with gain σ_w²/d.
    const scale = homogeneousScale(spec, 1) / (spec.normalised && field === "ntk" ? spec.depth : 1);
    return (theta, supplement) => {
      requireNumber(theta, "theta", caller, 0, Math.PI);
      anglesRecursion(spec.depth, delta, theta, supplement ?? Math.PI - theta, out);
      return scale * out[field];
    };
  }
  // In "fan-in" scaling the profile is at |x|² = d: the recursion with d = 1 and |x|² = 1 is the same, except for the
  // fan-in of the first layer in the standard parameterisation, which is taken as 1.
  const run = pairRecursion(spec, 1);
  const value = new Float64Array(1);
  return (theta, supplement) => {
    requireNumber(theta, "theta", caller, 0, Math.PI);
    const half = sin(theta / 2);
    const otherHalf = sin((supplement ?? Math.PI - theta) / 2);
    run(equalNorms(1, 4 * half * half, 4 * otherHalf * otherHalf), out);
    value[0] = out[field];
    requireFiniteKernel(value, spec, caller);
    return out[field];
  };
}
