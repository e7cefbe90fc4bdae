import { type LongRunning, isCancelled } from "../../core/index.js";
import { type Rng, normalMatrix } from "../../random/index.js";
import { rowEnergySpike, tracyWidom, tracyWidomCentring } from "../../rmt/index.js";
import { drawCase, recipeNormals } from "./case.js";
import { type LargeStep, kernelAlignment, largeSteps } from "./large-step.js";
import { criticalRate, valuesOf } from "./network.js";
import type { LinearWidthPlan } from "./plan.js";
import { type RunRow, runRow } from "./run-row.js";
import { bulkDistance, chanceOfOverlap, overlapQuantile, teacherOverlap } from "./statistics.js";
import { trainCase } from "./training.js";

/** A large step without its matrix. */
export interface OutlierStep extends Omit<LargeStep, "W" | "singularValues"> {
  /** Seed of network and data. */
  readonly seed: number;
  /** Deviation of the output weights. */
  readonly outputScale: number;
  /** P(a random direction is aligned that well with v₁). */
  readonly chance: number;
  /** KS distance of all values but the largest to those at the start. */
  readonly bulkDistance: number;
  /** |⟨y, top eigenvector of the conjugate kernel⟩|/‖y‖; null where it was not computed. */
  readonly kernelAlignment: number | null;
}

/** An epoch of stochastic steps that add up to a large one. */
export interface StochasticEpoch {
  /** Seed of network and data. */
  readonly seed: number;
  /** Sum of the steps' strengths at the start. */
  readonly strength: number;
  /** s_1 after the epoch, in units of √h. */
  readonly top: number;
  /** s_2. */
  readonly second: number;
  /** s_1 by the row-energy formula. */
  readonly predicted: number;
  /** |⟨v_1, β⟩|. */
  readonly alignment: number;
  /** KS distance of all values but the largest to those at the start. */
  readonly bulkDistance: number;
}

/** Recipe R2: one large step. */
export interface OutlierPart {
  /** Every strength, seed and output scale. */
  readonly steps: readonly OutlierStep[];
  /** One epoch of large stochastic steps from a small output, per seed. */
  readonly stochastic: readonly StochasticEpoch[];
  /** Edge 1 + √(d/h) of the bulk, in units of √h. */
  readonly edge: number;
  /** Strength above which an outlier appears. */
  readonly threshold: number;
  /** Median and 99 % quantile of |⟨v, β⟩| for a random direction. */
  readonly random: { readonly median: number; readonly high: number };
  /** KS distances of redrawn weights to the start, all values but the largest: all seeds. */
  readonly redrawn: readonly number[];
  /** Singular values of the first seed and smallest output scale at the start and after steps of a few strengths. */
  readonly spectra: readonly { readonly strength: number; readonly singularValues: Float64Array }[];
}

/** Strengths of which the spectra are kept. */
const SHOWN = [0, 0.5, 2, 3];

/** Takes single steps of growing strength, and an epoch of stochastic ones. */
export function outlierPart(plan: LinearWidthPlan, rng: Rng, running: LongRunning): OutlierPart {
  const { outlier: recipe, seeds } = plan;
  const { d, h, n } = recipe;
  const root = Math.sqrt(h);
  const steps: OutlierStep[] = [];
  const stochastic: StochasticEpoch[] = [];
  const redrawn: number[] = [];
  const spectra: { strength: number; singularValues: Float64Array }[] = [];
  const total = seeds.length * recipe.outputScales.length * recipe.strengths.length;
  for (const seed of seeds) {
    for (const outputScale of recipe.outputScales) {
      const start = drawCase(recipeNormals(seed), { d, h, n, outputScale, noise: 0.3, teacher: "softplus" });
      const before = valuesOf(start.W).map((s) => s / root);
      const series = largeSteps(start);
      const first = seed === seeds[0] && outputScale === recipe.outputScales[0];
      if (first) spectra.push({ strength: 0, singularValues: before });
      for (const strength of recipe.strengths) {
        if (isCancelled(running.signal)) break;
        running.onProgress?.({ phase: `one step of strength ${strength}, seed ${seed}`, done: steps.length, total });
        const { W, singularValues, ...step } = series.step(strength);
        steps.push({
          ...step,
          seed,
          outputScale,
          chance: chanceOfOverlap(step.alignment, d),
          bulkDistance: bulkDistance(singularValues, before, 1),
          kernelAlignment: SHOWN.includes(strength) ? kernelAlignment(W, start.X, start.y, rng.fork("kernel")) : null,
        });
        if (first && SHOWN.includes(strength)) spectra.push({ strength, singularValues });
      }
      if (outputScale !== recipe.outputScales[0] || isCancelled(running.signal)) continue;
      for (let k = 0; k < plan.invariance.redraws; k++) {
        const W = normalMatrix(rng.fork("redrawn").fork(seed).fork(k), h, d);
        redrawn.push(
          bulkDistance(
            valuesOf(W).map((s) => s / root),
            before,
            1,
          ),
        );
      }
      const count = Math.floor(n / recipe.batch);
      const rate = series.step(3).rate / count;
      const epoch = trainCase(start, { rate, steps: count, batch: recipe.batch, rng: rng.fork("batches").fork(seed) });
      const after = valuesOf(epoch.W).map((s) => s / root);
      stochastic.push({
        seed,
        strength: 3,
        top: after[0],
        second: after[1],
        predicted: rowEnergySpike(epoch.W, start.v).location / root,
        alignment: teacherOverlap(epoch.W, start.beta).first,
        bulkDistance: bulkDistance(after, before, 1),
      });
    }
  }
  const ratio = d / h;
  return {
    steps,
    stochastic,
    edge: 1 + Math.sqrt(ratio),
    threshold: Math.sqrt(Math.sqrt(ratio)),
    random: { median: overlapQuantile(0.5, d), high: overlapQuantile(0.01, d) },
    redrawn,
    spectra,
  };
}

/** One strength of a single step, seen from the bulk. */
export interface StepWindowRow {
  /** Strength θ. */
  readonly strength: number;
  /** Seed. */
  readonly seed: number;
  /** KS distance of all values but the largest to those at the start. */
  readonly bulkDistance: number;
  /** Values beyond the 99 % Tracy–Widom point of the untouched bulk. */
  readonly outliers: number;
  /** |⟨v₁, β⟩|. */
  readonly alignment: number;
}

/** One rate of a long run, seen from the bulk. */
export interface RateWindowRow {
  /** Deviation of the output weights. */
  readonly outputScale: number;
  /** Rate over the critical rate 2n/λ_max of the start. */
  readonly factor: number;
  /** KS distance of all values but the three largest to those at the start. */
  readonly bulkDistance: number;
  /** s_1 over the edge. */
  readonly topOverEdge: number;
  /** Values beyond the 99 % Tracy–Widom point of the untouched bulk. */
  readonly outliers: number;
  /** Last over first loss. */
  readonly lossRatio: number;
  /** Row of the table over the runs. */
  readonly row: RunRow;
}

/** The window of step sizes in which the bulk survives. */
export interface WindowPart {
  /** Single steps from a small output. */
  readonly steps: readonly StepWindowRow[];
  /** Long runs. */
  readonly rates: readonly RateWindowRow[];
  /** Stochastic long runs from a small output at a twentieth of the critical rate. */
  readonly stochastic: readonly RateWindowRow[];
  /** Largest KS distance of redrawn weights to the start: single steps, and long runs. */
  readonly redrawn: { readonly steps: number; readonly rates: number };
  /** Smallest and largest strength on the grid with an outlier and a bulk within the redraws, for most seeds; null when there is none. */
  readonly window: { readonly from: number; readonly to: number } | null;
}

/** The 99 % point of the largest singular value of an h x d matrix of independent entries of unit variance. */
function noiseEdge(point: number, h: number, d: number): number {
  const { center, scale } = tracyWidomCentring(Math.max(h, d), Math.min(h, d));
  return Math.sqrt(center + scale * point);
}

/** Finds out for which steps and rates the bulk stays while an outlier appears. */
export function windowPart(plan: LinearWidthPlan, rng: Rng, outlier: OutlierPart, running: LongRunning): WindowPart {
  const { seeds, window: recipe, testPoints } = plan;
  const steps: StepWindowRow[] = [];
  const rates: RateWindowRow[] = [];
  const stochastic: RateWindowRow[] = [];
  const redrawn: number[] = [];
  const perSeed = recipe.scales.length * recipe.factors.length + 1;
  let done = 0;
  const tick = (what: string): void =>
    running.onProgress?.({ phase: what, done: done++, total: seeds.length * (1 + perSeed) });
  const signal = running.signal === undefined ? {} : { signal: running.signal };
  const point = tracyWidom(1).quantile(0.99);
  const stepEdge = noiseEdge(point, plan.outlier.h, plan.outlier.d) / Math.sqrt(plan.outlier.h);
  const rateEdge = noiseEdge(point, recipe.h, recipe.d);
  for (const seed of seeds) {
    if (isCancelled(running.signal)) break;
    tick(`single steps, seed ${seed}`);
    const { d, h, n } = plan.outlier;
    const start = drawCase(recipeNormals(seed), {
      d,
      h,
      n,
      outputScale: plan.outlier.outputScales[0],
      noise: 0.3,
      teacher: "softplus",
    });
    const before = valuesOf(start.W).map((s) => s / Math.sqrt(h));
    const series = largeSteps(start);
    for (const strength of plan.windowStrengths) {
      const { singularValues, alignment } = series.step(strength);
      const outliers = singularValues.filter((value) => value > stepEdge).length;
      steps.push({ strength, seed, bulkDistance: bulkDistance(singularValues, before, 1), outliers, alignment });
    }
    for (const { outputScale, steps: count } of recipe.scales) {
      const shape = {
        d: recipe.d,
        h: recipe.h,
        n: recipe.n,
        outputScale,
        noise: 0.2,
        teacher: "relu",
        testPoints,
      } as const;
      const long = drawCase(recipeNormals(seed), shape);
      const critical = criticalRate(long);
      const initial = valuesOf(long.W);
      if (outputScale === 1)
        for (let k = 0; k < plan.invariance.redraws; k++)
          redrawn.push(
            bulkDistance(valuesOf(normalMatrix(rng.fork("window").fork(seed).fork(k), recipe.h, recipe.d)), initial, 3),
          );
      const measure = (factor: number, name: string, run: ReturnType<typeof trainCase>): RateWindowRow => {
        const values = valuesOf(run.W);
        return {
          outputScale,
          factor,
          bulkDistance: bulkDistance(values, initial, 3),
          topOverEdge: values[0] / (Math.sqrt(recipe.h) + Math.sqrt(recipe.d)),
          outliers: values.filter((value) => value > rateEdge).length,
          lossRatio: run.losses[run.losses.length - 1] / run.losses[0],
          row: runRow({ name, part: "large steps", trained: "first layer", seed }, long, run, rng.fork("permutation")),
        };
      };
      const small = outputScale === 1 ? "" : `, v × ${outputScale}`;
      for (const factor of recipe.factors) {
        if (isCancelled(running.signal)) break;
        tick(`${count} steps at ${factor} of the critical rate, seed ${seed}`);
        const run = trainCase(long, { rate: factor * critical, steps: count }, signal);
        if (isCancelled(running.signal)) break;
        rates.push(measure(factor, `GD, η = ${factor} η_c${small}`, run));
      }
      if (outputScale === 1 || isCancelled(running.signal)) continue;
      tick(`stochastic steps, seed ${seed}`);
      const batch = Math.round(recipe.n / 6);
      const factor = 0.05;
      const run = trainCase(
        long,
        { rate: factor * critical, steps: 6 * count, batch, rng: rng.fork("batches").fork(seed) },
        signal,
      );
      if (!isCancelled(running.signal)) stochastic.push(measure(factor, `SGD, η = ${factor} η_c${small}`, run));
    }
  }
  const highest = (list: readonly number[]): number => list.reduce((a, b) => Math.max(a, b), 0);
  const limit = highest(outlier.redrawn);
  return {
    steps,
    rates,
    stochastic,
    redrawn: { steps: limit, rates: highest(redrawn) },
    window: windowOf(steps, limit),
  };
}

/** The grid points at which most seeds have an outlier and a bulk no farther than a redraw. */
function windowOf(steps: readonly StepWindowRow[], limit: number): WindowPart["window"] {
  const strengths = [...new Set(steps.map((step) => step.strength))];
  const inside = strengths.filter((strength) => {
    const rows = steps.filter((step) => step.strength === strength);
    return 2 * rows.filter((row) => row.outliers >= 1 && row.bulkDistance <= limit).length > rows.length;
  });
  return inside.length === 0 ? null : { from: inside[0], to: inside[inside.length - 1] };
}
