import { type LongRunning, type Matrix, isCancelled, norm } from "../../core/index.js";
import { type Rng, normalMatrix } from "../../random/index.js";
import { descentMoveBound } from "../../rmt/index.js";
import { drawCase, recipeNormals } from "./case.js";
import { type LawCurve, NO_LAW, limitLaws } from "./limit-laws.js";
import { type MoveBounds, kernelNormBound, moveBounds } from "./move-bounds.js";
import { criticalRate, difference, valuesOf } from "./network.js";
import { type NetworkSpectra, type SpectraDistances, distancesBetween, spectraOf } from "./network-spectra.js";
import type { LinearWidthPlan } from "./plan.js";
import { type RunRow, runRow } from "./run-row.js";
import { trainCase } from "./training.js";

/** One run with small steps, or the control. */
export interface InvarianceRun {
  /** Which rule. */
  readonly kind: "gradient descent" | "stochastic" | "control";
  /** Seed of network and data. */
  readonly seed: number;
  /** Learning rate. */
  readonly rate: number;
  /** The rate over the critical rate 2n/λ_max. */
  readonly rateOverCritical: number;
  /** First loss. */
  readonly firstLoss: number;
  /** Mean of the last epoch's losses (the last loss for full batches). */
  readonly lastLoss: number;
  /** Distances to the start. */
  readonly distances: SpectraDistances;
  /** ‖W_t − W₀‖₂/√h. */
  readonly operatorMove: number;
  /** Bounds; null for the control, whose loss does not fall in that regime. */
  readonly bounds: MoveBounds | null;
  /** Row of the table over the runs. */
  readonly row: RunRow;
}

/** Recipe R1 and its control, for every seed. */
export interface InvariancePart {
  /** All runs. */
  readonly runs: readonly InvarianceRun[];
  /** Distances of redrawn weights to the start, per seed: what an independent network of the same law differs by. */
  readonly redrawn: readonly (SpectraDistances & { readonly seed: number })[];
  /** Spectra of the first seed at the start and after each kind of run. */
  readonly spectra: Readonly<Record<"start" | InvarianceRun["kind"], NetworkSpectra>>;
  /** Limit laws at initialisation, with the KS distance of the first seed's spectra at the start to them. */
  readonly laws: Readonly<Record<keyof NetworkSpectra, LawCurve>>;
  /** The way of the weights of the first seed under gradient descent: relative to ‖W₀‖_F, after each step. */
  readonly way: {
    readonly move: readonly number[];
    readonly path: readonly number[];
    readonly bound: readonly number[];
    readonly loss: readonly number[];
  };
}

/** Runs recipe R1 for every seed: gradient descent, stochastic gradient descent, control. */
export function invariancePart(plan: LinearWidthPlan, rng: Rng, running: LongRunning): InvariancePart {
  const { invariance: recipe, seeds, testPoints } = plan;
  const runs: InvarianceRun[] = [];
  const redrawn: (SpectraDistances & { seed: number })[] = [];
  let spectra: InvariancePart["spectra"] | null = null;
  let laws: InvariancePart["laws"] | null = null;
  let way: InvariancePart["way"] = { move: [], path: [], bound: [], loss: [] };
  const kinds = ["gradient descent", "stochastic", "control"] as const;
  const total = seeds.length * (kinds.length + 1);
  let done = 0;
  const tick = (what: string): void => running.onProgress?.({ phase: what, done: done++, total });
  for (const seed of seeds) {
    if (isCancelled(running.signal)) break;
    const start = drawCase(recipeNormals(seed), { ...recipe, noise: 0.3, teacher: "softplus", testPoints });
    tick(`seed ${seed}: redrawn weights`);
    const before = spectraOf(start.W, start.v, start.X);
    for (let k = 0; k < recipe.redraws; k++) {
      const W = normalMatrix(rng.fork("redrawn").fork(seed).fork(k), recipe.h, recipe.d);
      redrawn.push({ seed, ...distancesBetween(spectraOf(W, start.v, start.X), before) });
    }
    laws ??= limitLaws(recipe, before);
    const critical = criticalRate(start);
    const kernelNorm = kernelNormBound(start);
    const found: Partial<Record<InvarianceRun["kind"], NetworkSpectra>> = {};
    for (const kind of kinds) {
      if (isCancelled(running.signal)) break;
      tick(`seed ${seed}: ${kind}`);
      const rate =
        kind === "control" ? recipe.controlFactor * critical : kind === "stochastic" ? recipe.batchRate : recipe.rate;
      const moves = [0];
      const size = norm(start.W.data);
      const watch = (_: number, W: Matrix): void => void moves.push(norm(difference(W, start.W).data) / size);
      const trained = trainCase(
        start,
        kind === "stochastic"
          ? { rate, steps: recipe.batchSteps, batch: recipe.batch, rng: rng.fork("batches").fork(seed) }
          : { rate, steps: kind === "control" ? recipe.controlSteps : recipe.steps },
        running.signal === undefined ? {} : { signal: running.signal },
        kind === "gradient descent" ? watch : undefined,
      );
      if (isCancelled(running.signal)) break; // a run cut short is no evidence
      const after = spectraOf(trained.W, trained.v, start.X);
      found[kind] = after;
      const samples = kind === "stochastic" ? recipe.batch : recipe.n;
      const bound = descentMoveBound(trained.losses, { stepSize: rate, samples, kernelNorm });
      const epoch = kind === "stochastic" ? Math.floor(recipe.n / recipe.batch) : 1;
      const last = trained.losses.slice(-epoch);
      runs.push({
        kind,
        seed,
        rate,
        rateOverCritical: rate / critical,
        firstLoss: trained.losses[0],
        lastLoss: last.reduce((sum, loss) => sum + loss, 0) / last.length,
        distances: distancesBetween(after, before),
        operatorMove: valuesOf(difference(trained.W, start.W))[0] / Math.sqrt(recipe.h),
        bounds:
          kind === "control" ? null : moveBounds(start, trained, before, after, kernelNorm, bound[bound.length - 1]),
        row: runRow(
          {
            name: RUN_NAMES[kind](rate),
            part: kind === "control" ? "large steps" : "small steps",
            trained: "first layer",
            seed,
          },
          start,
          trained,
          rng.fork("permutation"),
        ),
      });
      if (kind === "gradient descent" && seed === seeds[0]) {
        let length = 0;
        const path = [0, ...trained.stepNorms.map((step) => (length += step) / size)];
        way = { move: moves, path, bound: Array.from(bound, (value) => value / size), loss: trained.losses };
      }
    }
    if (spectra === null && found["gradient descent"] && found.stochastic && found.control)
      spectra = {
        start: before,
        "gradient descent": found["gradient descent"],
        stochastic: found.stochastic,
        control: found.control,
      };
  }
  const none: NetworkSpectra = {
    weights: new Float64Array(0),
    conjugate: new Float64Array(0),
    tangent: new Float64Array(0),
  };
  return {
    runs,
    redrawn,
    laws: laws ?? { weights: NO_LAW, conjugate: NO_LAW, tangent: NO_LAW },
    spectra: spectra ?? { start: none, "gradient descent": none, stochastic: none, control: none },
    way,
  };
}

const RUN_NAMES: Readonly<Record<InvarianceRun["kind"], (rate: number) => string>> = {
  "gradient descent": (rate) => `GD, η = ${rate}`,
  stochastic: (rate) => `SGD, η = ${rate}`,
  control: () => "GD, η = 2.5 η_c",
};
