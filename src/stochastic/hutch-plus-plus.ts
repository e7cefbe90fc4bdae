import { EPSILON, type Matrix, dot, square } from "../core/index.js";
import { type Coroutine, multiply } from "../krylov/index.js";
import { qr } from "../linalg/index.js";
import { besides, fillProbe, multiplyColumns, orthonormalBeside, probeMatrix, projectOut } from "./probes.js";
import { sampleMean, samplingAdvice } from "./sampling.js";
import { addSample, createMoments, sampleVariance } from "./estimate.js";
import type { TraceResult, TraceSettings } from "./trace-result.js";
import { studentQuantile } from "./student.js";

/** Residual probes that judge a sketch before it is used. */
const SCOUTS = 12;

/** Tolerance that the sketch grows for when a stopping rule hides what is wanted. */
const GUIDE = 0.01;

/** Sketch that adaptive runs begin with. */
const FIRST_SKETCH = 12;

/**
 * Hutch++: tr A = tr Qᵀ A Q + tr (I − QQᵀ) A (I − QQᵀ), the first term exactly for Q an orthonormal basis of a sketch
 * A Ω, the second by Hutchinson.
 *
 * Given Q the samples are independent, so the t interval is that of their mean. A third of the budget goes to the
 * sketch, a third to A Q, a third to the probes; with a tolerance the sketch is doubled while that pays.
 * @see [meyer2021]
 */
export function* hutchPlusPlus(settings: TraceSettings): Coroutine<TraceResult> {
  const { n, rng, distribution, budget, tolerance, stop } = settings;
  const fixed = tolerance === null && stop === null;
  const size = fixed ? Math.min(Math.floor(budget / 3), n) : Math.min(FIRST_SKETCH, Math.floor(budget / 6), n);
  const sketchRng = rng.fork("sketch"); // the probes of the residual must not depend on the size of the sketch
  let sketch = yield* extend(null, size, settings, sketchRng);
  if (!fixed) sketch = yield* grow(sketch, settings, sketchRng);
  const { q, captured, rounding } = sketch;
  let { matvecs } = sketch;
  const residual = residualSampler(q, settings);
  const { ends: _ends, ...result } = yield* sampleMean({
    ...settings,
    phase: "trace by hutch++",
    constant: captured,
    rounding,
    samples: q.cols >= n ? 2 : Math.max(2, budget - matvecs), // nothing is left to sample: two probes that give zero
    spent: () => matvecs,
    *sample() {
      matvecs++;
      return [yield* residual()];
    },
  });
  return { ...result, method: "hutch++", distribution, advice: samplingAdvice(result.status) };
}

interface Sketch {
  /** Orthonormal columns. */
  readonly q: Matrix;
  /** tr Qᵀ A Q. */
  readonly captured: number;
  /** Bound on the rounding error of that: n ε times the sum of the moduli of its terms. */
  readonly rounding: number;
  readonly matvecs: number;
}

/** Adds `more` directions of the range of A to a sketch. */
function* extend(
  sketch: Sketch | null,
  more: number,
  { n, distribution }: TraceSettings,
  rng: TraceSettings["rng"],
): Coroutine<Sketch> {
  const Y = yield* multiplyColumns(probeMatrix(distribution, rng, n, more));
  // Factored together with the old columns, so that the new ones are orthogonal to them even when Y adds nothing new.
  const fresh = sketch === null ? qr(Y).q : orthonormalBeside(sketch.q, Y);
  const AQ = yield* multiplyColumns(fresh);
  let captured = sketch?.captured ?? 0;
  let size = 0;
  for (let i = 0; i < fresh.data.length; i++) {
    const term = fresh.data[i] * AQ.data[i];
    captured += term;
    size += Math.abs(term);
  }
  return {
    q: sketch === null ? fresh : besides(sketch.q, fresh),
    captured,
    rounding: (sketch?.rounding ?? 0) + n * EPSILON * size,
    matvecs: (sketch?.matvecs ?? 0) + more + fresh.cols,
  };
}

/** Doubles the sketch while the probes that it saves outnumber the products that it costs. */
function* grow(first: Sketch, settings: TraceSettings, rng: TraceSettings["rng"]): Coroutine<Sketch> {
  const { n, confidence, budget } = settings;
  const tolerance = settings.tolerance ?? GUIDE;
  let sketch = first;
  let variance = Infinity;
  for (;;) {
    const moments = createMoments();
    const sample = residualSampler(sketch.q, { ...settings, rng: rng.fork("scouts") });
    for (let i = 0; i < SCOUTS; i++) addSample(moments, yield* sample());
    sketch = { ...sketch, matvecs: sketch.matvecs + SCOUTS };
    const half = tolerance * Math.abs(sketch.captured + moments.mean);
    const needed = sampleVariance(moments) * square(studentQuantile(0.5 + confidence / 2, SCOUTS - 1) / half);
    const more = Math.min(sketch.q.cols, n - sketch.q.cols);
    const pays = needed > 2 * more && sampleVariance(moments) < variance / 2;
    if (!pays || more === 0 || sketch.matvecs + 2 * more + SCOUTS > budget / 2) return sketch;
    variance = sampleVariance(moments);
    sketch = yield* extend(sketch, more, settings, rng);
  }
}

/** Samples of gᵀ (I − QQᵀ) A (I − QQᵀ) g. */
function residualSampler(q: Matrix, { n, rng, distribution }: TraceSettings): () => Coroutine<number> {
  const v = new Float64Array(n);
  const product = new Float64Array(n);
  return function* () {
    fillProbe(distribution, rng, v);
    projectOut(q, v);
    projectOut(q, v); // once more: the first pass leaves ε ‖v‖ of a range where A is largest
    yield* multiply(v, product);
    return dot(v, product);
  };
}
