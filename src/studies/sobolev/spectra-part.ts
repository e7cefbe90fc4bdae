import { type LongRunning, type Matrix, type Tagged, isCancelled, pow } from "../../core/index.js";
import {
  type ModeSpectrum,
  composite,
  conditionNumber,
  gaussian,
  optimalSmoothness,
  sphere,
  sphereQuadrature,
  torus,
  weightedNystrom,
} from "../../domains/index.js";
import { type Kernel, ntk } from "../../kernels/index.js";
import { eigh, golubWelsch } from "../../linalg/index.js";
import type { Comparison } from "../claims/claim.js";
import { atMost, equals } from "../sensing/recipe.js";
import { goldenSection } from "./numbers.js";
import type { SettledSobolevOptions } from "./options.js";

/** Name of a domain of the study. */
export type DomainName = "sphere" | "torus" | "Gaussian space";

/** Spectra of K, P and T = K ∘ P on one domain. */
export interface DomainSpectra {
  /** The domain. */
  readonly domain: DomainName;
  /** Title with dimensions. */
  readonly title: string;
  /** What the abscissa is. */
  readonly modeLabel: "degree ℓ" | "length of the frequency |k|";
  /** Degree, or |k|, of each mode listed. */
  readonly modes: readonly number[];
  /** Eigenvalues of K. */
  readonly kernel: readonly number[];
  /** Bounds on their errors. */
  readonly errorBounds: readonly number[];
  /** Symbol of P at s*, or on Gaussian space its mean over the eigenfunction. */
  readonly sobolev: readonly number[];
  /** Eigenvalues of T at s*. */
  readonly composite: readonly number[];
  /** Bounds on their errors. */
  readonly compositeBounds: readonly number[];
  /** Symbol of P in words. */
  readonly symbol: string;
  /** Order of P as a differential operator per unit of s. */
  readonly orderPerSmoothness: 1 | 2;
  /** s*. */
  readonly smoothness: number;
  /** Condition number of K on the band. */
  readonly conditionOfKernel: Tagged;
  /** Condition number of P at s* on the band. */
  readonly conditionOfSobolev: Tagged;
  /** Condition number of T at s* on the band. */
  readonly conditionOfComposite: Tagged;
  /** What is compared with what was expected. */
  readonly comparisons: readonly Comparison[];
}

/** Spectra on the three domains. */
export interface DomainSpectraPart {
  /** One record per domain. */
  readonly domains: readonly DomainSpectra[];
}

/** Steps of the golden section that checks s*: the bracket shrinks by 0.618 each. */
const GOLDEN_STEPS = 60;

/** K, P and T with error bars, best exponents and condition numbers on sphere, torus and Gaussian space. */
export function spectraPart(settled: SettledSobolevOptions, running: LongRunning): DomainSpectraPart {
  const kernel = ntk({ depth: settled.depth });
  const steps = [sphereSpectra, torusSpectra, gaussianSpectra];
  const domains = steps.flatMap((work, i) => {
    if (isCancelled(running.signal)) return [];
    running.onProgress?.({ phase: "spectra of K, P and T", done: i, total: steps.length });
    return work(kernel, settled);
  });
  return { domains };
}

const valueOf = (tagged: Tagged): number => (tagged.defined ? tagged.value : Infinity);

function sphereSpectra(kernel: Kernel, { dimension, bandwidth }: SettledSobolevOptions): DomainSpectra {
  const domain = sphere(dimension);
  const K = domain.mercer(kernel, bandwidth);
  const best = optimalSmoothness(K, { symbol: "D" });
  const P = domain.sobolev({ symbol: "D", smoothness: best.smoothness, bandwidth });
  const T = composite(K, P);
  const conditionAt = (smoothness: number): number =>
    valueOf(conditionNumber(composite(K, domain.sobolev({ symbol: "D", smoothness, bandwidth }))).condition);
  const searched = goldenSection(conditionAt, 0, 2 * dimension, GOLDEN_STEPS);
  const exact = domain.mercer(ntk({ depth: 2 }), bandwidth);
  const bars = domain.mercer(ntk({ depth: 2 }), bandwidth, { method: "quadrature" });
  return {
    domain: "sphere",
    title: `Sphere S² in R³, degrees 0 to ${bandwidth}`,
    modeLabel: "degree ℓ",
    ...listed(Array.from(K.eigenvalues.keys()), (l) => l, K, P.symbol, T),
    symbol: "(1 + ℓ)^s",
    orderPerSmoothness: 1,
    smoothness: best.smoothness,
    conditionOfKernel: conditionNumber(K).condition,
    conditionOfSobolev: P.condition,
    conditionOfComposite: conditionNumber(T).condition,
    comparisons: [
      equals("sphere: s* by the exact walk and by golden section", best.smoothness, searched, 1e-6),
      equals(
        "sphere: κ(T) at s* over its smallest value in the search",
        valueOf(best.condition) / conditionAt(searched),
        1,
        1e-6,
      ),
      atMost(
        "sphere: true error over error bar, quadrature against exact two-layer formulas",
        worstRatio(bars, exact.eigenvalues),
        1,
      ),
    ],
  };
}

function torusSpectra(kernel: Kernel, { dimension, torusSize }: SettledSobolevOptions): DomainSpectra {
  const d = dimension - 1;
  const domain = torus(d, torusSize);
  const K = domain.mercer(kernel);
  const best = optimalSmoothness(K, { symbol: "C" });
  const P = domain.sobolev({ symbol: "C", smoothness: best.smoothness });
  const T = composite(K, P);
  const conditionAt = (smoothness: number): number =>
    valueOf(conditionNumber(composite(K, domain.sobolev({ symbol: "C", smoothness }))).condition);
  const searched = goldenSection(conditionAt, 0, d + 1, Math.floor(GOLDEN_STEPS / 2));
  // One frequency of each class under reflections and exchange, by length.
  const half = Math.floor(torusSize / 2);
  const indices: number[] = [];
  for (let k = 0; k <= half; k++) for (let l = 0; l <= k; l++) indices.push(domain.indexOf([k, l]));
  const length = (index: number): number => Math.sqrt(domain.level(index).squaredNorm);
  indices.sort((a, b) => length(a) - length(b));
  const small = torus(d, 9);
  const dense = eigh(kernel.gram(small.embedded), { vectors: false }).values.map((value) => value / 81);
  const transformed = small.mercer(kernel);
  const sorted = transformed.eigenvalues.slice().sort();
  // The dense eigensolver itself is accurate to a few n ε of the largest eigenvalue.
  const allowed = transformed.errorBounds[0] + 4 * 81 * Number.EPSILON * sorted[80];
  return {
    domain: "torus",
    title: `Torus T², ${torusSize} × ${torusSize} grid`,
    modeLabel: "length of the frequency |k|",
    ...listed(indices, length, K, P.symbol, T),
    symbol: "(1 + |k|²)^s",
    orderPerSmoothness: 2,
    smoothness: best.smoothness,
    conditionOfKernel: conditionNumber(K).condition,
    conditionOfSobolev: P.condition,
    conditionOfComposite: conditionNumber(T).condition,
    comparisons: [
      equals("torus: s* by the exact walk and by golden section", best.smoothness, searched, 1e-4),
      equals(
        "torus: κ(T) at s* over its smallest value in the search",
        valueOf(best.condition) / conditionAt(searched),
        1,
        1e-3,
      ),
      equals(
        "torus: κ(P) over (1 + 2⌊N/2⌋²)^s",
        valueOf(P.condition) / pow(1 + d * half * half, best.smoothness),
        1,
        1e-12,
      ),
      atMost(
        "torus: FFT against a dense eigensolver on 9 × 9 points, error over bar",
        sorted.reduce((worst, value, i) => Math.max(worst, Math.abs(value - dense[i]) / allowed), 0),
        1,
      ),
    ],
  };
}

function gaussianSpectra(kernel: Kernel, { dimension, bandwidth }: SettledSobolevOptions): DomainSpectra {
  const domain = gaussian(dimension);
  const K = domain.mercer(kernel, bandwidth);
  const best = domain.optimalSmoothness(kernel, bandwidth);
  const tagged = domain.composite(kernel, bandwidth, best.smoothness);
  if (!tagged.defined) throw new RangeError(tagged.reason); // not reached: s* < 1 + d/2
  const T = tagged.value;
  const first = domain.composite(kernel, 2, 1);
  const { points, weights } = polarRule(dimension, 19);
  const nystrom = weightedNystrom(kernel, points, weights).eigenvalues;
  const linear = Array.from({ length: 3 }, (_, i) => nystrom[1 + i]).reduce((sum, value) => sum + value / 3, 0);
  const overlaps = domain.overlaps(2, 50_000);
  const direct = overlaps.reduce((sum, w, m) => sum + w * (3 + 2 * m), 0);
  return {
    domain: "Gaussian space",
    title: `Gaussian space R³, eigenfunctions |x| Y of degrees 0 to ${bandwidth}`,
    modeLabel: "degree ℓ",
    ...listed(Array.from(K.eigenvalues.keys()), (l) => l, K, T.factors, T),
    symbol: "(1 + N)^s, N the number operator",
    orderPerSmoothness: 2,
    smoothness: best.smoothness,
    conditionOfKernel: conditionNumber(K).condition,
    conditionOfSobolev: conditionNumber({ ...T, eigenvalues: T.factors, errorBounds: T.factors.map(() => 0) })
      .condition,
    conditionOfComposite: conditionNumber(T).condition,
    comparisons: [
      equals(
        "Gaussian space: κ(T) at s* as reported by the search",
        valueOf(conditionNumber(T).condition) / valueOf(best.condition),
        1,
        1e-9,
      ),
      equals(
        "Gaussian space: d μ₀ over a Nyström eigenvalue on 400 polar points",
        K.eigenvalues[0] / nystrom[0],
        1,
        2e-3,
      ),
      equals("Gaussian space: d μ₁ over the mean of the next three", K.eigenvalues[1] / linear, 1, 2e-3),
      equals(
        "Gaussian space: E₁(2), closed form over a sum of 50,000 overlaps with Hermite polynomials",
        first.defined ? first.value.factors[2] / direct : Number.NaN,
        1,
        1e-5,
      ),
    ],
  };
}

/** Points and weights of N(0, I): two radii, which is exact for |x|², times a rule of the sphere. */
function polarRule(d: number, degree: number): { readonly points: Matrix; readonly weights: Float64Array } {
  const alpha = d / 2 - 1; // |x|²/2 has the gamma law of shape d/2: generalised Laguerre polynomials
  const radial = golubWelsch(Float64Array.of(alpha + 1, alpha + 3), Float64Array.of(1, alpha + 1));
  const angular = sphereQuadrature(d, degree);
  const n = angular.points.rows;
  const data = new Float64Array(2 * n * d);
  const weights = new Float64Array(2 * n);
  for (let a = 0; a < 2; a++) {
    const radius = Math.sqrt(2 * radial.nodes[a]);
    for (let i = 0; i < n * d; i++) data[a * n * d + i] = radius * angular.points.data[i];
    for (let i = 0; i < n; i++) weights[a * n + i] = radial.weights[a] * angular.weights[i];
  }
  return { points: { rows: 2 * n, cols: d, data }, weights };
}

/** The modes of a list with K, P, T and the error bars. */
function listed(
  indices: readonly number[],
  abscissa: (index: number) => number,
  K: ModeSpectrum,
  symbol: Float64Array,
  T: ModeSpectrum,
): Pick<DomainSpectra, "modes" | "kernel" | "errorBounds" | "sobolev" | "composite" | "compositeBounds"> {
  const take = (values: Float64Array): number[] => indices.map((index) => values[index]);
  return {
    modes: indices.map(abscissa),
    kernel: take(K.eigenvalues),
    errorBounds: take(K.errorBounds),
    sobolev: take(symbol),
    composite: take(T.eigenvalues),
    compositeBounds: take(T.errorBounds),
  };
}

/** Largest |error|/bar against exact eigenvalues; degrees that vanish exactly in both do not count. */
function worstRatio(spectrum: ModeSpectrum, exact: Float64Array): number {
  let worst = 0;
  spectrum.eigenvalues.forEach((value, k) => {
    const error = Math.abs(value - exact[k]);
    if (error > 0) worst = Math.max(worst, error / spectrum.errorBounds[k]);
  });
  return worst;
}
