import { ArgumentError } from "../core/index.js";
import { gaussLegendre } from "../special/index.js";
import { sortedValues } from "./values.js";

/** A probability law on the line, such as those of the rmt folder. */
export interface ReferenceLaw {
  /** P(X <= x). */
  readonly cdf: (x: number) => number;
  /** Smallest x with P(X <= x) >= p, for 0 < p < 1. */
  readonly quantile: (p: number) => number;
}

/** Distances between a sample and a law, or between two samples. */
export interface SpectralDistance {
  /** sup |F − G|, both one-sided jumps of each step function included. */
  readonly kolmogorovSmirnov: number;
  /** sup (F − G) over the line: where the first has more mass below. */
  readonly above: number;
  /** sup (G − F). */
  readonly below: number;
  /** ∫ |F − G| dx = ∫ |F⁻¹ − G⁻¹| dp. */
  readonly wasserstein1: number;
  /** (∫ (F⁻¹ − G⁻¹)² dp)^{1/2}. */
  readonly wasserstein2: number;
  /** Number of values of the first argument. */
  readonly samples: number;
}

/**
 * Measures how far a spectrum is from a law, or from another spectrum.
 *
 * Relation: F is the step function of `values`; G that of `reference`, or its law. The supremum is taken over both
 * one-sided limits at every jump: i/n − G(x_i) and G(x_i) − (i−1)/n.
 *
 * @param values finite numbers, in any order
 * @param reference finite numbers, or a law with cdf and quantile
 * @returns distances in the units of the definitions; the Wasserstein distances carry the units of the values
 * @throws {NonFiniteError} for NaN and infinities
 * @throws {ArgumentError} when the reference is neither
 *
 * Accuracy: exact up to roundoff between samples. Against a law the suprema are exact for continuous G; the integrals use
 * 8 Gauss nodes on each step of F, split where the difference changes sign.
 * Cost: O(n log n), plus 8 n quantiles of the law.
 *
 * @example
 * ```ts
 * import { spectralDistance } from "eigenscope/spectra";
 * const distance = spectralDistance([1, 2, 3, 4], [2, 3, 4, 5]);
 * console.log(distance.kolmogorovSmirnov, distance.wasserstein1); // 0.25 1
 * ```
 */
export function spectralDistance(
  values: ArrayLike<number>,
  reference: ArrayLike<number> | ReferenceLaw,
): SpectralDistance {
  const caller = "spectralDistance";
  const sorted = sortedValues(values, "values", caller);
  if (isLaw(reference)) return toLaw(sorted, reference);
  if (typeof reference === "object" && reference !== null && "length" in reference) {
    return betweenSamples(sorted, sortedValues(reference, "reference", caller));
  }
  throw new ArgumentError({
    function: caller,
    argument: "reference",
    expected: "numbers or a law { cdf, quantile }",
    got: typeof reference,
  });
}

function isLaw(reference: unknown): reference is ReferenceLaw {
  const candidate = reference as Partial<ReferenceLaw> | null;
  return (
    typeof candidate === "object" &&
    candidate !== null &&
    typeof candidate.cdf === "function" &&
    typeof candidate.quantile === "function"
  );
}

function toLaw(sorted: Float64Array, law: ReferenceLaw): SpectralDistance {
  const n = sorted.length;
  // Equal values jump once: the lower limit is taken before the first of them, the upper after the last. A law with an
  // atom at such a value (a rank-deficient spectrum) jumps too: its left limit is what the lower step meets.
  let above = 0;
  let below = 0;
  for (let i = 0; i < n;) {
    let j = i + 1;
    while (j < n && sorted[j] === sorted[i]) j++;
    const x = sorted[i];
    above = Math.max(above, j / n - law.cdf(x));
    below = Math.max(below, law.cdf(previousDouble(x)) - i / n);
    i = j;
  }
  const { nodes, weights } = gaussLegendre(8);
  let first = 0;
  let second = 0;
  const addPiece = (x: number, from: number, to: number): void => {
    const half = (to - from) / 2;
    for (let k = 0; k < nodes.length && half > 0; k++) {
      const difference = x - law.quantile(from + half * (1 + nodes[k]));
      first += weights[k] * half * Math.abs(difference);
      second += weights[k] * half * difference * difference;
    }
  };
  for (let i = 0; i < n; i++) {
    const split = Math.min((i + 1) / n, Math.max(i / n, law.cdf(sorted[i])));
    addPiece(sorted[i], i / n, split);
    addPiece(sorted[i], split, (i + 1) / n);
  }
  return {
    kolmogorovSmirnov: Math.max(above, below),
    above,
    below,
    wasserstein1: first,
    wasserstein2: Math.sqrt(second),
    samples: n,
  };
}

/** The neighbour below, for the left limit of a law at x. */
function previousDouble(x: number): number {
  const step = Math.max(Math.abs(x) * 2 ** -53, Number.MIN_VALUE);
  return x - step < x ? x - step : x - 2 * step;
}

function betweenSamples(a: Float64Array, b: Float64Array): SpectralDistance {
  let above = 0;
  let below = 0;
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    const x = Math.min(a[i] ?? Infinity, b[j] ?? Infinity);
    while (i < a.length && a[i] === x) i++;
    while (j < b.length && b[j] === x) j++;
    const difference = i / a.length - j / b.length;
    above = Math.max(above, difference);
    below = Math.max(below, -difference);
  }
  let first = 0;
  let second = 0;
  // Both quantile functions are constant between consecutive multiples of 1/|a| and 1/|b|.
  for (let i = 0, j = 0, p = 0; i < a.length && j < b.length;) {
    const nextA = (i + 1) / a.length;
    const nextB = (j + 1) / b.length;
    const next = Math.min(nextA, nextB);
    const difference = a[i] - b[j];
    first += (next - p) * Math.abs(difference);
    second += (next - p) * difference * difference;
    p = next;
    // Compared as integers: (i+1)/|a| <= (j+1)/|b| without rounding.
    const order = (i + 1) * b.length - (j + 1) * a.length;
    if (order <= 0) i++;
    if (order >= 0) j++;
  }
  return {
    kolmogorovSmirnov: Math.max(above, below),
    above,
    below,
    wasserstein1: first,
    wasserstein2: Math.sqrt(second),
    samples: a.length,
  };
}
