import { type CancellationSignal, type Progress, type Status, axpy, isCancelled } from "../core/index.js";
import { svd } from "../linalg/index.js";
import { type Rng } from "../random/index.js";
import {
  type Basis,
  appendRow,
  basisRow,
  createBasis,
  createResultBasis,
  orthogonalize,
  subtract,
  workRow,
} from "./basis.js";
import { type Coroutine, multiply, multiplyTransposed } from "./products.js";
import { requireFiniteProduct } from "./start.js";
import { combineRows, newDirection, rotateRows, roundoff, selectColumns, stepsToWait } from "./thick-restart.js";

/** What a Golub–Kahan run needs to know. The operator is tall: rows >= cols. */
export interface GolubKahanSettings {
  readonly rows: number;
  readonly cols: number;
  readonly count: number;
  readonly which: "largest" | "smallest";
  /** Largest number of basis vectors on each side. */
  readonly krylovDimension: number;
  /** Residual asked for, relative to ‖A‖. */
  readonly tolerance: number;
  readonly maximumMatvecs: number;
  readonly rng: Rng | null;
  readonly signal: CancellationSignal | undefined;
  readonly onProgress: ((progress: Progress) => void) | undefined;
}

/** Singular triplets, best first, with vectors as rows. */
export interface GolubKahanOutcome {
  readonly status: Status;
  readonly values: Float64Array;
  readonly left: Basis;
  readonly right: Basis;
  /** Largest singular Ritz value seen. */
  readonly scale: number;
  readonly restarts: number;
  readonly matvecs: number;
  /** What the run carries from one step to the next. */
  readonly run: GolubKahanRun;
}

/** The run before its first step. */
export function createGolubKahanRun(settings: GolubKahanSettings, start: Float64Array): GolubKahanRun {
  const { rows, cols, krylovDimension: m } = settings;
  const right = createBasis(cols, m + 1, "small");
  appendRow(right, start, 1);
  return {
    left: createBasis(rows, m, "small"),
    right,
    B: new Float64Array(m * m),
    size: 0,
    beta: 0,
    coupling: new Float64Array(0),
    scale: 0,
    restarts: 0,
    matvecs: 0,
    testAt: 0,
  };
}

/**
 * Golub–Kahan bidiagonalisation with thick restarts and both bases kept orthogonal.
 *
 * Relation, with U and V as columns here: A V = U B, Aᵀ U = V Bᵀ + v f ᵀ, B upper triangular (bidiagonal but for the
 * column after a restart), f = β e_k: so σ of B with left vector p has ‖Aᵀ u − σ v‖ = β |p_k| and A v = σ u.
 * @see [golub1965]
 * @see [baglama2005]
 */
export function* golubKahan(settings: GolubKahanSettings, run: GolubKahanRun): Coroutine<GolubKahanOutcome> {
  const { cols, count, krylovDimension: m, rng, signal } = settings;
  const { left, right, B } = run;
  const image = workRow(left); // A v
  const back = workRow(right); // Aᵀ u
  const h = new Float64Array(m + 1);
  const wanted = Math.min(count, cols);
  for (;;) {
    if (isCancelled(signal)) return extract(settings, run, "cancelled");
    if (run.matvecs + 2 > settings.maximumMatvecs) return extract(settings, run, "max-iterations");
    const j = run.size;
    yield* multiply(basisRow(right, j), image);
    // First pass: what the recurrence knows (one coupling in an ordinary step, all of them after a restart). Second
    // pass: against everything.
    recur(left, run.coupling, image);
    let alpha = orthogonalize(left, j, image, h);
    requireFiniteProduct(alpha, ++run.matvecs, "svds");
    for (let i = 0; i < j; i++) B[i * m + j] = run.coupling[i] + h[i];
    run.scale = Math.max(run.scale, alpha);
    const u = alpha > roundoff(cols, run.scale) ? null : rng === null ? null : newDirection(left, rng);
    if (u !== null) {
      alpha = 0; // A v lies in the span already: A has a smaller rank there
      appendRow(left, u, 1);
    } else if (alpha > 0) {
      appendRow(left, image, alpha);
    } else {
      return extract(settings, run, "breakdown");
    }
    B[j * m + j] = alpha;
    yield* multiplyTransposed(basisRow(left, j), back);
    run.size = j + 1;
    axpy(-alpha, basisRow(right, j), back);
    run.beta = orthogonalize(right, j + 1, back, h);
    requireFiniteProduct(run.beta, ++run.matvecs, "svds");
    run.scale = Math.max(run.scale, run.beta);
    if (run.size === cols || run.beta <= roundoff(cols, run.scale)) run.beta = 0;
    if (run.beta > 0) appendRow(right, back, run.beta);
    run.coupling = new Float64Array(j + 1); // A v of the next v in the rows of U: β in the last one
    run.coupling[j] = run.beta;

    const due = run.beta === 0 || run.size === m || run.matvecs >= run.testAt;
    if (run.size >= wanted && due) {
      const triplets = ritz(settings, run);
      const { converged, wait } = report(settings, run, triplets, wanted);
      run.testAt = run.matvecs + 2 * wait; // two products a step
      if (converged === wanted) return extract(settings, run, "converged", triplets);
      if (run.size === m) compress(settings, run, triplets, converged);
    }
    if (run.beta === 0) {
      const fresh = rng === null ? null : newDirection(right, rng);
      if (fresh === null) return extract(settings, run, "breakdown");
      appendRow(right, fresh, 1);
    }
  }
}

/** w ← w − Uᵀ coupling. */
function recur(left: Basis, coupling: Float64Array, w: Float64Array): void {
  const first = coupling.findIndex((value) => value !== 0);
  if (first < 0) return;
  if (first === coupling.length - 1) axpy(-coupling[first], basisRow(left, first), w);
  else subtract(left, coupling.length, coupling, w);
}

/** What a run carries from one step to the next. */
export interface GolubKahanRun {
  /** Basis on the larger side. */
  readonly left: Basis;
  /** Basis on the smaller side. */
  readonly right: Basis;
  /** Projected operator, m x m, row-major. */
  readonly B: Float64Array;
  /** Its columns in use. */
  size: number;
  /** Norm of the residual term. */
  beta: number;
  /** Uᵀ A v for the vector v to multiply next, as far as the recurrence knows it. */
  coupling: Float64Array;
  /** Largest singular Ritz value seen. */
  scale: number;
  /** Restarts done. */
  restarts: number;
  /** Products done. */
  matvecs: number;
  /** Number of products from which the next convergence test is due. */
  testAt: number;
}

interface Triplets {
  readonly values: Float64Array; // descending
  readonly p: Float64Array; // left vectors of B as columns
  readonly q: Float64Array; // right vectors of B as columns
  readonly residualNorms: Float64Array;
  readonly order: readonly number[]; // most wanted first
}

function ritz({ krylovDimension: m, which }: GolubKahanSettings, run: GolubKahanRun): Triplets {
  const { size, beta, B } = run;
  const data = new Float64Array(size * size);
  for (let i = 0; i < size; i++) data.set(B.subarray(i * m, i * m + size), i * size);
  const { u, singularValues, v } = svd({ rows: size, cols: size, data });
  const residualNorms = Float64Array.from({ length: size }, (_, i) => beta * Math.abs(u.data[(size - 1) * size + i]));
  if (size > 0) run.scale = Math.max(run.scale, singularValues[0]);
  const order = Array.from({ length: size }, (_, i) => (which === "largest" ? i : size - 1 - i));
  return { values: singularValues, p: u.data, q: v.data, residualNorms, order };
}

function report(
  settings: GolubKahanSettings,
  run: GolubKahanRun,
  triplets: Triplets,
  wanted: number,
): { readonly converged: number; readonly wait: number } {
  const target = Math.max(settings.tolerance * run.scale, roundoff(settings.cols, run.scale));
  let converged = 0;
  let worst = 0;
  for (const i of triplets.order.slice(0, wanted)) {
    if (triplets.residualNorms[i] <= target) converged++;
    worst = Math.max(worst, triplets.residualNorms[i]);
  }
  const { matvecs, restarts } = run;
  settings.onProgress?.({
    phase: "svds",
    done: converged,
    total: wanted,
    figures: { residualNorm: worst, matvecs, restarts },
  });
  return { converged, wait: stepsToWait(worst, target, settings.krylovDimension) };
}

/** Replaces both bases by the best singular Ritz vectors; B becomes diagonal, its next column comes from products. */
function compress(settings: GolubKahanSettings, run: GolubKahanRun, triplets: Triplets, converged: number): void {
  const { rows, cols, count, krylovDimension: m } = settings;
  const { left, right, size, B } = run;
  const spare = m - count;
  const keep = Math.min(m - 2, count + Math.max(1, Math.min(Math.floor(spare / 2), 2 + converged)));
  const kept = triplets.order.slice(0, keep);
  rotateRows(left.data, rows, selectColumns(triplets.p, size, kept), size, keep, left.data);
  rotateRows(right.data, cols, selectColumns(triplets.q, size, kept), size, keep, right.data);
  left.count = keep;
  const next = right.count > size;
  if (next) basisRow(right, keep).set(basisRow(right, size));
  right.count = keep + (next ? 1 : 0);
  B.fill(0);
  for (let i = 0; i < keep; i++) B[i * m + i] = triplets.values[kept[i]];
  run.coupling = Float64Array.from(kept, (i) => run.beta * triplets.p[(size - 1) * size + i]);
  run.size = keep;
  run.restarts++;
}

function extract(
  settings: GolubKahanSettings,
  run: GolubKahanRun,
  status: Status,
  known: Triplets | null = null,
): GolubKahanOutcome {
  const { rows, cols, count } = settings;
  const { size, matvecs, restarts } = run;
  const found = Math.min(count, size);
  const left = createResultBasis(rows, found);
  const right = createResultBasis(cols, found);
  const triplets = known ?? (size === 0 ? null : ritz(settings, run));
  const kept = triplets?.order.slice(0, found) ?? [];
  kept.forEach((i, k) => {
    combineRows(run.left, triplets!.p, size, i, basisRow(left, k));
    combineRows(run.right, triplets!.q, size, i, basisRow(right, k));
  });
  left.count = right.count = found;
  const values = Float64Array.from(kept, (i) => triplets!.values[i]);
  return { status, values, left, right, scale: run.scale, restarts, matvecs, run };
}
