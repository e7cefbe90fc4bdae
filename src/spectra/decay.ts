import {
  ArgumentError,
  type Tagged,
  defined,
  requireInteger,
  requireOptions,
  undefinedBecause,
  log,
  square,
  exp,
} from "../core/index.js";
import { requireValues } from "./values.js";

/** Options of fitDecay. */
export interface FitDecayOptions {
  /** First index of the fit, counted from 1; default 1. Leading values often do not follow the law. */
  readonly from?: number;
  /** Last index of the fit; default the last positive value. */
  readonly to?: number;
}

/** A straight line through log values. */
export interface DecayFit {
  /** Exponent α of k^{−α}, or rate β of e^{−β k}. */
  readonly rate: number;
  /** Standard error of the rate under independent equal errors of log λ; Infinity with two points. */
  readonly standardError: number;
  /** The fitted value is prefactor · k^{−rate}, or prefactor · e^{−rate k}. */
  readonly prefactor: number;
  /** Root mean square of the errors of log λ. */
  readonly rootMeanSquare: number;
}

/** Which law a descending spectrum follows. */
export interface SpectralDecay {
  /** λ_k ≈ prefactor · k^{−rate}. */
  readonly power: DecayFit;
  /** λ_k ≈ prefactor · e^{−rate k}. */
  readonly geometric: DecayFit;
  /** The fit with the smaller error of log λ; undefined when they differ by less than a factor 1.5. */
  readonly preferred: Tagged<"power" | "geometric">;
  /** Indices used, counted from 1. */
  readonly range: readonly [number, number];
}

/**
 * Fits the decay of eigenvalues or singular values against their index: a power k^{−α} and a geometric law e^{−βk}.
 *
 * Relation: ordinary least squares of log λ_k on log k and on k.
 * This describes ordered deterministic spectra (kernels, operators). For the tail of a random sample use fitPowerLaw of
 * the rmt folder: regression on ranks is biased there.
 *
 * @param values positive over the range, in the order of their index (descending)
 * @throws {ArgumentError} when a value in the range is not positive or the range has fewer than two indices
 *
 * Accuracy: exact least squares; the standard error assumes independent errors, which smooth spectra do not have.
 * Cost: O(n).
 *
 * @example
 * ```ts
 * import { fitDecay } from "eigenscope/spectra";
 * const values = Array.from({ length: 50 }, (_, k) => 3 / (k + 1) ** 2);
 * const decay = fitDecay(values);
 * console.log(decay.power.rate, decay.preferred.defined && decay.preferred.value); // 2.0000000 power
 * ```
 */
export function fitDecay(values: ArrayLike<number>, options: FitDecayOptions = {}): SpectralDecay {
  const caller = "fitDecay";
  requireOptions(options, ["from", "to"], caller);
  const list = requireValues(values, "values", caller);
  const lastPositive = list.findLastIndex((value) => value > 0) + 1;
  const from = requireInteger(options.from ?? 1, "from", caller, 1, list.length);
  const to = requireInteger(options.to ?? Math.max(lastPositive, 1), "to", caller, 1, list.length);
  if (to - from < 1) {
    throw new ArgumentError({
      function: caller,
      argument: "range",
      expected: "at least two indices",
      got: `${from} to ${to}`,
    });
  }
  const logs: number[] = [];
  const indices: number[] = [];
  for (let k = from; k <= to; k++) {
    if (!(list[k - 1] > 0)) {
      throw new ArgumentError({
        function: caller,
        argument: "values",
        expected: `positive from index ${from} to ${to}`,
        got: `${list[k - 1]} at ${k}`,
        remedy: "choose from and to",
      });
    }
    logs.push(log(list[k - 1]));
    indices.push(k);
  }
  const power = fitLine(indices.map(log), logs);
  const geometric = fitLine(indices, logs);
  const ratio = power.rootMeanSquare / geometric.rootMeanSquare;
  const undecided = !(ratio <= 1 / 1.5 || ratio >= 1.5);
  return {
    power,
    geometric,
    preferred: undecided
      ? undefinedBecause("both laws fit about equally well")
      : defined(ratio < 1 ? "power" : "geometric"),
    range: [from, to],
  };
}

/** Least squares of y on x, with the sign of the slope turned so that decay is positive. */
function fitLine(x: readonly number[], y: readonly number[]): DecayFit {
  const n = x.length;
  const meanX = x.reduce((sum, value) => sum + value, 0) / n;
  const meanY = y.reduce((sum, value) => sum + value, 0) / n;
  let sxx = 0;
  let sxy = 0;
  for (let i = 0; i < n; i++) {
    sxx += square(x[i] - meanX);
    sxy += (x[i] - meanX) * (y[i] - meanY);
  }
  const slope = sxy / sxx;
  let squares = 0;
  for (let i = 0; i < n; i++) squares += square(y[i] - meanY - slope * (x[i] - meanX));
  return {
    rate: -slope,
    standardError: n > 2 ? Math.sqrt(squares / (n - 2) / sxx) : Infinity,
    prefactor: exp(meanY - slope * meanX),
    rootMeanSquare: Math.sqrt(squares / n),
  };
}
