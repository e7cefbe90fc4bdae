import {
  dot,
  isCancelled,
  requireInteger,
  type Status,
  acos,
  cos,
  cosTurns,
  sin,
  requireVector,
} from "../core/index.js";
import { type Coroutine, multiply, startLanczos } from "../krylov/index.js";
import { tridiagonalEigh } from "../linalg/index.js";
import {
  type BulkDensity,
  type BulkSettings,
  type ProbeMeasure,
  STEPS_SHARE,
  drawProbe,
  firstProbes,
  linearGrid,
  probesFor,
  summarize,
  wassersteinSpread,
} from "./bulk.js";

/** Lanczos steps that find the ends of the spectrum. */
const RANGE_STEPS = 40;

/** The largest eigenvalue can lie beyond the Ritz value by more than its residual; several residuals are a safe margin. */
const RESIDUALS = 3;

/** Part of the range that the default grid covers: at its very ends 1/√(1 − x²) magnifies what leaks there. */
const GRID_SHARE = 0.999;

/** Widening of a range that turned out too small. */
const WIDENING = 1.1;

/** Moments of a probability measure on [−1, 1] are at most 1; beyond this they betray an eigenvalue outside. */
const LARGEST_MOMENT = 1 + 1e-8;

/** Margin around the range: Chebyshev recurrences explode outside [−1, 1]. */
const MARGIN = 0.01;

/**
 * The damping factors of the Jackson kernel, which make a truncated Chebyshev series of a positive measure positive.
 *
 * Relation: g_k = [(N − k + 1) cos(πk/(N + 1)) + sin(πk/(N + 1)) cot(π/(N + 1))] / (N + 1), k = 0 … N.
 *
 * @param degree N >= 0
 * @returns N + 1 factors from 1 downwards
 * @throws {ArgumentError} when degree is not an integer >= 0
 * @see [weisse2006]
 *
 * @example
 * ```ts
 * import { jacksonFactors } from "eigenscope/stochastic";
 * console.log(jacksonFactors(2)[1]); // 0.5
 * ```
 */
export function jacksonFactors(degree: number): Float64Array {
  const N = requireInteger(degree, "degree", "jacksonFactors");
  const angle = Math.PI / (N + 1);
  if (N === 0) return Float64Array.of(1);
  const cotangent = cos(angle) / sin(angle);
  return Float64Array.from(
    { length: N + 1 },
    (_, k) => ((N - k + 1) * cos(angle * k) + sin(angle * k) * cotangent) / (N + 1),
  );
}

/**
 * Evaluates the density with given Chebyshev moments on [−1, 1], damped by the Jackson kernel.
 *
 * Relation: ρ(x) = [g₀ μ₀ + 2 Σ_k g_k μ_k T_k(x)] / (π √(1 − x²)); zero outside (−1, 1).
 *
 * @param moments μ_k = ∫ T_k dμ, k = 0 … N
 * @param x abscissae
 * @returns ρ at the abscissae, not negative up to rounding when the moments are those of a positive measure
 * @see [weisse2006]
 */
export function chebyshevDensity(moments: Float64Array, x: Float64Array): Float64Array {
  requireVector(moments, null, "moments", "chebyshevDensity");
  requireVector(x, null, "x", "chebyshevDensity");
  const g = jacksonFactors(moments.length - 1);
  return x.map((at) => {
    if (!(Math.abs(at) < 1)) return 0;
    return dampedSeries(g, moments, at) / (Math.PI * Math.sqrt(1 - at * at));
  });
}

/**
 * The kernel polynomial method: Chebyshev moments of the bulk on a range found by Lanczos, two for each product.
 *
 * Cost: `steps` products a probe for degree 2 · steps; three vectors.
 * @see [weisse2006]
 */
export function* kpmDensity(settings: BulkSettings): Coroutine<BulkDensity> {
  const { n, steps, nullity, tolerance, deflation, signal, onProgress } = settings;
  const degree = 2 * steps;
  const range = yield* spectrumRange(settings);
  const { center } = range;
  let { radius } = range;
  let matvecs = range.matvecs;
  const all: Float64Array[] = [];
  let status: Status = "converged";
  let probes = firstProbes(settings);
  let affordable = true;
  const drawn: Float64Array[] = []; // kept, so that all probes can be run again on a wider range
  for (let p = 0; p < probes && status === "converged"; p++) {
    if (drawn.length === p) drawn.push(drawProbe(settings));
    const moments = yield* chebyshevMoments(settings, drawn[p], center, radius);
    matvecs += steps;
    if (moments.some((moment) => !(Math.abs(moment) <= LARGEST_MOMENT))) {
      radius *= WIDENING;
      all.length = 0;
      p = -1;
      continue;
    }
    // A known null space is subtracted moment by moment, which is exact in expectation.
    const share = (n - deflation.count) / n;
    const zero = acos(Math.min(1, Math.max(-1, -center / radius)));
    all.push(moments.map((moment, k) => share * moment - (nullity / n) * cos(k * zero)));
    if (p + 1 === probes && tolerance !== null && affordable) {
      const next = probesFor(
        settings,
        all.map((each) => chebyshevMeasure(each, center, radius)),
        2 * radius,
      );
      probes = Math.max(probes, next.probes);
      affordable = next.affordable;
    }
    onProgress?.({ phase: "spectral density", done: p + 1, total: probes, figures: { matvecs } });
    if (isCancelled(signal)) status = "cancelled";
  }
  // E|φ| of the Jackson kernel in the angle, by Jensen from its first moment; cos does not lengthen distances.
  const quadratureError = radius * (Math.PI / 2) * Math.sqrt(2 * (1 - jacksonFactors(degree)[1]));
  const coarse = tolerance !== null && quadratureError > STEPS_SHARE * tolerance * 2 * radius;
  if (status === "converged" && (!affordable || coarse)) status = "max-iterations";
  const grid = settings.grid ?? linearGrid(center - GRID_SHARE * radius, center + GRID_SHARE * radius, settings.points);
  const scaled = grid.map((x) => (x - center) / radius);
  const curves = all.map((moments) => chebyshevDensity(moments, scaled).map((value) => value / radius));
  const measures = all.map((moments) => chebyshevMeasure(moments, center, radius));
  const { nodes, weights } = mergeChebyshev(measures);
  return {
    method: "kpm",
    probes: all.length,
    steps,
    bandwidth: (Math.PI / degree) * radius,
    grid,
    ...summarize(curves, settings.confidence),
    nodes,
    weights,
    matvecs,
    wassersteinError: wassersteinSpread(measures),
    quadratureError,
    status,
    advice:
      status === "converged"
        ? null
        : status === "cancelled"
          ? "stopped by the signal: the band is that of the probes done so far"
          : coarse
            ? "the steps are too few for the tolerance: raise steps, leave it out, or use slq"
            : "the tolerance needs more products than maximumMatvecs: raise it or loosen the tolerance",
  };
}

/** An interval that contains the bulk: Ritz values at both ends, widened by their residuals and by a margin. */
function* spectrumRange(settings: BulkSettings): Coroutine<{ center: number; radius: number; matvecs: number }> {
  const { n, deflation } = settings;
  const run = startLanczos(n, { start: drawProbe({ ...settings, rng: settings.rng.fork("range") }) });
  const steps = Math.min(RANGE_STEPS, n - deflation.count);
  for (;;) {
    yield* multiply(run.current, run.product);
    deflation.project(run.product);
    const { steps: k, diagonal, offDiagonal, residualNorm, invariant, matvecs } = run.advance();
    if (k < steps && !invariant) continue;
    const { values, vectors } = tridiagonalEigh(diagonal, offDiagonal, { vectors: "full" });
    const residual = (i: number): number => (invariant ? 0 : residualNorm * Math.abs(vectors!.data[(k - 1) * k + i]));
    const lower = values[0] - RESIDUALS * residual(0);
    const upper = values[k - 1] + RESIDUALS * residual(k - 1);
    const radius = (upper - lower) / 2 || Math.max(Math.abs(upper), Math.abs(lower)) || 1;
    return { center: (upper + lower) / 2, radius: radius * (1 + MARGIN), matvecs };
  }
}

/** vᵀ T_k(B) v for k = 0 … 2 · steps with B = (A − center)/radius: T_{2k} = 2 T_k² − 1 gives two moments a product. */
function* chebyshevMoments(
  { n, steps, deflation }: BulkSettings,
  v: Float64Array,
  center: number,
  radius: number,
): Coroutine<Float64Array> {
  const moments = new Float64Array(2 * steps + 1);
  let before: Float64Array = v; // T_{k−1} v
  let now: Float64Array = new Float64Array(n); // T_k v
  let product: Float64Array = new Float64Array(n);
  const apply = function* (x: Float64Array, out: Float64Array): Coroutine<void> {
    yield* multiply(x, out);
    deflation.project(out);
    for (let i = 0; i < n; i++) out[i] = (out[i] - center * x[i]) / radius;
    if (deflation.count > 0 && center !== 0) deflation.project(out);
  };
  yield* apply(v, now);
  moments[0] = 1;
  moments[1] = dot(v, now);
  for (let k = 1; k <= steps; k++) {
    moments[2 * k] = 2 * dot(now, now) - moments[0];
    if (k === steps) break;
    yield* apply(now, product);
    for (let i = 0; i < n; i++) product[i] = 2 * product[i] - before[i];
    moments[2 * k + 1] = 2 * dot(product, now) - moments[1];
    const free = before === v ? new Float64Array(n) : before;
    before = now;
    now = product;
    product = free;
  }
  return moments;
}

/** g₀ μ₀ + 2 Σ_k g_k μ_k T_k(x) by Clenshaw's recurrence: a cosine for each of N² terms would cost more than the products. */
function dampedSeries(g: Float64Array, moments: Float64Array, x: number): number {
  let next = 0;
  let after = 0;
  for (let k = moments.length - 1; k > 0; k--) {
    const b = 2 * g[k] * moments[k] + 2 * x * next - after;
    after = next;
    next = b;
  }
  return g[0] * moments[0] + x * next - after;
}

/** The damped density as a discrete measure on Chebyshev points: same moments up to the degree, positive weights. */
function chebyshevMeasure(moments: Float64Array, center: number, radius: number): ProbeMeasure {
  const count = moments.length;
  const g = jacksonFactors(count - 1);
  const nodes = new Float64Array(count);
  const weights = new Float64Array(count);
  for (let j = 0; j < count; j++) {
    const at = cosTurns(2 * j + 1, 4 * count);
    nodes[count - 1 - j] = center + radius * at;
    weights[count - 1 - j] = dampedSeries(g, moments, at) / count;
  }
  return { nodes, weights };
}

/** The probes of KPM share their nodes: weights are averaged node by node. */
function mergeChebyshev(measures: readonly ProbeMeasure[]): ProbeMeasure {
  const first = measures[0];
  const weights = new Float64Array(first.nodes.length);
  for (const measure of measures)
    for (let j = 0; j < weights.length; j++) weights[j] += measure.weights[j] / measures.length;
  return { nodes: first.nodes, weights };
}
