import {
  column,
  dot,
  type Estimate,
  isCancelled,
  type LongRunning,
  norm,
  requireInteger,
  requireOptions,
  type Status,
  type Tagged,
  defined,
  undefinedBecause,
} from "../core/index.js";
import { gradientCovariance, hessian } from "../curvature/index.js";
import { eigsh } from "../krylov/index.js";
import { type DataLike, type LossLike, type Network, requireUncoupled } from "../networks/index.js";
import { fillRademacher, requireRng, type Rng } from "../random/index.js";
import { estimateOf } from "./statistics.js";

/** Options of {@link sgdNoise}. */
export interface SgdNoiseOptions extends LongRunning {
  /** Randomness of probes and starts. */
  readonly rng: Rng;
  /** Sign probes (default 30). */
  readonly probes?: number;
  /** Leading Hessian eigenvectors along which the noise is measured (default 5). */
  readonly top?: number;
  /** Loss instead of the network's own. */
  readonly loss?: LossLike;
}

/** Noise of one-sample gradients along an eigenvector of the Hessian. */
export interface NoiseDirection {
  /** Eigenvalue λ of the Hessian. */
  readonly eigenvalue: number;
  /** Its residual norm. */
  readonly residualNorm: number;
  /** vᵀCv: variance of the one-sample gradient along the eigenvector, exact for the vector found. */
  readonly variance: number;
}

/** The covariance C of one-sample gradients beside the Hessian H. */
export interface SgdNoise {
  /** tr C: total variance of a one-sample gradient. */
  readonly noiseTrace: Estimate;
  /** tr H. */
  readonly hessianTrace: Estimate;
  /** ⟨C, H⟩/(‖C‖_F ‖H‖_F): 1 when C is a multiple of H. Jackknife mean and standard error; undefined when C or H vanishes. */
  readonly alignment: Tagged<Estimate>;
  /** ⟨C, H⟩/‖H‖_F²: the multiple s² of H that is nearest to C. */
  readonly scale: Tagged<Estimate>;
  /** ‖gradient of the mean loss‖: C is about H only near a point where this vanishes. */
  readonly gradientNorm: number;
  /** Along the leading eigenvectors, descending. */
  readonly directions: readonly NoiseDirection[];
  /** Share of tr C in these directions, to be compared with their number over p. */
  readonly topShare: number;
  /** Number of parameters p. */
  readonly dimension: number;
  /** "converged", or "cancelled" with the probes done so far. */
  readonly status: Status;
}

/**
 * Compares the noise of stochastic gradients with the Hessian: alignment, scale, and variance along the sharpest directions.
 *
 * Relation: for sign vectors v, E (Cv)ᵀ(Hv) = ⟨C, H⟩, E‖Cv‖² = ‖C‖_F², E‖Hv‖² = ‖H‖_F². For a well-specified model at its optimum
 * C = s²H (mse with noise variance s²) or C ≈ H (cross-entropy); elsewhere the two differ, and the alignment says by how much. A batch of
 * B samples has covariance C/B.
 *
 * @throws {UnsupportedError} when a layer couples samples
 * @throws {ArgumentError} when probes is not an integer >= 2
 *
 * Accuracy: jackknife standard errors over the probes. Cost: one Hessian and one covariance product per probe, and eigsh.
 *
 * @example
 * ```ts
 * import { mlp } from "eigenscope/networks";
 * import { createRng } from "eigenscope/random";
 * import { sgdNoise } from "eigenscope/training";
 * const net = mlp({ sizes: [1, 1], bias: false });
 * const data = { inputs: [[2], [2]], targets: [[1], [-1]] }; // optimum at 0: gradients -2 and 2, H = 4
 * const { scale } = sgdNoise(net, Float64Array.of(0), data, { rng: createRng(1), top: 1 });
 * console.log(scale.defined && scale.value.mean); // 1
 * ```
 */
export function sgdNoise(net: Network, params: Float64Array, data: DataLike, options: SgdNoiseOptions): SgdNoise {
  const caller = "sgdNoise";
  requireOptions(options, ["rng", "probes", "top", "loss", "signal", "onProgress"], caller);
  requireRng(options?.rng, caller);
  const probes = requireInteger(options.probes ?? 30, "probes", caller, 2);
  const top = requireInteger(options.top ?? 5, "top", caller);
  requireUncoupled(net, caller);
  const lossOptions = options.loss === undefined ? {} : { loss: options.loss };
  const C = gradientCovariance(net, params, data, lossOptions);
  const H = hessian(net, params, data, lossOptions);
  const p = net.parameterCount;
  const v = new Float64Array(p); // sign probe
  const Cv = new Float64Array(p);
  const Hv = new Float64Array(p);
  const stream = options.rng.fork("probes");
  const traces: { readonly noise: number[]; readonly hessian: number[] } = { noise: [], hessian: [] };
  const moments: Moments[] = [];
  let status: Status = "converged";
  for (let probe = 0; probe < probes; probe++) {
    if (isCancelled(options.signal)) {
      status = "cancelled";
      break;
    }
    fillRademacher(stream, v);
    C.apply(v, Cv);
    H.apply(v, Hv);
    traces.noise.push(dot(v, Cv));
    traces.hessian.push(dot(v, Hv));
    moments.push([dot(Cv, Hv), dot(Cv, Cv), dot(Hv, Hv)]);
    options.onProgress?.({ phase: "noise and Hessian", done: probe + 1, total: probes });
  }
  const count = status === "cancelled" ? 0 : Math.min(top, p);
  const found =
    count === 0
      ? null
      : eigsh(H, { count, which: "largest", tolerance: 1e-6, rng: options.rng.fork("top"), ...running(options) });
  const directions: NoiseDirection[] = Array.from(found?.values ?? [], (eigenvalue, k) => {
    const u = column((found as NonNullable<typeof found>).vectors, k);
    C.apply(u, Cv);
    return {
      eigenvalue,
      residualNorm: (found as NonNullable<typeof found>).residualNorms[k],
      variance: dot(u, Cv),
    };
  });
  const noiseTrace = estimateOf(traces.noise, traces.noise.length);
  const along = directions.reduce((sum, direction) => sum + direction.variance, 0);
  return {
    noiseTrace,
    hessianTrace: estimateOf(traces.hessian, traces.hessian.length),
    alignment: jackknife(moments, ([ch, cc, hh]) => ch / Math.sqrt(cc * hh)),
    scale: jackknife(moments, ([ch, , hh]) => ch / hh),
    gradientNorm: norm(H.expansion.gradient()),
    directions,
    topShare: noiseTrace.mean > 0 ? along / noiseTrace.mean : 0,
    dimension: p,
    status,
  };
}

/** ⟨C, H⟩, ‖C‖², ‖H‖² of one probe. */
type Moments = readonly [number, number, number];

function running({ signal, onProgress }: LongRunning): LongRunning {
  return { ...(signal === undefined ? {} : { signal }), ...(onProgress === undefined ? {} : { onProgress }) };
}

/** Jackknife of a function of mean moments: bias of order 1/probes removed, with a standard error. */
function jackknife(moments: readonly Moments[], f: (mean: Moments) => number): Tagged<Estimate> {
  const n = moments.length;
  const sum = [0, 1, 2].map((k) => moments.reduce((total, m) => total + m[k], 0));
  if (n < 2) return undefinedBecause("fewer than two probes were done");
  if (sum[1] === 0 || sum[2] === 0) return undefinedBecause("the noise or the Hessian vanishes on all probes");
  const at = (left: Moments | null): number => {
    const size = left === null ? n : n - 1;
    const mean = sum.map((total, k) => (total - (left === null ? 0 : left[k])) / size);
    return f([mean[0], mean[1], mean[2]]);
  };
  const whole = at(null);
  const without = moments.map((m) => at(m));
  const average = without.reduce((total, value) => total + value, 0) / n;
  const spread = without.reduce((total, value) => total + (value - average) * (value - average), 0);
  return defined({
    mean: n * whole - (n - 1) * average,
    standardError: Math.sqrt((spread * (n - 1)) / n),
    samples: n,
    matvecs: 2 * n,
  });
}
