import {
  type CancellationSignal,
  type Estimate,
  type LongRunning,
  axpy,
  dot,
  isCancelled,
  norm,
} from "../core/index.js";
import { eigh } from "../linalg/index.js";
import { type Rng, fillNormal } from "../random/index.js";
import { type Basis, appendRow, basisRow, createBasis, orthogonalize, symmetricProducts } from "./basis.js";
import { type ChebyshevFilter, anglesOf, applyFilter, createFilter, filterAt } from "./chebyshev-filter.js";
import { startLanczos } from "./lanczos.js";
import { type Coroutine, multiply, multiplyBlock } from "./products.js";
import { ritzPairs } from "./ritz.js";
import { requireFiniteProduct } from "./start.js";
import { newDirection, rotateRows, roundoff } from "./thick-restart.js";

/** Name in messages. */
export const WINDOW_CALLER = "chebyshevSubspace";

/** Probes of the first estimate. */
const PROBES = 8;

/** Lanczos steps for the bounds of the spectrum. */
const BOUND_STEPS = 30;

/** Degree of the filter times the width of the window (as an angle) over π: its edges are about half as wide as the window. */
const SHARPNESS = 2;

/** Directions for which the filter has less than this share of its value at the ends of the window belong outside. */
const PASSING = 0.5;

/** The damped filter stays in [0, 1] on the bounds; a Ritz value outside says that eigenvalues lie beyond them. */
const OVERSHOOT = 1.05;

/** What a run carries from one iteration to the next. */
export interface WindowRun {
  bounds: readonly [number, number];
  filter: ChebyshevFilter;
  /** The block, orthonormal rows. */
  block: Basis;
  countEstimate: Estimate;
  found: number;
  iterations: number;
  matvecs: number;
}

export interface WindowSettings {
  readonly n: number;
  readonly interval: readonly [number, number];
  readonly tolerance: number;
  readonly degree: number | undefined;
  readonly blockSize: number | undefined;
  readonly maximumMatvecs: number;
  readonly fixedBounds: boolean;
  readonly rng: Rng;
  readonly inertia: ((x: number) => number) | undefined;
  readonly signal: CancellationSignal | undefined;
  readonly onProgress: LongRunning["onProgress"];
}

/** Ritz pairs in the window. */
export interface WindowPairs {
  readonly values: Float64Array;
  readonly vectors: Basis;
  readonly residualNorms: Float64Array;
  /** Directions that the filter lets pass. */
  readonly passing: number;
}

/** One step: filter the block, keep what passes, and take eigenpairs of A out of it. */
export function* iterateWindow(
  settings: WindowSettings,
  run: WindowRun,
): Coroutine<WindowPairs | "cancelled" | "outside"> {
  const { n, interval, signal } = settings;
  const { block, filter } = run;
  const size = block.count;
  const degree = filter.coefficients.length - 1;
  const filtered = createBasis(n, size, "small");
  const out = new Float64Array(n);
  for (let i = 0; i < size; i++) {
    if (isCancelled(signal)) return "cancelled"; // the state is that of the iteration's beginning
    yield* applyFilter(filter, basisRow(block, i), out);
    requireFiniteProduct(norm(out), run.matvecs + (i + 1) * degree, WINDOW_CALLER);
    appendRow(filtered, out, 1);
  }
  run.matvecs += size * degree;
  run.iterations++;
  // Rayleigh–Ritz with the filter first: eigenvalues on both sides of the window mix to Ritz values of A inside it, but
  // their filter values stay small.
  const { values, vectors } = eigh(symmetricProducts(block, filtered));
  if (values[size - 1] > OVERSHOOT || values[0] < 1 - OVERSHOOT) return "outside";
  const order = Array.from({ length: size }, (_, i) => size - 1 - i);
  const rotation = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let k = 0; k < size; k++) rotation[i * size + k] = vectors.data[i * size + order[k]];
  rotateRows(filtered.data, n, rotation, size, size, filtered.data);
  const next = createBasis(n, size, "small");
  const passing = values.filter((value) => value >= PASSING * endValue(run, interval)).length;
  for (let i = 0; i < size; i++) appendIndependent(next, basisRow(filtered, i), settings.rng);
  const pairs = yield* rayleighRitz(settings, run, next, passing);
  run.block = next;
  const kept = Array.from(pairs.values, (_, i) => i).filter((i) =>
    isInside(pairs.values[i], pairs.residualNorms[i], settings, run),
  );
  const found = createBasis(n, Math.max(1, kept.length));
  for (const i of kept) appendRow(found, basisRow(next, i), 1);
  return {
    values: Float64Array.from(kept, (i) => pairs.values[i]),
    vectors: found,
    residualNorms: Float64Array.from(kept, (i) => pairs.residualNorms[i]),
    passing,
  };
}

/** The smaller value of the filter at the ends of the window, 1/2 where the degree resolves it: no eigenvalue in it has less. */
function endValue({ filter, bounds }: WindowRun, interval: readonly [number, number]): number {
  const clip = (x: number): number => Math.max(bounds[0], Math.min(bounds[1], x));
  // A window beside the bounds has the filter zero: nothing passes.
  return Math.max(1e-12, Math.min(filterAt(filter, clip(interval[0])), filterAt(filter, clip(interval[1]))));
}

/** A Ritz value in the window, or so near to it that an unconverged residual reaches in. */
function isInside(
  value: number,
  residual: number,
  { interval, tolerance, n }: WindowSettings,
  run: WindowRun,
): boolean {
  const settled = residual <= Math.max(tolerance, roundoff(n, 1)) * scaleOf(run.bounds);
  const slack = settled ? roundoff(n, scaleOf(run.bounds)) : residual;
  return value >= interval[0] - slack && value <= interval[1] + slack;
}

/** Replaces the first `count` rows by Ritz vectors of A, ascending, with their residuals. */
function* rayleighRitz(
  { n }: WindowSettings,
  run: WindowRun,
  rows: Basis,
  count: number,
): Coroutine<{ readonly values: Float64Array; readonly residualNorms: Float64Array }> {
  const images = createBasis(n, Math.max(1, count), "small");
  yield* multiplyBlock(rows.data.subarray(0, count * n), images.data.subarray(0, count * n), count);
  images.count = count;
  run.matvecs += count;
  if (count === 0) return { values: new Float64Array(0), residualNorms: new Float64Array(0) };
  const { values, vectors } = eigh(symmetricProducts({ ...rows, count }, images));
  rotateRows(rows.data, n, vectors.data, count, count, rows.data);
  rotateRows(images.data, n, vectors.data, count, count, images.data);
  const residualNorms = Float64Array.from({ length: count }, (_, i) => {
    const residual = basisRow(images, i).slice();
    axpy(-values[i], basisRow(rows, i), residual);
    return norm(residual);
  });
  return { values, residualNorms };
}

/** Appends what of v is independent of the rows, or a random direction where nothing is. */
function appendIndependent(rows: Basis, v: Float64Array, rng: Rng): void {
  const w = v.slice();
  const before = norm(w);
  const length = before > 0 ? orthogonalize(rows, rows.count, w, new Float64Array(rows.count)) : 0;
  if (length > roundoff(w.length, before)) {
    appendRow(rows, w, length);
    return;
  }
  const fresh = newDirection(rows, rng);
  if (fresh !== null) appendRow(rows, fresh, 1);
}

/** Bounds, filter, an estimate of the count, and a random block of a size to suit it. */
export function* beginWindow(
  settings: WindowSettings,
  bounds: readonly [number, number] | undefined,
): Coroutine<WindowRun> {
  const { n, rng } = settings;
  const run: WindowRun = {
    bounds: [0, 0],
    filter: { center: 0, halfWidth: 1, coefficients: new Float64Array(1) },
    block: createBasis(n, 1),
    countEstimate: { mean: 0, standardError: 0, samples: 0, matvecs: 0 },
    found: -1,
    iterations: 0,
    matvecs: 0,
  };
  // No `??` around a yield: the CommonJS build would put it into an arrow function.
  run.bounds = bounds === undefined ? yield* lanczosBounds(n, rng, run) : bounds;
  yield* plan(settings, run);
  return run;
}

/** Doubles the bounds around their middle after an eigenvalue turned up outside, and starts again. */
export function* widenWindow(settings: WindowSettings, run: WindowRun): Coroutine<void> {
  const [low, high] = run.bounds;
  const reach = (high - low) / 2;
  run.bounds = [low - reach, high + reach];
  run.found = -1;
  yield* plan(settings, run);
}

function* plan(settings: WindowSettings, run: WindowRun): Coroutine<void> {
  const { n, rng, interval } = settings;
  const [low, high] = anglesOf(run.bounds[0] / 2 + run.bounds[1] / 2, run.bounds[1] / 2 - run.bounds[0] / 2, interval);
  const automatic = low === high ? 8 : Math.min(2000, Math.max(8, Math.ceil((SHARPNESS * Math.PI) / (low - high))));
  run.filter = createFilter(run.bounds, interval, settings.degree ?? automatic);
  const sums: number[] = [];
  const out = new Float64Array(n);
  const samples = Math.min(PROBES, n);
  for (let probe = 0; probe < samples; probe++) {
    const z = fillNormal(rng, new Float64Array(n));
    yield* applyFilter(run.filter, z, out);
    sums.push(dot(z, out));
  }
  const matvecs = samples * (run.filter.coefficients.length - 1);
  run.matvecs += matvecs;
  const mean = sums.reduce((sum, value) => sum + value, 0) / samples;
  const variance = sums.reduce((sum, value) => sum + (value - mean) * (value - mean), 0) / Math.max(1, samples - 1);
  const standardError = Math.sqrt(variance / samples);
  run.countEstimate = { mean, standardError, samples, matvecs };
  // A trace beyond 0 … n says that eigenvalues lie outside the bounds, which a small block will show as well.
  const sound = mean > -n && mean < 2 * n;
  const count = sound ? (Math.max(0, mean) + 2 * standardError) / (2 * endValue(run, interval)) : 0;
  const size = Math.min(n, Math.ceil(1.5 * count) + 8);
  const wanted = Math.min(n, settings.blockSize ?? size);
  run.block = createBasis(n, wanted, "small");
  while (run.block.count < wanted) {
    const fresh = newDirection(run.block, rng);
    if (fresh === null) break;
    appendRow(run.block, fresh, 1);
  }
}

/** Ritz values of a short Lanczos run, widened by the norm of its residual: a safe guess, checked by the filter later. */
function* lanczosBounds(n: number, rng: Rng, run: WindowRun): Coroutine<readonly [number, number]> {
  const steps = Math.min(n, BOUND_STEPS);
  const lanczosRun = startLanczos(n, { rng }, steps);
  for (;;) {
    yield* multiply(lanczosRun.current, lanczosRun.product);
    run.matvecs++;
    const factorization = lanczosRun.advance();
    if (!factorization.invariant && factorization.steps < steps) continue;
    const { values } = ritzPairs(factorization);
    const scale = Math.max(Math.abs(values[0]), Math.abs(values[values.length - 1]));
    const margin = factorization.residualNorm + 0.01 * scale || 1; // 1 for the zero operator
    return [values[0] - margin, values[values.length - 1] + margin];
  }
}

/** Doubles the block by random directions. */
export function enlargeBlock(run: WindowRun, rng: Rng): void {
  const { block } = run;
  const wanted = Math.min(block.dimension, 2 * block.count);
  while (block.count < wanted) {
    const fresh = newDirection(block, rng);
    if (fresh === null) break;
    appendRow(block, fresh, 1);
  }
}

export function scaleOf([low, high]: readonly [number, number]): number {
  return Math.max(Math.abs(low), Math.abs(high));
}
