import { isCancelled, type LongRunning, type Matrix, requireOneOf, requireOptions } from "../../core/index.js";
import type { Rng } from "../../random/index.js";
import { digitExperiment, type DigitOptions, type DigitResult, digitsExperiment, type DigitSummary } from "./digits.js";
import { robustnessExperiment, type RobustnessResult } from "./matrix-experiments.js";
import type { Recipe, RecipeId, RecipeRecord } from "./recipe.js";
import {
  activationsRecipe,
  deficientRecipe,
  driftRecipe,
  integratorsRecipe,
  invariantsRecipe,
  stepSizeRecipe,
  monotonicityRecipe,
  neuronsRecipe,
  noiseRecipe,
  ratesRecipe,
  violationsRecipe,
  zeroTargetRecipe,
} from "./recipes-diagonal.js";
import {
  completionRecipe,
  enginesRecipe,
  entrywiseRecipe,
  gaussianRecipe,
  glyphRecipe,
  jumpRecipe,
  nonSpectralRecipe,
  spectralInitRecipe,
  structureRecipe,
} from "./recipes-matrix.js";

/** All recipes, in the order of their numbers. */
export const sensingRecipes: readonly Recipe[] = [
  spectralInitRecipe,
  ratesRecipe,
  monotonicityRecipe,
  zeroTargetRecipe,
  deficientRecipe,
  nonSpectralRecipe,
  gaussianRecipe,
  activationsRecipe,
  stepSizeRecipe,
  completionRecipe,
  glyphRecipe,
  neuronsRecipe,
  driftRecipe,
  noiseRecipe,
  violationsRecipe,
  invariantsRecipe,
  entrywiseRecipe,
  integratorsRecipe,
  enginesRecipe,
  jumpRecipe,
  structureRecipe,
];

/** Options of {@link sensingStudy}. */
export interface SensingStudyOptions extends LongRunning {
  /** Randomness beyond the replayed seeds of the recipes. */
  readonly rng: Rng;
  /** Recipes to run; all of them by default. */
  readonly only?: readonly RecipeId[];
  /** Pictures of digits, 28 x 28 or any other size, values of any scale; the real-data part is absent without them. */
  readonly digits?: readonly Matrix[];
  /** "summary" runs a small network on every picture; "full" adds the source's three-layer network on the first. */
  readonly digitDetail?: "summary" | "full";
  /** Settings of the full digit run. */
  readonly digitOptions?: DigitOptions;
  /** A clock in milliseconds, for wall times; absent without it. */
  readonly now?: () => number;
}

/** Record of the sensing study. */
export interface SensingStudy {
  /** "cancelled" when the signal stopped it: what was done is kept. */
  readonly status: "complete" | "cancelled";
  /** One record per recipe. */
  readonly recipes: readonly RecipeRecord[];
  /** Robustness of the spectral initialisation, one row per perturbation; empty when recipes were selected. */
  readonly robustness: readonly RobustnessResult[];
  /** Mean and spread over the digits; null without pictures. */
  readonly digits: { readonly results: readonly DigitResult[]; readonly summary: readonly DigitSummary[] } | null;
  /** The first digit with the source's network; null unless asked for. */
  readonly fullDigit: DigitResult | null;
  /** Whether every recipe came out as expected. */
  readonly passed: boolean;
  /** Seconds by part; empty without a clock. */
  readonly wallTimes: Readonly<Record<string, number>>;
}

/**
 * Runs the sensing study: the recipes E1 to E21, the robustness of spectral initialisation and, with pictures, the
 * reconstruction of digits.
 *
 * Relation: each recipe compares its numbers with what the theory or an independent computation gives and says whether
 * they agree; equal options and streams give equal records, wall times apart.
 *
 * @param options rng is required
 * @returns records for reports; `passed` when every recipe came out as expected
 * @throws {OptionError} for unknown options or recipe ids
 *
 * Cost: all recipes under a minute, ten digits half a minute, the full digit one to two minutes. Stopping: a cancelled
 * study returns the parts done so far.
 * @see [chu2024]
 * @example
 * ```ts
 * import { createRng } from "eigenscope/random";
 * import { sensingStudy } from "eigenscope/studies";
 * const study = sensingStudy({ rng: createRng(1), only: ["E1", "E13"] });
 * console.log(study.recipes.map((recipe) => recipe.id).join(" "), study.passed); // E1 E13 true
 * ```
 */
export function sensingStudy(options: SensingStudyOptions): SensingStudy {
  const caller = "sensingStudy";
  requireOptions(
    options,
    ["rng", "only", "digits", "digitDetail", "digitOptions", "now", "signal", "onProgress"],
    caller,
  );
  const ids = sensingRecipes.map((recipe) => recipe.id);
  const wanted = (options.only ?? ids).map((id) => requireOneOf(id, ids, "only", caller));
  const detail = requireOneOf(options.digitDetail ?? "summary", ["summary", "full"] as const, "digitDetail", caller);
  const { rng, signal, onProgress, now } = options;
  const running: LongRunning = {
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  };
  const wallTimes: Record<string, number> = {};
  const timed = <T>(name: string, work: () => T): T => {
    const start = now?.();
    const result = work();
    if (now !== undefined && start !== undefined) wallTimes[name] = (now() - start) / 1000;
    return result;
  };
  const chosen = sensingRecipes.filter((recipe) => wanted.includes(recipe.id));
  const recipes: RecipeRecord[] = [];
  for (const [index, recipe] of chosen.entries()) {
    if (isCancelled(signal)) break;
    onProgress?.({ phase: `recipe ${recipe.id}: ${recipe.title}`, done: index, total: chosen.length });
    const record = timed(recipe.id, () => recipe.run({ rng, ...running }));
    if (isCancelled(signal)) break; // a recipe cut short is not a result
    recipes.push(record);
  }
  const robustness: RobustnessResult[] = [];
  if (options.only === undefined) {
    timed("robustness", () => {
      for (const delta of [0, 1e-3, 1e-2, 1e-1, 0.3, 1]) {
        if (isCancelled(signal)) break;
        onProgress?.({ phase: `robustness, δ = ${delta}`, done: robustness.length, total: 6 });
        robustness.push(robustnessExperiment(delta, 0.1, rng.fork("robustness")));
      }
    });
  }
  let digits: SensingStudy["digits"] = null;
  let fullDigit: DigitResult | null = null;
  const images = options.digits ?? [];
  if (images.length > 0 && !isCancelled(signal)) {
    const { digits: results, summary } = timed("digits", () =>
      digitsExperiment(images, { rng: rng.fork("digits"), ...running }),
    );
    digits = { results, summary };
    if (detail === "full" && !isCancelled(signal)) {
      fullDigit = timed("full digit", () =>
        digitExperiment(images[0], { rng: rng.fork("full digit"), ...options.digitOptions, ...running }),
      );
    }
  }
  return {
    status: isCancelled(signal) ? "cancelled" : "complete",
    recipes,
    robustness,
    digits,
    fullDigit,
    passed: recipes.length === chosen.length && recipes.every((recipe) => recipe.passed),
    wallTimes,
  };
}
