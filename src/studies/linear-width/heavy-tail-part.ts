import { type LongRunning, type Tagged, defined, isCancelled, undefinedBecause } from "../../core/index.js";
import type { Rng } from "../../random/index.js";
import { type Phase, type PowerLawFit, classifyPhase, fitPowerLaw } from "../../rmt/index.js";
import { type LinearWidthCase, drawCase, recipeNormals } from "./case.js";
import { spectraOf } from "./network-spectra.js";

import type { LinearWidthPlan } from "./plan.js";
import { type RunRow, runRow } from "./run-row.js";
import { ks, overlapQuantile, permutedCopy, positivePart, spread, upperHalfExponent } from "./statistics.js";
import { type Trained, trainCase } from "./training.js";

/** A power-law tail as far as the table shows it. */
export interface TailSummary {
  /** Exponent of the density. */
  readonly alpha: number;
  /** Values in the tail. */
  readonly tailCount: number;
  /** Bootstrap p-value of the power law; below 0.1 it is rejected. */
  readonly pValue: number;
  /** Verdict of the fit. */
  readonly verdict: PowerLawFit["verdict"];
}

/** A spectrum against its baseline. */
export interface TailComparisonRow {
  /** Which matrix. */
  readonly matrix: "weights" | "conjugate kernel" | "tangent kernel";
  /** Hill exponent of the upper half. */
  readonly hill: number;
  /** The same at the start. */
  readonly initialHill: number;
  /** The same for the baseline with permuted entries: smallest and largest of the copies. */
  readonly permutedHill: readonly [number, number];
  /** Largest over median. */
  readonly spread: number;
  /** The same at the start. */
  readonly initialSpread: number;
  /** The same for the permuted copies. */
  readonly permutedSpread: readonly [number, number];
  /** KS distance to the start. */
  readonly distance: number;
  /** Tail of the trained spectrum, or why there is none. */
  readonly tail: Tagged<TailSummary>;
  /** Tail at the start. */
  readonly initialTail: Tagged<TailSummary>;
}

/** One adaptive (or reference) run. */
export interface HeavyTailRun {
  /** Name of the rule with its rate. */
  readonly name: string;
  /** Adam's rate; 0 for gradient descent and the untrained network. */
  readonly adamRate: number;
  /** Seed. */
  readonly seed: number;
  /** Phase of the weights, decided against permuted copies and the start. */
  readonly phase: Phase;
  /** Why. */
  readonly reasons: readonly string[];
  /** Permutation p-value of the Hill exponent. */
  readonly hillPValue: number;
  /** Hill exponents of the permuted copies, ascending. */
  readonly permutedHill: readonly number[];
  /** Spreads of the permuted copies, ascending. */
  readonly permutedSpread: readonly number[];
  /** Tail of the weights. */
  readonly tail: Tagged<TailSummary>;
  /** Kernels against their baselines; none for intermediate rates. */
  readonly comparisons: readonly TailComparisonRow[];
  /** Row of the table over the runs. */
  readonly row: RunRow;
}

/** Recipe R3. */
export interface HeavyTailPart {
  /** Runs with both layers trained: start, gradient descent, Adam at every rate. */
  readonly runs: readonly HeavyTailRun[];
  /** Adam at the largest rate on the first layer alone, with n/d as in recipe R1: where the gain in test error is lost. */
  readonly firstLayerOnly: readonly RunRow[];
  /** 99 % quantile of the five-vector overlap for a random subspace. */
  readonly randomOverlap: number;
  /** Spectra of the first seed: s² of the weights, kernels; descending. */
  readonly spectra: readonly {
    /** Which run. */
    readonly name: string;
    /** s²/h of the weights. */
    readonly weights: Float64Array;
    /** Nonzero eigenvalues of the conjugate kernel. */
    readonly conjugate: Float64Array;
    /** Eigenvalues of the tangent kernel. */
    readonly tangent: Float64Array;
  }[];
}

/** Permuted copies for the kernels, whose spectra cost much more than those of the weights. */
const KERNEL_COPIES = 3;

/** Trains both layers by gradient descent and by Adam at several rates. */
export function heavyTailPart(plan: LinearWidthPlan, rng: Rng, running: LongRunning): HeavyTailPart {
  const { heavyTails: recipe, slowSeeds, testPoints } = plan;
  const runs: HeavyTailRun[] = [];
  const firstLayerOnly: RunRow[] = [];
  const spectra: HeavyTailPart["spectra"][number][] = [];
  const rules = [
    { name: "untrained", rate: 0, adam: false },
    { name: `GD, η = ${recipe.descentRate}`, rate: recipe.descentRate, adam: false },
    ...recipe.adamRates.map((rate) => ({ name: `Adam, η = ${rate}`, rate, adam: true })),
  ];
  const largest = Math.max(...recipe.adamRates);
  const total = slowSeeds.length * (rules.length + 1) * recipe.steps;
  let done = 0;
  const signal = running.signal === undefined ? {} : { signal: running.signal };
  const watched = (what: string): LongRunning => ({
    ...signal,
    onProgress: ({ done: step }) => running.onProgress?.({ phase: what, done: done + step, total }),
  });
  for (const seed of slowSeeds) {
    const start = drawCase(recipeNormals(seed), { ...recipe, noise: 0.2, teacher: "relu", testPoints });
    const initial = spectraOf(start.W, start.v, start.X);
    for (const { name, rate, adam } of rules) {
      if (isCancelled(running.signal)) break;
      const trained: Trained =
        rate === 0
          ? { W: start.W, v: start.v, losses: [untrainedLoss(start)], stepNorms: [] }
          : trainCase(start, { rate, steps: recipe.steps, adam, both: true }, watched(`${name}, seed ${seed}`));
      if (isCancelled(running.signal)) break;
      done += recipe.steps;
      const own = rng.fork(name).fork(seed);
      const phase = classifyPhase(
        trained.W,
        { rng: own, draws: recipe.permutations, initial: start.W },
        { replicates: recipe.replicates },
      );
      const compared = rate === 0 || rate === largest || !adam;
      const after = compared ? spectraOf(trained.W, trained.v, start.X) : null;
      runs.push({
        name,
        adamRate: adam ? rate : 0,
        seed,
        phase: phase.phase,
        reasons: phase.reasons,
        hillPValue: phase.hill.pValue,
        permutedHill: Array.from(phase.hill.permuted),
        permutedSpread: Array.from(phase.spread.permuted),
        tail: phase.tail.defined ? defined(summary(phase.tail.value)) : undefinedBecause(phase.tail.reason),
        comparisons:
          after === null || rate === 0
            ? []
            : kernelComparisons(start, trained, initial, after, recipe.replicates, own.fork("kernels")),
        row: runRow(
          { name, part: "adaptive", trained: rate === 0 ? "none" : "both layers", seed },
          start,
          trained,
          rng.fork("permutation"),
        ),
      });
      if (seed === slowSeeds[0] && after !== null) {
        const weights = after.weights.map((s) => s * s);
        spectra.push({ name, weights, conjugate: after.conjugate, tangent: after.tangent.slice().reverse() });
        if (rate === largest) {
          const W = permutedCopy(trained.W, own.fork("shown"));
          const copy = spectraOf(W, trained.v, start.X);
          spectra.push({
            name: `${name}, entries permuted`,
            weights: copy.weights.map((s) => s * s),
            conjugate: copy.conjugate,
            tangent: copy.tangent.slice().reverse(),
          });
        }
      }
    }
    if (isCancelled(running.signal)) break;
    const { d, h, n } = plan.invariance;
    const few = drawCase(recipeNormals(seed), { d, h, n, noise: 0.3, teacher: "softplus", testPoints });
    const name = `Adam, η = ${largest}`;
    const trained = trainCase(
      few,
      { rate: largest, steps: recipe.steps, adam: true },
      watched(`${name}, first layer, seed ${seed}`),
    );
    if (isCancelled(running.signal)) break;
    done += recipe.steps;
    firstLayerOnly.push(
      runRow({ name, part: "adaptive", trained: "first layer", seed }, few, trained, rng.fork("permutation")),
    );
  }
  return { runs, firstLayerOnly, randomOverlap: overlapQuantile(0.01, recipe.d, 5), spectra };
}

function untrainedLoss(start: LinearWidthCase): number {
  return trainCase(start, { rate: 0, steps: 1 }).losses[0];
}

function summary(fit: PowerLawFit): TailSummary {
  const { alpha, tailCount, goodness, verdict } = fit;
  return { alpha, tailCount, pValue: goodness.defined ? goodness.value.pValue : Number.NaN, verdict };
}

function tailOf(values: Float64Array, replicates: number, rng: Rng): Tagged<TailSummary> {
  const positive = positivePart(values);
  if (new Set(positive).size < 10) return undefinedBecause("fewer than 10 different values above zero");
  return defined(summary(fitPowerLaw(positive, { bootstrap: { replicates, rng } })));
}

/** The three spectra of a run against the start and against copies with permuted first-layer entries. */
function kernelComparisons(
  start: LinearWidthCase,
  trained: Trained,
  before: ReturnType<typeof spectraOf>,
  after: ReturnType<typeof spectraOf>,
  replicates: number,
  rng: Rng,
): TailComparisonRow[] {
  const copies = Array.from({ length: KERNEL_COPIES }, (_, k) =>
    spectraOf(permutedCopy(trained.W, rng.fork(k)), trained.v, start.X),
  );
  const squares = (values: Float64Array): Float64Array => values.map((s) => s * s);
  const range = (list: readonly number[]): readonly [number, number] => [Math.min(...list), Math.max(...list)];
  return (
    [
      ["weights", (s) => squares(s.weights)],
      ["conjugate kernel", (s) => s.conjugate],
      ["tangent kernel", (s) => s.tangent],
    ] as readonly (readonly [TailComparisonRow["matrix"], (s: ReturnType<typeof spectraOf>) => Float64Array])[]
  ).map(([matrix, of]) => ({
    matrix,
    hill: upperHalfExponent(of(after)),
    initialHill: upperHalfExponent(of(before)),
    permutedHill: range(copies.map((copy) => upperHalfExponent(of(copy)))),
    spread: spread(of(after)),
    initialSpread: spread(of(before)),
    permutedSpread: range(copies.map((copy) => spread(of(copy)))),
    distance: ks(of(after), of(before)),
    tail: tailOf(of(after), replicates, rng.fork(matrix).fork("trained")),
    initialTail: tailOf(of(before), replicates, rng.fork(matrix).fork("start")),
  }));
}
