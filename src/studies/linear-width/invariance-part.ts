import { type LongRunning, type Matrix, cos, isCancelled, norm } from "../../core/index.js";
import { type Rng, normalMatrix } from "../../random/index.js";
import {
  type NetworkLaw,
  type SpectralLaw,
  conjugateKernelLaw,
  descentMoveBound,
  levyDistance,
  marchenkoPastur,
  ntkLaw,
  spectrumMoveBounds,
} from "../../rmt/index.js";
import { spectralDistance } from "../../spectra/index.js";
import { type LinearWidthCase, drawCase, recipeNormals } from "./case.js";
import {
  SCALE,
  SLOPE_LIPSCHITZ,
  criticalRate,
  difference,
  eigenvaluesOf,
  features,
  kernelsOf,
  slopes,
  tangentKernel,
  valuesOf,
} from "./network.js";
import type { LinearWidthPlan } from "./plan.js";
import { type RunRow, runRow } from "./run-row.js";
import { ks, logSlope, median, positivePart } from "./statistics.js";
import { type Trained, trainCase } from "./training.js";

/** The three spectra of a network: s(W)/√h, s² of the features over h, and eigenvalues of the tangent kernel. */
export interface NetworkSpectra {
  /** Singular values of W over √h, descending. */
  readonly weights: Float64Array;
  /** Nonzero eigenvalues of the conjugate kernel, descending. */
  readonly conjugate: Float64Array;
  /** Eigenvalues of the tangent kernel of both layers, ascending. */
  readonly tangent: Float64Array;
}

/** Kolmogorov–Smirnov distances of the three spectra to those at the start. */
export interface SpectraDistances {
  /** Of the weights. */
  readonly weights: number;
  /** Of the conjugate kernel. */
  readonly conjugate: number;
  /** Of the tangent kernel. */
  readonly tangent: number;
}

/** A number beside the bounds that the proposition proves for it. */
export interface Bounded {
  /** On the run. */
  readonly measured: number;
  /** Bound by the change of the matrix itself (Hoffman–Wielandt). */
  readonly direct: number;
  /** Bound by ‖W_t − W₀‖_F alone, through Lipschitz constants. */
  readonly bound: number;
}

/** The provable bounds evaluated on one run. */
export interface MoveBounds {
  /** Upper bound on λ_max of the first layer's tangent kernel that holds along the whole run. */
  readonly kernelNorm: number;
  /** ‖W_t − W₀‖_F/‖W₀‖_F at the end; direct: the length of the way; bound: by the losses. */
  readonly relativeMove: Bounded;
  /** Wasserstein-2 distance of the singular values of W/√h. */
  readonly weights: Bounded;
  /** Lévy distance of the same. */
  readonly levy: Bounded;
  /** Wasserstein-2 distance of the singular values of the features over √h. */
  readonly features: Bounded;
  /** Wasserstein-2 distance of the eigenvalues of the tangent kernel. */
  readonly tangent: Bounded;
}

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

/** A limit law as a curve. */
export interface LawCurve {
  /** Abscissae, ascending. */
  readonly grid: readonly number[];
  /** Density of the continuous part, normalised to one. */
  readonly density: readonly number[];
  /** KS distance of the spectrum at the start to the law. */
  readonly distance: number;
}

/** The three spectra. */
export function spectraOf(W: Matrix, v: Float64Array, X: Matrix): NetworkSpectra {
  const root = Math.sqrt(W.rows);
  return {
    weights: valuesOf(W).map((s) => s / root),
    conjugate: positivePart(valuesOf(features(W, X)).map((s) => (s * s) / W.rows)),
    tangent: eigenvaluesOf(tangentKernel(kernelsOf(W, v, X))),
  };
}

const distancesBetween = (a: NetworkSpectra, b: NetworkSpectra): SpectraDistances => ({
  weights: ks(a.weights, b.weights),
  conjugate: ks(a.conjugate, b.conjugate),
  tangent: ks(a.tangent, b.tangent),
});

/** λ_max(K_W) <= max_i (Σ_k v_k² σ′²)/h · ‖X‖₂²/d, with |σ′| <= SCALE: the Schur product bound, whatever W is. */
export function kernelNormBound({ v, X, W }: LinearWidthCase): number {
  const size = norm(v);
  const top = valuesOf(X)[0];
  return ((SCALE * SCALE * size * size) / W.rows) * ((top * top) / X.rows);
}

const LAW_POINTS = 400; // enough for a curve; the distances change in the fourth digit

/** The density of singular values over √h for independent entries, with the distance of a spectrum to it. */
export function weightLaw(ratio: number, distance = 0): LawCurve {
  const law = marchenkoPastur({ ratio });
  const [low, high] = law.support.map((value) => Math.sqrt(value));
  const grid = Array.from({ length: LAW_POINTS }, (_, i) => {
    const turn = (Math.PI * i) / (LAW_POINTS - 1); // points crowd at both ends, where the density has the slope of a root
    return low + ((high - low) * (1 - cos(turn))) / 2;
  });
  return { grid, density: grid.map((s) => 2 * s * law.pdf(s * s)), distance };
}

/** Marchenko–Pastur for the weights, the deformed laws for the kernels; distances over the spectra without exact zeros. */
function limitLaws({ d, h, n }: { d: number; h: number; n: number }, start: NetworkSpectra): InvariancePart["laws"] {
  const network = { activation: "tanh", dataRatio: n / d, widthRatios: [n / h] } as const;
  const weights = marchenkoPastur({ ratio: d / h });
  const curve = (law: NetworkLaw, values: Float64Array, count: number): LawCurve => {
    const padded = new Float64Array(count); // exact zeros are the law's atom
    padded.set(values);
    const share = values.length / count;
    return {
      grid: Array.from(law.grid),
      density: Array.from(law.density, (value) => value / share),
      distance: ks2(padded, law),
    };
  };
  const ks2 = (values: Float64Array, law: NetworkLaw | SpectralLaw): number =>
    spectralDistance(values, law).kolmogorovSmirnov;
  return {
    weights: weightLaw(
      d / h,
      ks2(
        start.weights.map((s) => s * s),
        weights,
      ),
    ),
    conjugate: curve(conjugateKernelLaw(network, { points: LAW_POINTS }), start.conjugate, n),
    tangent: curve(ntkLaw(network, { points: LAW_POINTS }), start.tangent, n),
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

const NO_LAW: LawCurve = { grid: [], density: [], distance: 0 };

const RUN_NAMES: Readonly<Record<InvarianceRun["kind"], (rate: number) => string>> = {
  "gradient descent": (rate) => `GD, η = ${rate}`,
  stochastic: (rate) => `SGD, η = ${rate}`,
  control: () => "GD, η = 2.5 η_c",
};

/** The chain of bounds: weights by Hoffman–Wielandt, features by the Lipschitz constant of σ, tangent kernel by Schur products. */
function moveBounds(
  start: LinearWidthCase,
  trained: Trained,
  before: NetworkSpectra,
  after: NetworkSpectra,
  kernelNorm: number,
  lossBound: number,
): MoveBounds {
  const { X, W, v } = start;
  const [h, d, n] = [W.rows, W.cols, X.cols];
  const root = Math.sqrt(h);
  const size = norm(W.data);
  const change = difference(trained.W, W);
  const move = norm(change.data);
  const scaled = spectrumMoveBounds({ ...change, data: change.data.map((value) => value / root) });
  const inputNorm = valuesOf(X)[0];
  // ‖ΔΦ‖_F <= Lip(σ) ‖ΔW‖_F ‖X‖₂/√d, over √h; p = min(h, n) singular values.
  const featureMove = (SCALE * move * inputNorm) / Math.sqrt(h * d);
  const featureValues = (M: Matrix): Float64Array => valuesOf(features(M, X)).map((s) => s / root);
  const [phi0, phi1] = [featureValues(W), featureValues(trained.W)];
  // ‖ΔS‖_F <= max|v| Lip(σ′) ‖ΔW‖_F ‖X‖₂/√d, over √h; then ΔK_W = (XᵀX/d) ∘ Δ(SᵀS).
  const slopeNorm = (M: Matrix): number => valuesOf(slopes(features(M, X), v))[0] / root;
  const largest = v.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  const slopeMove = (largest * SLOPE_LIPSCHITZ * move * inputNorm) / Math.sqrt(h * d);
  let longest = 0;
  for (let i = 0; i < n; i++) {
    let square = 0;
    for (let j = 0; j < d; j++) square += X.data[j * n + i] * X.data[j * n + i];
    longest = Math.max(longest, square / d);
  }
  const kernelMove = (phi0[0] + phi1[0]) * featureMove + longest * (slopeNorm(W) + slopeNorm(trained.W)) * slopeMove;
  const moveOf = (A: Matrix, B: Matrix): number => norm(difference(A, B).data);
  const w2 = (a: Float64Array, b: Float64Array): number => spectralDistance(a, b).wasserstein2;
  return {
    kernelNorm,
    relativeMove: {
      measured: move / size,
      direct: trained.stepNorms.reduce((sum, step) => sum + step, 0) / size,
      bound: lossBound / size,
    },
    weights: { measured: w2(after.weights, before.weights), direct: scaled.wasserstein2, bound: scaled.wasserstein2 },
    levy: { measured: levyDistance(after.weights, before.weights), direct: scaled.levy, bound: scaled.levy },
    features: {
      measured: w2(phi1, phi0),
      direct: moveOf(features(trained.W, X), features(W, X)) / Math.sqrt(h * phi0.length),
      bound: featureMove / Math.sqrt(phi0.length),
    },
    tangent: {
      measured: w2(after.tangent, before.tangent),
      direct: moveOf(tangentKernel(kernelsOf(trained.W, v, X)), tangentKernel(kernelsOf(W, v, X))) / Math.sqrt(n),
      bound: kernelMove / Math.sqrt(n),
    },
  };
}

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
