import { exp, log, pow } from "../core/index.js";
import { gammaRatio } from "../special/index.js";

/** Σ_m w_m (1 + ℓ + 2m)^s for one degree ℓ and any s below 1 + d/2. */
export interface HermiteSeries {
  /** The sum and an estimate of its absolute error. */
  power(s: number): { readonly value: number; readonly error: number };
}

/** Largest number of partial sums, each twice as long as the one before. */
const LEVELS = 9;
/** Bounds on the number of terms of the first partial sum. */
const FIRST_TERMS = 64;
const MOST_FIRST_TERMS = 20_000;

/**
 * E_s(ℓ) = Σ_m w_m (1 + ℓ + 2m)^s: partial sums at doubled lengths, extrapolated in the known exponents of the tail. The terms behave
 * like M^{s−2−d/2}(c_0 + c_1/M + …), so the tail has exponents p, p + 1, … with p = 1 + d/2 − s. Weights and logarithms are kept, so
 * that another s costs one exponential per term.
 */
export function hermiteSeries(d: number, degree: number): HermiteSeries {
  // c_1/c_0 grows like ℓ²: there the doublings begin.
  const first = Math.min(MOST_FIRST_TERMS, Math.max(FIRST_TERMS, Math.ceil((degree * degree) / 4)));
  let weights: Float64Array = new Float64Array(0);
  let logarithms: Float64Array = new Float64Array(0);
  const grow = (count: number): void => {
    if (count <= weights.length) return;
    weights = hermiteWeights(d, degree, count);
    logarithms = Float64Array.from({ length: count }, (_, m) => log(1 + degree + 2 * m));
  };
  return {
    power(s) {
      const p = 1 + d / 2 - s;
      let sum = 0;
      let m = 0;
      let previous: number[] = [];
      let error = Infinity;
      let best = 0;
      for (let level = 0, end = first; level < LEVELS; level++, end *= 2) {
        grow(end);
        for (; m < end; m++) sum += weights[m] * exp(s * logarithms[m]);
        const row = [sum];
        for (let j = 0; j < previous.length; j++) row.push(row[j] + (row[j] - previous[j]) / (pow(2, p + j) - 1));
        if (previous.length > 0) {
          const change = Math.abs(row[row.length - 1] - previous[previous.length - 1]);
          if (change <= error) [error, best] = [change, row[row.length - 1]];
        }
        previous = row;
        if (error <= 16 * Number.EPSILON * Math.abs(best)) break;
      }
      // Terms of one sign: √terms roundings, and |s| ln n of each power; amplified by the first extrapolation.
      const relative = (32 + Math.abs(s) * logarithms[m - 1]) * Number.EPSILON;
      return { value: best, error: error + relative * Math.abs(best) * (1 + 1 / (pow(2, p) - 1)) };
    },
  };
}

/**
 * w_m = ⟨u, h_m⟩², m = 0 … count − 1, for the unit eigenfunction u of degree ℓ and the radial Hermite function h_m of total degree ℓ + 2m:
 * w_0 = Γ((ℓ + d + 1)/2)²/(Γ(ℓ + d/2) Γ(d/2 + 1)), w_{m+1}/w_m = ((ℓ − 1)/2 + m)²/((m + 1)(m + ℓ + d/2)).
 */
export function hermiteWeights(d: number, degree: number, count: number): Float64Array {
  const out = new Float64Array(count);
  const half = (degree - 1) / 2;
  const middle = (degree + d + 1) / 2;
  let weight = gammaRatio(middle, 0, half) * gammaRatio(middle, 0, -half);
  for (let m = 0; m < count; m++) {
    out[m] = weight;
    weight *= ((half + m) * (half + m)) / ((m + 1) * (m + degree + d / 2));
  }
  return out;
}
