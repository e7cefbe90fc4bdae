import {
  ArgumentError,
  type DensitySpectrum,
  type LongRunning,
  type Matrix,
  ShapeError,
  type Status,
  describe,
  requireFinite,
  requireInteger,
  requireMatrix,
  requireNumber,
  requireOneOf,
  requireOptions,
  requirePositive,
  requireVector,
} from "../core/index.js";
import { type Coroutine, type Reorthogonalization, drive, driveAsync, eigsh, eigshAsync } from "../krylov/index.js";
import {
  type AsyncSymmetricOperator,
  type SymmetricOperator,
  requireAsyncOperator,
  requireSymmetricOperator,
} from "../operators/index.js";
import { requireRng, type Rng } from "../random/index.js";
import { type BulkSettings, type Deflated, PILOT, STEPS_SHARE, createDeflation } from "./bulk.js";
import { kpmDensity } from "./kpm.js";
import { slqDensity } from "./slq-density.js";

/** Options of {@link spectralDensity}. */
export interface SpectralDensityOptions extends LongRunning {
  /** "slq" (default): Lanczos quadrature, smoothed by Gaussians. "kpm": Chebyshev moments with Jackson damping. */
  readonly method?: "slq" | "kpm";
  /** Stream for the probes. */
  readonly rng: Rng;
  /** Number of random probes when no tolerance is given; 10 by default. The band needs at least two. */
  readonly probes?: number;
  /** Products per probe: Lanczos steps, or half the degree of the Chebyshev expansion; 80 by default, at most n for slq. */
  readonly steps?: number;
  /**
   * Wasserstein-1 error asked for, relative to the extent of the bulk: half of it for the number of steps (by a bound, when
   * `steps` is absent), half for the number of probes (by the spread of eight).
   */
  readonly tolerance?: number;
  /** Products that the probes never exceed when a tolerance is given; 100,000 by default. */
  readonly maximumMatvecs?: number;
  /** Confidence of the pointwise band; 0.95 by default. */
  readonly confidence?: number;
  /** Abscissae, ascending; `points` equidistant ones over the bulk by default. */
  readonly grid?: Float64Array;
  /** Number of abscissae when there is no grid; 512 by default. */
  readonly points?: number;
  /** Standard deviation of the smoothing Gaussian (slq), in the units of A; 0.7 of the mean node spacing mid-spectrum by default. */
  readonly bandwidth?: number;
  /** Eigenpairs that are known: taken out of the bulk exactly and listed as outliers. A result of eigsh fits. */
  readonly deflate?: { readonly values: Float64Array; readonly vectors: Matrix };
  /** Number of eigenpairs of largest modulus to compute by eigsh first and take out; 0 by default. Not with `deflate`. */
  readonly outliers?: number;
  /** Number of eigenvalues that are known to be exactly zero (a rank bound); 0 by default. Their mass becomes the atom. */
  readonly nullity?: number;
  /** Of the Lanczos runs (slq): "full" by default; "none" keeps three vectors instead of `steps`. */
  readonly reorthogonalization?: Reorthogonalization;
}

/** A spectral density with its band and what it was made of. */
export interface SpectralDensityResult extends DensitySpectrum {
  /** Method used. */
  readonly method: "slq" | "kpm";
  /** Probes used. */
  readonly probes: number;
  /** Products per probe. */
  readonly steps: number;
  /** Standard deviation of the smoothing: of the Gaussian, or of the Jackson kernel mid-range. */
  readonly bandwidth: number;
  /** Products spent, those for the outliers included. */
  readonly matvecs: number;
  /** Estimated Wasserstein-1 distance of the unsmoothed measure to its expectation, from the spread over probes. */
  readonly wassersteinError: number;
  /**
   * Bound on what the finite number of steps adds to that distance: π/(4 steps) of the extent for slq, whose rules share
   * 2 steps − 1 moments with the measures of the probes, and the mean width of the Jackson kernel for kpm.
   */
  readonly quadratureError: number;
  /** "converged" when all probes were run, the tolerance was met, and the null space, if any, was resolved. */
  readonly status: Status;
  /** What to try otherwise. */
  readonly advice: string | null;
}

const KEYS = [
  "method", "rng", "probes", "steps", "tolerance", "maximumMatvecs", "confidence", "grid", "points", "bandwidth", "deflate", "outliers", "nullity",
  "reorthogonalization", "signal", "onProgress",
]; // prettier-ignore

/**
 * Estimates the density of the eigenvalues of a symmetric operator from products alone.
 *
 * Relation (slq): Σ weights_j f(nodes_j) + atom f(0) + Σ f(outliers) / n estimates tr f(A) / n; one probe of s steps
 * integrates polynomials of degree 2s − 1 exactly. `density` is that measure without atom and outliers, convolved with a
 * Gaussian of the stated bandwidth; `band` covers the mean over probes pointwise, not the smoothing.
 * Use "slq" for spectra with gaps and outliers; "kpm" keeps O(1) vectors and cannot show ghosts, at resolution π/degree.
 *
 * @param A symmetric operator (or symmetric Matrix) of order n >= 1
 * @param options.probes number of probes; the band narrows like 1/√probes
 * @param options.steps products per probe; the resolution improves like 1/steps
 * @param options.tolerance sets probes and steps instead
 * @param options.deflate known eigenpairs (for instance an eigsh result), exact in the output
 * @returns density on the grid, band, nodes and weights, atom, outliers, error estimate, products spent
 * @throws {ArgumentError} when A lacks the symmetric mark or rng is missing
 * @throws {ShapeError} when deflated vectors do not fit
 *
 * Accuracy: `band` and `wassersteinError` from the spread over probes, `quadratureError` for the steps. Cost: probes · steps products; slq with full
 * reorthogonalisation keeps `steps` vectors and spends 4 n steps² flops a probe.
 * @see [ghorbani2019]
 * @see [ubaru2017]
 * @see [weisse2006]
 *
 * @example
 * ```ts
 * import { diagonal } from "eigenscope/operators";
 * import { createRng } from "eigenscope/random";
 * import { spectralDensity } from "eigenscope/stochastic";
 * const A = diagonal(Float64Array.from({ length: 400 }, (_, i) => (i < 399 ? i / 399 : 5)));
 * const { outliers, weights, matvecs } = spectralDensity(A, { outliers: 1, probes: 4, steps: 20, rng: createRng(1) });
 * console.log(outliers.length, outliers[0].toFixed(6)); // 1 5.000000
 * console.log(weights.reduce((sum, w) => sum + w, 0).toFixed(6)); // 0.997500
 * ```
 */
export function spectralDensity(A: SymmetricOperator | Matrix, options: SpectralDensityOptions): SpectralDensityResult {
  const operator = requireSymmetricOperator(A, "A", "spectralDensity");
  const plan = prepare(operator.rows, options);
  if (plan.outliers === 0) return drive(operator, plan.run(options.deflate ?? null, 0));
  const found = eigsh(operator, { count: plan.outliers, which: "magnitude", rng: plan.rng.fork("outliers") });
  return drive(operator, plan.run(found, found.matvecs));
}

/**
 * The form of {@link spectralDensity} for operators whose products are computed elsewhere; the same numbers, bit for bit.
 *
 * @param A asynchronous symmetric operator
 * @param options those of spectralDensity
 * @returns a promise of the result of spectralDensity
 * @throws {ArgumentError} as spectralDensity, as a rejection
 */
export async function spectralDensityAsync(
  A: AsyncSymmetricOperator,
  options: SpectralDensityOptions,
): Promise<SpectralDensityResult> {
  requireAsyncOperator(A, "A", "spectralDensityAsync", "symmetric");
  const plan = prepare(A.rows, options);
  if (plan.outliers === 0) return driveAsync(A, plan.run(options.deflate ?? null, 0));
  const found = await eigshAsync(A, { count: plan.outliers, which: "magnitude", rng: plan.rng.fork("outliers") });
  return driveAsync(A, plan.run(found, found.matvecs));
}

const DEFAULT_STEPS = 80;

interface Plan {
  readonly rng: Rng;
  readonly outliers: number;
  run(deflate: Deflated | null, spent: number): Coroutine<SpectralDensityResult>;
}

function prepare(n: number, options: SpectralDensityOptions): Plan {
  const caller = "spectralDensity";
  requireOptions(options, KEYS, caller);
  if (n === 0) throw new ShapeError({ function: caller, argument: "A", expected: "of order >= 1", got: "0 x 0" });
  const rng = requireRng(options?.rng, caller);
  const method = requireOneOf(options.method ?? "slq", ["slq", "kpm"], "method", caller);
  const outliers = requireInteger(options.outliers ?? 0, "outliers", caller, 0, n - 1);
  if (outliers > 0 && options.deflate !== undefined) {
    throw new ArgumentError({
      function: caller,
      argument: "outliers",
      expected: "absent when deflate is given",
      got: String(outliers),
      remedy: "put all known eigenpairs into deflate",
    });
  }
  if (options.deflate !== undefined) requireDeflated(options.deflate, n, caller);
  const known = options.deflate?.values.length ?? outliers;
  const nullity = requireInteger(options.nullity ?? 0, "nullity", caller, 0, n - known);
  const tolerance =
    options.tolerance === undefined ? null : requireNumber(options.tolerance, "tolerance", caller, Number.MIN_VALUE, 1);
  const steps = requireInteger(options.steps ?? stepsFor(tolerance, method), "steps", caller, 1);
  const maximumMatvecs = requireInteger(options.maximumMatvecs ?? 100_000, "maximumMatvecs", caller, PILOT);
  // The pilot alone must not exceed the limit; steps that are too few for the tolerance are reported.
  const affordable = tolerance === null ? steps : Math.min(steps, Math.floor(maximumMatvecs / PILOT));
  const settings: Omit<BulkSettings, "deflation"> = {
    n,
    rng,
    probes: requireInteger(options.probes ?? 10, "probes", caller, 1),
    steps: method === "slq" ? Math.min(affordable, n - known) : affordable,
    confidence: requireNumber(options.confidence ?? 0.95, "confidence", caller, 0.5, 1 - 1e-12),
    grid: options.grid === undefined ? null : requireGrid(options.grid, caller),
    points: requireInteger(options.points ?? 512, "points", caller, 2),
    bandwidth: options.bandwidth === undefined ? null : requirePositive(options.bandwidth, "bandwidth", caller),
    nullity,
    tolerance,
    maximumMatvecs,
    reorthogonalization: requireOneOf(
      options.reorthogonalization ?? "full",
      ["full", "selective", "none"],
      "reorthogonalization",
      caller,
    ),
    signal: options.signal,
    onProgress: options.onProgress,
  };
  return {
    rng,
    outliers,
    *run(deflate, spent) {
      const complete = { ...settings, deflation: createDeflation(deflate) };
      const bulk = yield* method === "slq" ? slqDensity(complete) : kpmDensity(complete);
      return {
        kind: "density",
        dimension: n,
        ...bulk,
        atom: nullity / n,
        outliers: (deflate?.values ?? new Float64Array(0)).slice().sort(),
        matvecs: bulk.matvecs + spent,
      };
    },
  };
}

/** Steps whose quadrature error takes its share of the tolerance. */
function stepsFor(tolerance: number | null, method: "slq" | "kpm"): number {
  if (tolerance === null) return DEFAULT_STEPS;
  if (method === "slq") return Math.ceil(Math.PI / (4 * STEPS_SHARE * tolerance));
  // 1 − g₁ <= 1 − cos(π/(N + 1)) <= π²/(2 (N + 1)²) for degree N = 2 · steps, and an extent of two radii.
  return Math.ceil((Math.PI * Math.PI) / (8 * STEPS_SHARE * tolerance));
}

function requireDeflated(deflate: Deflated, n: number, caller: string): void {
  requireVector(deflate?.values, null, "deflate.values", caller);
  requireFinite(deflate.values, "deflate.values", caller);
  requireMatrix(deflate.vectors, "deflate.vectors", caller);
  requireFinite(deflate.vectors.data, "deflate.vectors", caller);
  const { rows, cols } = deflate.vectors;
  if (rows !== n || cols !== deflate.values.length || cols >= n) {
    throw new ShapeError({
      function: caller,
      argument: "deflate.vectors",
      expected: `${n} x ${deflate.values.length} (fewer than ${n} columns)`,
      got: `${rows} x ${cols}`,
    });
  }
}

function requireGrid(grid: Float64Array, caller: string): Float64Array {
  requireVector(grid, null, "grid", caller);
  requireFinite(grid, "grid", caller);
  for (let i = 1; i < grid.length; i++) {
    if (!(grid[i] > grid[i - 1])) {
      throw new ArgumentError({ function: caller, argument: "grid", expected: "ascending", got: describe(grid) });
    }
  }
  return grid;
}
