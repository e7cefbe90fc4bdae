import {
  ArgumentError,
  type LongRunning,
  describe,
  requireInteger,
  requireNumber,
  requireOptions,
} from "../../core/index.js";
import type { Rng } from "../../random/index.js";

/** Options of {@link linearWidthStudy}. */
export interface LinearWidthStudyOptions extends LongRunning {
  /** Stream of batches, permutations, redrawn weights and bootstraps. */
  readonly rng: Rng;
  /** Seeds of the networks and their data; default [7, 8, 9], with which the recipes' reference numbers were made. */
  readonly seeds?: readonly number[];
  /** One seed for the slow recipe, fewer sizes and rates; default false. */
  readonly quick?: boolean;
  /** Factor on all widths and sample sizes, 0.2 to 1; default 1. Below 1 a look in seconds: what is expected belongs to 1. */
  readonly scale?: number;
  /** A clock in milliseconds, for wall times; absent without it. */
  readonly now?: () => number;
}

/** Sizes of a recipe. */
export interface Sizes {
  /** Inputs. */
  readonly d: number;
  /** Hidden units. */
  readonly h: number;
  /** Samples. */
  readonly n: number;
}

/** Everything that the study will do, after defaults. */
export interface LinearWidthPlan {
  /** Seeds of the networks. */
  readonly seeds: readonly number[];
  /** Seeds of the slow recipe. */
  readonly slowSeeds: readonly number[];
  /** Whether the short form runs. */
  readonly quick: boolean;
  /** Factor on all sizes. */
  readonly scale: number;
  /** Fresh points for every test error. */
  readonly testPoints: number;
  /** Small steps. */
  readonly invariance: Sizes & {
    /** Rate of gradient descent. */
    readonly rate: number;
    /** Its steps. */
    readonly steps: number;
    /** Rate of stochastic gradient descent. */
    readonly batchRate: number;
    /** Its steps. */
    readonly batchSteps: number;
    /** Samples per stochastic step. */
    readonly batch: number;
    /** Rate of the control over the critical rate. */
    readonly controlFactor: number;
    /** Its steps. */
    readonly controlSteps: number;
    /** Redrawn weights to compare with. */
    readonly redraws: number;
  };
  /** Sample sizes of the scaling runs, d : h : n = 2 : 3 : 4. */
  readonly scalingSizes: readonly number[];
  /** One large step. */
  readonly outlier: Sizes & {
    /** Strengths θ of the step in units of √h. */
    readonly strengths: readonly number[];
    /** Deviations of the output weights. */
    readonly outputScales: readonly number[];
    /** Samples per step of the stochastic epoch. */
    readonly batch: number;
  };
  /** Strengths of one step over which the bulk is watched; sizes as for the outlier. */
  readonly windowStrengths: readonly number[];
  /** Many steps. */
  readonly window: Sizes & {
    /** Rates over the critical rate. */
    readonly factors: readonly number[];
    /** Output deviations with the number of steps for each. */
    readonly scales: readonly { readonly outputScale: number; readonly steps: number }[];
  };
  /** Adaptive training of both layers. */
  readonly heavyTails: Sizes & {
    /** Steps of every run. */
    readonly steps: number;
    /** Rate of gradient descent. */
    readonly descentRate: number;
    /** Rates of Adam. */
    readonly adamRates: readonly number[];
    /** Permuted copies of every weight matrix. */
    readonly permutations: number;
    /** Bootstrap replicates of every tail fit. */
    readonly replicates: number;
  };
}

/** Checks the options and lays out the study. */
export function planStudy(options: LinearWidthStudyOptions, caller: string): LinearWidthPlan {
  requireOptions(options, ["rng", "seeds", "quick", "scale", "now", "signal", "onProgress"], caller);
  const { rng, seeds = [7, 8, 9], quick = false } = options;
  const fail = (argument: string, expected: string, got: unknown): never => {
    throw new ArgumentError({ function: caller, argument, expected, got: describe(got) });
  };
  if (typeof rng?.fork !== "function") fail("rng", "a stream, such as createRng(1)", rng);
  if (!Array.isArray(seeds) || seeds.length === 0) fail("seeds", "a list of at least one seed", seeds);
  seeds.forEach((seed, i) => requireInteger(seed, `seeds[${i}]`, caller, 0, 0xffff_ffff));
  if (typeof quick !== "boolean") fail("quick", "true or false", quick);
  const scale = requireNumber(options.scale ?? 1, "scale", caller, 0.2, 1);
  const whole = (size: number): number => Math.round(scale * size);
  const sizes = (d: number, h: number, n: number): Sizes => ({ d: whole(d), h: whole(h), n: whole(n) });
  return {
    seeds,
    slowSeeds: quick ? seeds.slice(0, 1) : seeds,
    quick,
    scale,
    testPoints: 1000,
    invariance: {
      ...sizes(200, 300, 400),
      rate: 20,
      steps: 120,
      batchRate: 4,
      batchSteps: 600,
      batch: whole(40),
      controlFactor: 2.5,
      controlSteps: 60,
      redraws: quick ? 4 : 9,
    },
    scalingSizes: (quick ? [100, 200, 400] : [100, 200, 400, 800]).map((n) => 4 * Math.round((scale * n) / 4)),
    outlier: {
      ...sizes(150, 300, 600),
      strengths: [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 2.5, 3, 4],
      outputScales: [0.1, 1],
      batch: whole(100),
    },
    windowStrengths: [0.5, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32],
    window: {
      ...sizes(100, 200, 600),
      factors: quick ? [0.2, 0.5, 3] : [0.05, 0.1, 0.2, 0.5, 1, 2, 3],
      scales: [
        { outputScale: 1, steps: 60 },
        { outputScale: 0.1, steps: 20 },
      ],
    },
    heavyTails: {
      ...sizes(100, 300, 800),
      steps: 200,
      descentRate: 20,
      adamRates: quick ? [0.1, 0.3] : [0.03, 0.1, 0.3],
      permutations: 19,
      replicates: scale < 1 ? 19 : quick ? 49 : 99,
    },
  };
}
