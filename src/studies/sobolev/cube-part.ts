import { type LongRunning, exp, square } from "../../core/index.js";
import { composite, optimalSmoothness, torus } from "../../domains/index.js";
import { ntk } from "../../kernels/index.js";
import type { Comparison } from "../claims/claim.js";
import { atLeast, equals } from "../sensing/recipe.js";
import { logSlope, logSpaced } from "./numbers.js";
import type { SettledSobolevOptions } from "./options.js";
import { tailPower, torusPower, torusTarget } from "./targets.js";

/** A learned function along one line of the torus. */
export interface CubeSection {
  /** Smoothness of the Sobolev loss; 0 is the plain loss. */
  readonly smoothness: number;
  /** Training time. */
  readonly time: number;
  /** f_t on the line, at the abscissae of the part. */
  readonly values: readonly number[];
  /** How far f_t leaves the range of f, in units of the largest jump. */
  readonly overshoot: number;
  /** Share of the squared residual within 1/16 of a seam. */
  readonly seamShare: number;
}

/** A non-periodic function of the unit cube, glued to the torus. */
export interface CubePart {
  /** Grid points per axis. */
  readonly size: number;
  /** Lengths |k| of the shells. */
  readonly shells: readonly number[];
  /** Power of the target at frequencies of this length and beyond: x₁x₂ glued, and reflected so that the gluing is continuous. */
  readonly power: { readonly glued: readonly number[]; readonly reflected: readonly number[] };
  /** Exponents of the powers, fitted from |k| = 4 to an eighth of the grid. */
  readonly exponents: { readonly glued: number; readonly reflected: number };
  /** Abscissae x₁ of the line x₂ = 3/4. */
  readonly line: readonly number[];
  /** f on the line. */
  readonly target: readonly number[];
  /** Learned functions. */
  readonly sections: readonly CubeSection[];
  /** Area within 1/16 of a seam: what seamShare would be for a residual spread evenly. */
  readonly seamArea: number;
  /** First times at which the loss is 1 % of its start, plain loss. */
  readonly timeToOnePercent: { readonly glued: number; readonly reflected: number };
  /** What is compared with what was expected. */
  readonly comparisons: readonly Comparison[];
}

/** Half the width of the strip around the seams. */
const STRIP = 1 / 16;

/** What the jump at the seams does to the spectrum of the target and to its training. */
export function cubePart({ depth, quick }: SettledSobolevOptions, running: LongRunning): CubePart {
  const N = quick ? 128 : 256;
  const domain = torus(2, N);
  const K = domain.mercer(ntk({ depth }), running);
  const glued = torusTarget("jump", N);
  const reflected = torusTarget("kink", N);
  const powers = { glued: torusPower(glued, N), reflected: torusPower(reflected, N) };
  const tails = { glued: tailPower(powers.glued, N), reflected: tailPower(powers.reflected, N) };
  const lengths = Array.from({ length: N / 2 }, (_, k) => k + 1);
  const window = lengths.filter((k) => k >= 4 && k <= N / 8);
  const slope = (values: Float64Array): number =>
    logSlope(
      window,
      window.map((k) => values[k]),
    );
  const exponents = { glued: slope(tails.glued), reflected: slope(tails.reflected) };
  const s = optimalSmoothness(K, { symbol: "C" }).smoothness;
  const row = Math.floor((3 * N) / 4);
  const line = Array.from({ length: N }, (_, i) => i / N);
  const along = (values: Float64Array): number[] => line.map((_, i) => values[i * N + row]);
  const sections: CubeSection[] = [];
  for (const smoothness of [0, s]) {
    const rates = composite(K, domain.sobolev({ symbol: "C", smoothness })).eigenvalues;
    // At s* all modes are learned at nearly one rate: times in its units. Plain: until |k| = 3 and |k| = 12 are learned.
    const times =
      smoothness === 0
        ? [3, 12].map((k) => 1 / rates[domain.indexOf([k, 0])])
        : [1, 3].map((t) => t / rates[domain.indexOf([8, 0])]);
    for (const time of times) sections.push(sectionAt(domain, rates, glued, smoothness, time, N, along));
  }
  const plain = composite(K, domain.sobolev({ symbol: "C", smoothness: 0 })).eigenvalues;
  const timeToOnePercent = {
    glued: firstTime(plain, powers.glued, 0.01),
    reflected: firstTime(plain, powers.reflected, 0.01),
  };
  const strip = Math.floor(STRIP * N);
  const seamArea = 1 - square((N - 2 * strip - 1) / N);
  return {
    size: N,
    shells: lengths,
    power: { glued: Array.from(tails.glued.subarray(1)), reflected: Array.from(tails.reflected.subarray(1)) },
    exponents,
    line,
    target: along(glued),
    sections,
    seamArea,
    timeToOnePercent,
    comparisons: [
      equals("power of the glued function beyond |k|: exponent", exponents.glued, -1, 0.15),
      equals("power of its even reflection beyond |k|: exponent", exponents.reflected, -3, 0.3),
      atLeast(
        "share of the squared residual near the seams over their area, plain loss, late",
        sections[1].seamShare / seamArea,
        2,
      ),
      atLeast("time to 1 % of the loss, glued over reflected", timeToOnePercent.glued / timeToOnePercent.reflected, 10),
    ],
  };
}

function sectionAt(
  domain: ReturnType<typeof torus>,
  rates: Float64Array,
  target: Float64Array,
  smoothness: number,
  time: number,
  N: number,
  along: (values: Float64Array) => number[],
): CubeSection {
  const residual = domain.multiplier("decay", (k) => exp(-rates[domain.indexOf(k)] * time)).apply(target);
  const learned = target.map((value, i) => value - residual[i]);
  let [low, high, top, bottom] = [Infinity, -Infinity, -Infinity, Infinity];
  let [near, all] = [0, 0];
  const strip = Math.floor(STRIP * N);
  const close = (i: number): boolean => Math.min(i, N - i) <= strip;
  for (let i = 0; i < target.length; i++) {
    [low, high] = [Math.min(low, target[i]), Math.max(high, target[i])];
    [bottom, top] = [Math.min(bottom, learned[i]), Math.max(top, learned[i])];
    const square = residual[i] * residual[i];
    all += square;
    if (close(i % N) || close(Math.floor(i / N))) near += square;
  }
  return {
    smoothness,
    time,
    values: along(learned),
    overshoot: Math.max(0, top - high, low - bottom), // the largest jump, at the corner, is 1
    seamShare: near / all,
  };
}

/** First of many times at which Σ p e^{−2λt} is below a share of its start, to the resolution of the list. */
function firstTime(rates: Float64Array, power: Float64Array, share: number): number {
  const loss = (t: number): number =>
    power.reduce((sum, p, k) => (p === 0 ? sum : sum + p * exp(-2 * rates[k] * t)), 0);
  const target = share * power.reduce((a, b) => a + b, 0);
  let [low, high] = [1e-3, 1e9];
  for (let i = 0; i < 40; i++) {
    const middle = logSpaced(low, high, 3)[1];
    if (loss(middle) > target) low = middle;
    else high = middle;
  }
  return high;
}
