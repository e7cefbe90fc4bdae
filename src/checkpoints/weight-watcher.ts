import { log10, pow, square, log } from "../core/index.js";
import type { Tagged } from "../core/index.js";
import type { MarchenkoPasturFit, PhaseClassification, PowerLawFit } from "../rmt/index.js";

/** Columns under the names of WeightWatcher, for λ = s² without the factor 1/N, logarithms to base 10; null where undefined. */
export interface WeightWatcherAliases {
  /** Larger side. */
  readonly N: number;
  /** Smaller side. */
  readonly M: number;
  /** N / M. */
  readonly Q: number;
  /** Power-law exponent. Ours minimises the two-sided distance: the cut-off can differ from WeightWatcher's. */
  readonly alpha: number | null;
  /** alpha · log10 λ_max. */
  readonly alpha_weighted: number | null;
  /** log10 Σ λ^alpha. */
  readonly log_alpha_norm: number | null;
  /** log10 Σ λ. */
  readonly log_norm: number | null;
  /** log10 λ_max. */
  readonly log_spectral_norm: number | null;
  /** λ_max (not s_1). */
  readonly spectral_norm: number;
  /** s_1. */
  readonly sv_max: number;
  /** s_min. */
  readonly sv_min: number;
  /** Σ λ / λ_max. */
  readonly stable_rank: number | null;
  /** Entropy of λ / Σ λ over log rank. */
  readonly entropy: number | null;
  /** Cut-off of the tail. */
  readonly xmin: number | null;
  /** λ_max. */
  readonly xmax: number;
  /** KS distance of the tail. */
  readonly D: number | null;
  /** (alpha − 1)/√n. */
  readonly sigma: number | null;
  /** Values in the tail. */
  readonly num_pl_spikes: number | null;
  /** Values beyond the fitted edge: by the Tracy–Widom quantile, not by WeightWatcher's own edge. */
  readonly num_spikes: number | null;
  /** λ₊ / λ_max with the edge of the robust fit. */
  readonly mp_softrank: number | null;
  /** Σ λ. */
  readonly norm: number;
  /** Number of singular values. */
  readonly num_evals: number;
  /** Singular values above rounding. */
  readonly matrix_rank: number;
  /** M − matrix_rank. */
  readonly rank_loss: number;
  /** Jensen–Shannon distance of the shares λ/Σλ, sorted, of W and of its permuted copies: mean over seeded draws (there one). */
  readonly rand_distance: number | null;
  /** Mean of the largest λ over the permuted copies. */
  readonly max_rand_eval: number | null;
  /** max_rand_eval / λ_max. */
  readonly ww_softrank: number | null;
  /** λ_max − max_rand_eval. */
  readonly ww_maxdist: number | null;
}

/** What a column of WeightWatcher means here where that needs a word. */
export const weightWatcherNotes: Readonly<Partial<Record<keyof WeightWatcherAliases, string>>> = {
  alpha:
    "the cut-off minimises the two-sided KS distance, WeightWatcher's the lower side only: xmin, D and alpha can differ; read tail.verdict before alpha",
  spectral_norm: "λ_max = s₁², as there; our spectralNorm is s₁",
  entropy: "over the logarithm of the number of positive values, as there",
  num_spikes: "values beyond the 95% Tracy–Widom point of the robust fit; WeightWatcher's edge is another one",
  mp_softrank: "with the edge of the robust fit; WeightWatcher fits the variance in another way",
  rand_distance:
    "mean over seeded permuted copies, WeightWatcher takes one unseeded copy; it pairs sorted eigenvalues by rank, it does not compare densities",
  max_rand_eval: "mean over the permuted copies",
  ww_softrank: "from the mean over the permuted copies",
  ww_maxdist: "from the mean over the permuted copies",
  N: "convolutions are one matrix outChannels x (inChannels · taps) here, slices per tap there: all columns differ for them",
};

/** Fills the aliases. */
export function weightWatcherAliases(
  singularValues: Float64Array,
  shape: { readonly rows: number; readonly cols: number },
  rank: number,
  tail: Tagged<PowerLawFit>,
  bulk: Tagged<MarchenkoPasturFit>,
  phase: Tagged<PhaseClassification>,
): WeightWatcherAliases {
  const N = Math.max(shape.rows, shape.cols);
  const M = Math.min(shape.rows, shape.cols);
  const first = singularValues[0];
  const log10Max = 2 * log10(first);
  // Sums relative to λ_max: powers of alpha overflow otherwise.
  const sum = (power: number): number =>
    singularValues.reduce((total, value) => total + pow(value / first, 2 * power), 0);
  const total = sum(1);
  const positive = singularValues.filter((value) => value > 0).length;
  let entropy = 0;
  for (const value of singularValues) {
    const p = square(value / first) / total;
    if (p > 0) entropy -= p * log(p);
  }
  const nonzero = first > 0;
  const fit = tail.defined && Number.isFinite(tail.value.alpha) ? tail.value : null;
  // A cancelled run may have no permuted copy.
  const drawn = phase.defined && phase.value.draws > 0 ? phase.value : null;
  const randomMax = drawn === null ? null : drawn.permutedMean[0] * N;
  return {
    N,
    M,
    Q: N / M,
    alpha: fit?.alpha ?? null,
    alpha_weighted: fit === null ? null : fit.alpha * log10Max,
    log_alpha_norm: fit === null ? null : fit.alpha * log10Max + log10(sum(fit.alpha)),
    log_norm: nonzero ? log10Max + log10(total) : null,
    log_spectral_norm: nonzero ? log10Max : null,
    spectral_norm: first * first,
    sv_max: first,
    sv_min: singularValues[singularValues.length - 1],
    stable_rank: nonzero ? total : null,
    entropy: nonzero && positive > 1 ? entropy / log(positive) : null,
    xmin: fit === null ? null : fit.xmin * N,
    xmax: first * first,
    D: fit?.distance ?? null,
    sigma: fit?.standardError ?? null,
    num_pl_spikes: fit?.tailCount ?? null,
    num_spikes: bulk.defined ? bulk.value.spikes.length : null,
    mp_softrank: bulk.defined && nonzero ? (bulk.value.law.support[1] * N) / (first * first) : null,
    norm: nonzero ? square(first) * total : 0,
    num_evals: singularValues.length,
    matrix_rank: rank,
    rank_loss: singularValues.length - rank,
    rand_distance: drawn === null ? null : drawn.shareDistances.reduce((sum, value) => sum + value, 0) / drawn.draws,
    max_rand_eval: randomMax,
    ww_softrank: randomMax === null ? null : randomMax / square(first),
    ww_maxdist: randomMax === null ? null : square(first) - randomMax,
  };
}
