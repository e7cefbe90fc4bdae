import { type LongRunning, isCancelled, norm } from "../../core/index.js";
import { descentMoveBound } from "../../rmt/index.js";
import { spectralDistance } from "../../spectra/index.js";
import { drawCase, recipeNormals } from "./case.js";
import { kernelNormBound } from "./move-bounds.js";
import { criticalRate, difference, valuesOf } from "./network.js";
import { type SpectraDistances, distancesBetween, spectraOf } from "./network-spectra.js";
import type { LinearWidthPlan } from "./plan.js";
import { logSlope, median } from "./statistics.js";
import { trainCase } from "./training.js";

/** One size of the scaling runs, medians over the seeds. */
export interface ScalingRow {
  /** Samples; d : h : n = 2 : 3 : 4. */
  readonly n: number;
  /** ‖W_t − W₀‖_F/‖W₀‖_F. */
  readonly relativeMove: number;
  /** The bound on it by the losses. */
  readonly relativeBound: number;
  /** ‖W_t − W₀‖₂/√h. */
  readonly operatorMove: number;
  /** Wasserstein-2 distance of the singular values of W/√h. */
  readonly wasserstein: number;
  /** KS distances to the start. */
  readonly distances: SpectraDistances;
  /** Last over first loss. */
  readonly lossRatio: number;
}

/** How the move of the spectra depends on the size. */
export interface ScalingPart {
  /** One row per size. */
  readonly rows: readonly ScalingRow[];
  /** Exponents in n of the columns, by least squares in logarithms. */
  readonly slopes: Readonly<
    Record<
      "relativeMove" | "relativeBound" | "operatorMove" | "wasserstein" | "weights" | "conjugate" | "tangent",
      number
    >
  >;
}

/** Trains networks of growing size at half the critical rate for 60 steps. */
export function scalingPart(plan: LinearWidthPlan, running: LongRunning): ScalingPart {
  const rows: ScalingRow[] = [];
  for (const [index, n] of plan.scalingSizes.entries()) {
    const all = plan.seeds.flatMap((seed, k) => {
      running.onProgress?.({
        phase: `n = ${n}, seed ${seed}`,
        done: index * plan.seeds.length + k,
        total: plan.scalingSizes.length * plan.seeds.length,
      });
      const start = drawCase(recipeNormals(seed), { d: n / 2, h: (3 * n) / 4, n, noise: 0.3, teacher: "softplus" });
      const rate = criticalRate(start) / 2;
      const trained = trainCase(
        start,
        { rate, steps: 60 },
        running.signal === undefined ? {} : { signal: running.signal },
      );
      if (isCancelled(running.signal)) return [];
      const [before, after] = [spectraOf(start.W, start.v, start.X), spectraOf(trained.W, start.v, start.X)];
      const size = norm(start.W.data);
      const bound = descentMoveBound(trained.losses, {
        stepSize: rate,
        samples: n,
        kernelNorm: kernelNormBound(start),
      });
      const change = difference(trained.W, start.W);
      return [
        {
          relativeMove: norm(change.data) / size,
          relativeBound: bound[bound.length - 1] / size,
          operatorMove: valuesOf(change)[0] / Math.sqrt(start.W.rows),
          wasserstein: spectralDistance(after.weights, before.weights).wasserstein2,
          ...distancesBetween(after, before),
          lossRatio: trained.losses[trained.losses.length - 1] / trained.losses[0],
        },
      ];
    });
    if (isCancelled(running.signal)) break;
    const of = (key: keyof (typeof all)[number]): number => median(all.map((row) => row[key]));
    rows.push({
      n,
      relativeMove: of("relativeMove"),
      relativeBound: of("relativeBound"),
      operatorMove: of("operatorMove"),
      wasserstein: of("wasserstein"),
      distances: { weights: of("weights"), conjugate: of("conjugate"), tangent: of("tangent") },
      lossRatio: of("lossRatio"),
    });
  }
  const sizes = rows.map((row) => row.n);
  const slope = (value: (row: ScalingRow) => number): number =>
    rows.length < 2 ? 0 : logSlope(sizes, rows.map(value));
  return {
    rows,
    slopes: {
      relativeMove: slope((row) => row.relativeMove),
      relativeBound: slope((row) => row.relativeBound),
      operatorMove: slope((row) => row.operatorMove),
      wasserstein: slope((row) => row.wasserstein),
      weights: slope((row) => row.distances.weights),
      conjugate: slope((row) => row.distances.conjugate),
      tangent: slope((row) => row.distances.tangent),
    },
  };
}
