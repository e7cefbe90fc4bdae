// Longer than usual because it is one list: the N rows on kernels (source note S3), in the order of their table.
import { acos, log2, cos, sin, pow, log } from "../../core/index.js";
import type { Matrix } from "../../core/index.js";
import {
  arcCosineSpectrum,
  fibonacciSphere,
  singularCoefficient,
  sphere,
  sphereAsymptotics,
} from "../../domains/index.js";
import {
  type Kernel,
  arcCosine,
  arcCosineProfile,
  deepExpansion,
  deepNarrowNtk,
  deepSpectrum,
  dualActivation,
  ntk,
  zonalKernel,
} from "../../kernels/index.js";
import { eigh } from "../../linalg/index.js";
import { type Rng, fillNormal, spherePoints } from "../../random/index.js";
import type { ClaimDefinition, Comparison } from "./claim.js";

/** The source's two-layer formula t arccos(−t) + √(1 − t²), as it is printed there. */
const sourceTwoLayer = (t: number): number => t * acos(-t) + Math.sqrt(1 - t * t);

const exact = (name: string, measured: number, expected: number, tolerance: number, source?: number): Comparison => ({
  name,
  measured,
  expected,
  tolerance,
  ...(source === undefined ? {} : { source }),
});

/** log₂-slope of a spectrum between two degrees with ratio two. */
const slope = (values: ArrayLike<number>, from: number): number => log2(values[2 * from] / values[from]);

/** Hides a kernel's provenance: its spectrum is then integrated, with no parity rule and no recurrence. */
const asZonal = (kernel: Kernel): Kernel => zonalKernel((theta, supplement) => kernel.profile(theta, supplement));

/** λ_max/λ_min of K/n and the two; an unresolved condition number is NaN, which fails its comparison. */
function extremes(K: Matrix): { smallest: number; largest: number; condition: number } {
  const { values } = eigh(K, { vectors: false });
  const smallest = values[0] / K.rows;
  const largest = values[K.rows - 1] / K.rows;
  const resolved = smallest >= Math.max(1e-13, K.rows * Number.EPSILON) * largest;
  return { smallest, largest, condition: resolved ? largest / smallest : Number.NaN };
}

/** Empirical NTK of a random bias-free ReLU network at two inputs of angle θ, variance 2, first layer unit. */
function randomNetworkNtk(rng: Rng, width: number, depth: number, theta: number): number {
  const inputs = [
    [1, 0],
    [cos(theta), sin(theta)],
  ];
  let first: Float64Array = Float64Array.from(inputs[0]);
  let second: Float64Array = Float64Array.from(inputs[1]);
  const layers: { product: number; gates: [Float64Array, Float64Array]; weights: Float64Array }[] = [];
  let fanIn = 2;
  for (let k = 1; k <= depth; k++) {
    const rows = k === depth ? 1 : width;
    const weights = fillNormal(rng, new Float64Array(rows * fanIn));
    const scale = k === 1 ? 1 : Math.sqrt(2 / fanIn);
    let product = 0;
    for (let j = 0; j < fanIn; j++) product += first[j] * second[j];
    const apply = (a: Float64Array): Float64Array => {
      const z = new Float64Array(rows);
      for (let i = 0; i < rows; i++) {
        let sum = 0;
        for (let j = 0; j < fanIn; j++) sum += weights[i * fanIn + j] * a[j];
        z[i] = scale * sum;
      }
      return z;
    };
    const z1 = apply(first);
    const z2 = apply(second);
    const gate = (z: Float64Array): Float64Array => z.map((x) => (x > 0 ? 1 : 0));
    layers.push({
      product: scale * scale * product,
      gates: [gate(z1), gate(z2)],
      weights: weights.map((w) => scale * w),
    });
    first = z1.map((x) => Math.max(x, 0));
    second = z2.map((x) => Math.max(x, 0));
    fanIn = rows;
  }
  // Backward: δ of the output is 1; a layer contributes (scaled input product) · δ(x)·δ(y).
  let d1: Float64Array = Float64Array.of(1);
  let d2: Float64Array = Float64Array.of(1);
  let kernel = 0;
  for (let k = depth; k >= 1; k--) {
    const { product, weights } = layers[k - 1];
    let inner = 0;
    for (let i = 0; i < d1.length; i++) inner += d1[i] * d2[i];
    kernel += product * inner;
    if (k === 1) break;
    const columns = layers[k - 2].gates[0].length;
    const back = (delta: Float64Array, gates: Float64Array): Float64Array => {
      const out = new Float64Array(columns);
      for (let i = 0; i < delta.length; i++)
        for (let j = 0; j < columns; j++) out[j] += delta[i] * weights[i * columns + j];
      return out.map((x, j) => x * gates[j]);
    };
    d1 = back(d1, layers[k - 2].gates[0]);
    d2 = back(d2, layers[k - 2].gates[1]);
  }
  return kernel;
}

/** Largest z-scores of mean and covariance of n points against those of the uniform measure. */
function zScores({ rows: n, cols: d, data }: Matrix): { mean: number; covariance: number } {
  let worstMean = 0;
  let worstCovariance = 0;
  for (let a = 0; a < d; a++) {
    for (let b = a; b < d; b++) {
      let mean = 0;
      let product = 0;
      for (let i = 0; i < n; i++) {
        mean += data[i * d + a] / n;
        product += (data[i * d + a] * data[i * d + b]) / n;
      }
      // Variances: x_a 1/d; x_a² 3/(d(d + 2)) − 1/d²; x_a x_b 1/(d(d + 2)).
      const variance = a === b ? 3 / (d * (d + 2)) - 1 / (d * d) : 1 / (d * (d + 2));
      worstMean = Math.max(worstMean, Math.abs(mean) / Math.sqrt(1 / (d * n)));
      worstCovariance = Math.max(worstCovariance, Math.abs(product - (a === b ? 1 / d : 0)) / Math.sqrt(variance / n));
    }
  }
  return { mean: worstMean, covariance: worstCovariance };
}

/** Mean of repeated draws and its standard error. */
function monteCarlo(draws: number, draw: (i: number) => number): { mean: number; standardError: number } {
  let mean = 0;
  let squares = 0;
  for (let i = 0; i < draws; i++) {
    const x = draw(i);
    const delta = x - mean;
    mean += delta / (i + 1);
    squares += delta * (x - mean);
  }
  return { mean, standardError: Math.sqrt(squares / (draws - 1) / draws) };
}

/** Claims on kernels: dual activations, recursion, spectra on the sphere, depth. */
export const kernelClaims: readonly ClaimDefinition[] = [
  {
    id: "N01",
    statement: "The NTK of the two-layer ReLU network is t arccos(−t) + √(1 − t²).",
    correct: "That is π κ₁(t), the NNGP (only the output layer trained); the NTK is (2t arccos(−t) + √(1 − t²))/π.",
    verdict: "false",
    kind: "statistical",
    check: ({ rng }) => {
      const t = 0.5;
      const theta = Math.PI / 3;
      const kernel = ntk({ depth: 2 });
      const { mean, standardError } = monteCarlo(60, (i) => randomNetworkNtk(rng.fork(i), 2000, 2, theta));
      return [
        exact("NTK at t = 1/2", kernel.profile(theta), 0.9423311, 1e-7, sourceTwoLayer(t)),
        exact(
          "NTK at t = 1/2 over its value at t = 1 (no scale)",
          kernel.profile(theta) / kernel.profile(0),
          0.47116555,
          1e-7,
          sourceTwoLayer(t) / sourceTwoLayer(1),
        ),
        exact(
          "mean of 60 random networks of width 2000, within 3.5 standard errors",
          mean,
          kernel.profile(theta),
          3.5 * standardError,
          sourceTwoLayer(t),
        ),
      ];
    },
  },
  {
    id: "N02",
    statement: "(implicit) The arc-cosine identities J₀, J₁, J₂.",
    correct: "κ_n = J_n/J_n(0), κ₁′ = κ₀, and κ_n(0) = 1.",
    verdict: "true",
    kind: "exact",
    check: () => {
      const derivative = (t: number): number => {
        const f = (x: number): number => arcCosineProfile(1, acos(x));
        const h = 1e-3;
        const central = (step: number): number => (f(t + step) - f(t - step)) / (2 * step);
        return (64 * central(h / 4) - 20 * central(h / 2) + central(h)) / 45;
      };
      return [
        exact("κ₀ at 1 rad", arcCosineProfile(0, 1), 0.6816901138162093, 2e-15),
        exact("κ₁ at 1 rad", arcCosineProfile(1, 1), 0.6361672737835763, 2e-15),
        exact("κ₂ at 1 rad", arcCosineProfile(2, 1), 0.5046181946408288, 2e-15),
        exact(
          "κ₁′ − κ₀ at t = 0.3 (sixth-order differences)",
          derivative(0.3) - arcCosineProfile(0, acos(0.3)),
          0,
          1e-11,
        ),
        exact("unnormalised κ₂ at 0: (2·2 − 1)!!", arcCosine(2, { normalised: false }).profile(0), 3, 1e-14),
      ];
    },
  },
  {
    id: "N03",
    statement: "The NTK is the inner product of parameter gradients and tends to a deterministic limit with the width.",
    correct: "The layer recursion is the limit of the empirical kernel as the widths grow.",
    verdict: "true",
    kind: "statistical",
    check: ({ rng }) => {
      const theta = 1;
      const { mean, standardError } = monteCarlo(120, (i) => randomNetworkNtk(rng.fork(i), 512, 3, theta));
      const limit = ntk({ depth: 3 }).profile(theta);
      // Depth 3 has a bias of H₁/n = 0.479/512 off the diagonal: allowed for beside the statistical error.
      return [
        exact(
          "mean empirical NTK of 120 networks of depth 3 and width 512",
          mean,
          limit,
          3.5 * standardError + 0.48 / 512,
        ),
      ];
    },
  },
  {
    id: "N04",
    statement: "The theory extends from ReLU to inhomogeneous activations.",
    correct: "erf and GELU have closed dual activations; tanh, sigmoid and others need quadrature.",
    verdict: "true",
    kind: "exact",
    check: () => {
      const gap = (name: "erf" | "gelu"): number => {
        const closed = dualActivation(name).evaluate(0.7, -0.2, 1.2);
        const integrated = dualActivation(name, { method: "quadrature" }).evaluate(0.7, -0.2, 1.2);
        return Math.max(Math.abs(closed.value - integrated.value), Math.abs(closed.derivative - integrated.derivative));
      };
      const tanh = dualActivation("tanh").evaluate(1, 0.5, 1);
      return [
        exact("erf: closed form against quadrature", gap("erf"), 0, 5e-14),
        exact("GELU: closed form against quadrature", gap("gelu"), 0, 5e-14),
        exact("tanh: E φφ at (1, 1/2, 1)", tanh.value, 0.1863244132034481, 1e-12),
        exact("tanh: E φ′φ′ at (1, 1/2, 1)", tanh.derivative, 0.3847470284410389, 1e-12),
      ];
    },
  },
  {
    id: "N05",
    statement: "Two-layer eigenvalues decay like ℓ^{−(d + 1)}.",
    correct:
      "ℓ^{−d} on S^{d−1}, on even ℓ only (−(d + 1) if d counts the sphere's own dimension); the source's own kernel decays like ℓ^{−(d + 2)}.",
    verdict: "true with conditions",
    kind: "exact",
    check: () => {
      const d = 3;
      const spectrum = sphere(d).mercer(ntk({ depth: 2 }), 80).eigenvalues;
      return [
        exact("slope of the NTK spectrum, degrees 40 to 80, d = 3", slope(spectrum, 40), -2.9785, 1e-3, -(d + 1)),
        exact("slope of the source's kernel π κ₁", slope(arcCosineSpectrum(d, 1, 80), 40), -4.9582, 1e-3, -(d + 1)),
      ];
    },
  },
  {
    id: "N06",
    statement: "(omitted) All spherical frequencies of the two-layer network are learned.",
    correct:
      "Without bias all odd degrees >= 3 have eigenvalue zero for two layers, and all odd degrees for abs at any depth.",
    verdict: "false",
    kind: "exact",
    check: () => {
      const relu = sphere(3).mercer(asZonal(ntk({ depth: 2 })), 8).eigenvalues;
      const abs = sphere(3).mercer(asZonal(ntk({ depth: 4, activation: "abs" })), 5).eigenvalues;
      // The source's law with its constant fitted to degree 4, read at the odd degrees.
      const law = (k: number): number => relu[4] * pow(4 / k, 4);
      return [
        exact("μ₃, two-layer ReLU, d = 3", relu[3], 0, 1e-15, law(3)),
        exact("μ₅, two-layer ReLU, d = 3", relu[5], 0, 1e-15, law(5)),
        exact("μ₁, abs at depth 4", abs[1], 0, 1e-15),
        exact("μ₅, abs at depth 4", abs[5], 0, 1e-15),
      ];
    },
  },
  {
    id: "N07",
    statement: "Deep networks: μ_k ~ C(d, L) k^{−d} with C growing quadratically in L.",
    correct:
      "C = (a₊ + (−1)^k a₋) 2^{d−2} Γ(d/2)²/π, a₊ = Δ L(L − 1)/π: quadratic as L(L − 1), linear for the normalised kernel.",
    verdict: "true with conditions",
    kind: "exact",
    check: () => {
      const measured = (depth: number): number => {
        const theta = 1e-7;
        return (depth - ntk({ depth }).profile(theta)) / theta;
      };
      const asymptotics = sphereAsymptotics(ntk({ depth: 3 }), 3);
      const mu = sphere(3).mercer(ntk({ depth: 3 }), 160).eigenvalues;
      const normalised = (depth: number): number => sphereAsymptotics(ntk({ depth, normalised: true }), 3).slopeAtZero;
      return [
        exact(
          "slope at angle 0, depth 5 over depth 3",
          sphereAsymptotics(ntk({ depth: 5 }), 3).slopeAtZero / asymptotics.slopeAtZero,
          10 / 3,
          1e-9,
          25 / 9,
        ),
        exact("the same from values of the kernel at 1e-7", measured(5) / measured(3), 10 / 3, 1e-5, 25 / 9),
        exact("the same for the normalised kernel: (L − 1)/2", normalised(5) / normalised(3), 2, 1e-12, 25 / 9),
        exact("μ₁₆₀ over its predicted value, depth 3", mu[160] / asymptotics.predict(160), 1, 2e-3),
      ];
    },
  },
  {
    id: "N08",
    statement: "Deep narrow networks: μ_ℓ ~ C ℓ^{−d} with C ∝ L, flatter than two layers.",
    correct: "The narrow limit decays like ℓ^{−(d + 2)}, steeper than wide networks; L is a global factor.",
    verdict: "false",
    kind: "exact",
    check: () => {
      const d = 3;
      const kernel = deepNarrowNtk({ dimension: d });
      const mu = sphere(d).mercer(kernel, 40).eigenvalues;
      return [
        exact("slope, degrees 20 to 40, d = 3, σ = β = 1", slope(mu, 20), -4.923913, 1e-4, -d),
        exact(
          "μ₄₀ over its leading term",
          mu[40] / (kernel.singularCoefficient * singularCoefficient(d, 1.5, 40)),
          0.9999,
          1e-4,
        ),
        exact(
          "factor of depth 8 over depth 2, the same on every mode",
          kernel.depthFactor(8, 1) / kernel.depthFactor(2, 1),
          4,
          0,
        ),
      ];
    },
  },
  {
    id: "N09",
    statement: "Spherical harmonics give an explicit spectrum.",
    correct: "Funk–Hecke: Σ N(d, k) μ_k = Θ(1), two layers by an exact recurrence.",
    verdict: "true",
    kind: "exact",
    check: () => {
      const spectrum = sphere(3).mercer(ntk({ depth: 2 }), 40);
      const quadrature = sphere(3).mercer(ntk({ depth: 2 }), 40, { method: "quadrature" });
      const gap = Math.max(...spectrum.eigenvalues.map((mu, k) => Math.abs(mu - quadrature.eigenvalues[k])));
      return [
        exact("partial trace to degree 40, d = 3, two layers", spectrum.partialTrace, 1.992319301797707, 1e-12),
        exact("recurrence against quadrature, all degrees", gap, 0, 2e-15),
      ];
    },
  },
  {
    id: "N09b",
    statement: "The condition number of the deep narrow kernel is that of two layers divided by L.",
    correct:
      "In the narrow limit L cancels. Deep wide networks improve: from 1650 (L = 2) to 206 (L = 3) on 50 points, then saturate at 1 + n/3.",
    verdict: "false",
    kind: "exact",
    check: () => {
      const X = fibonacciSphere(50);
      const two = extremes(ntk({ depth: 2 }).gram(X)).condition;
      const three = extremes(ntk({ depth: 3 }).gram(X)).condition;
      const narrow = deepNarrowNtk({ dimension: 3 });
      const K = narrow.gram(X);
      const deeper: Matrix = { ...K, data: K.data.map((x) => x * narrow.depthFactor(7, 0.5)) };
      return [
        exact("κ at depth 3, 50 Fibonacci points", three, 206.31, 5e-3, two / 3),
        exact("narrow κ at depth 7 over depth 1", extremes(deeper).condition / extremes(K).condition, 1, 1e-6, 1 / 7),
      ];
    },
  },
  {
    id: "N10",
    statement: "λ_min ~ 3ℓ/(4n).",
    correct: "True to leading order, with relative error −4ξ/(3L).",
    verdict: "asymptotic",
    kind: "exact",
    check: () => {
      const { equicorrelated, smallest } = deepSpectrum({ depth: 1000, points: 100, angle: Math.PI / 2 });
      if (!equicorrelated.defined) return [];
      const { xi } = deepExpansion(Math.PI / 2, { depth: 1000 });
      return [
        exact("λ_min of 100 orthogonal points at depth 1000", equicorrelated.value.smallest, 7.467065785407735, 1e-11),
        exact("its leading term 3L/(4n)", smallest, 7.5, 1e-12),
        exact(
          "relative error of the leading term over −4ξ/(3L)",
          (equicorrelated.value.smallest / smallest - 1) / ((-4 * xi) / 3000),
          1,
          1e-9,
        ),
      ];
    },
  },
  {
    id: "N11",
    statement: "λ_max ~ 3ℓ/4 ± ξ.",
    correct: "λ_max = ℓ/4 + 3ℓ/(4n) + (1 − 1/n) ξ.",
    verdict: "false",
    kind: "exact",
    check: () => {
      const { equicorrelated } = deepSpectrum({ depth: 1000, points: 100, angle: Math.PI / 2 });
      const { xi } = deepExpansion(Math.PI / 2, { depth: 1000 });
      if (!equicorrelated.defined) return [];
      return [
        exact(
          "λ_max of 100 orthogonal points at depth 1000",
          equicorrelated.value.largest,
          260.7604872446342,
          3e-10,
          750 + xi,
        ),
        exact("λ_max from the corrected formula", 250 + 7.5 + 0.99 * xi, 260.7604872446342, 3e-10, 750 - xi),
      ];
    },
  },
  {
    id: "N12",
    statement: "κ ~ 1 + n/3 + O(nξ/ℓ).",
    correct: "True at infinite depth; the next term is (16/9) n ξ/L. At fixed depth κ ~ n^{d/(d−1)}.",
    verdict: "asymptotic",
    kind: "exact",
    check: () => {
      const { equicorrelated, condition, conditionLimit } = deepSpectrum({
        depth: 1000,
        points: 100,
        angle: Math.PI / 2,
      });
      if (!equicorrelated.defined || !condition.defined) return [];
      return [
        exact("κ of 100 orthogonal points at depth 1000", equicorrelated.value.condition, 34.92141287334266, 4e-11),
        exact("limit", conditionLimit, 34.333333333333336, 1e-12),
        exact("κ with its next term", condition.value, equicorrelated.value.condition, 1e-2),
      ];
    },
  },
  {
    id: "N13",
    statement: "K ≈ A W + B with W the inverse cosine distance matrix.",
    correct: "A = 3π/(16Δ) for cosine distance, −1/8 off the diagonal, L on it; the error is O(1/(Δ²L)).",
    verdict: "asymptotic",
    kind: "exact",
    check: () => {
      const deep = deepExpansion(1, { depth: 10_000 });
      return [
        exact("Θ − 3π/(8Δθ) at depth 10,000, 1 rad, ReLU", deep.affineResidual, -0.127320636397, 1e-9),
        exact(
          "the same for abs",
          deepExpansion(1, { depth: 10_000, activation: "abs" }).affineResidual,
          -0.125603791287,
          1e-9,
        ),
        exact("error left by the refined law", deep.exact - deep.refined, 0, 2e-5),
      ];
    },
  },
  {
    id: "N14",
    statement: "ξ ~ log ℓ; Δ sets the rate; abs is best.",
    correct: "ξ = (3/8) ln L + C(Δ, θ₀); abs is better only without nearly antipodal pairs.",
    verdict: "true with conditions",
    kind: "exact",
    check: () => {
      const constant = (activation: "relu" | "abs"): number =>
        deepExpansion(Math.PI / 2, { depth: 10_000, activation }).constant;
      const growth = deepExpansion(1, { depth: 100_000 }).xi - deepExpansion(1, { depth: 10_000 }).xi;
      const X = fibonacciSphere(20);
      const condition = (activation: "relu" | "abs"): number =>
        extremes(ntk({ depth: 100, activation }).gram(X)).condition;
      return [
        exact("C of ReLU at π/2, depth 10,000", constant("relu"), 0.7206126398, 1e-7),
        exact("C of abs at π/2, depth 10,000", constant("abs"), 0.201441269694, 1e-7),
        exact("growth of ξ per decade of depth over ln 10", growth / log(10), 0.375, 2e-3, 1),
        {
          name: "κ of abs minus κ of ReLU, 20 Fibonacci points, depth 100",
          measured: condition("abs") - condition("relu"),
          expected: { minimum: 7 },
          tolerance: 0,
          source: 0,
        },
      ];
    },
  },
  {
    id: "N45",
    statement: "There is no uniform sampling measure on the sphere.",
    correct:
      "The uniform measure exists (normalised Gaussians); what is missing for d >= 3 and general n are equispaced grids.",
    verdict: "false",
    kind: "statistical",
    check: ({ rng }) => {
      const n = 40_000;
      const d = 4;
      const normalised = zScores(spherePoints(rng.fork("normalised"), n, d));
      // Without a uniform measure one would draw the angles of a parametrisation uniformly.
      const angles = rng.fork("angles");
      const data = new Float64Array(n * d);
      for (let i = 0; i < n; i++) {
        const [a, b, c] = [Math.PI * angles.uniform(), Math.PI * angles.uniform(), 2 * Math.PI * angles.uniform()];
        data.set([cos(a), sin(a) * cos(b), sin(a) * sin(b) * cos(c), sin(a) * sin(b) * sin(c)], i * d);
      }
      return [
        {
          name: "largest z-score of the mean, 40,000 points in R⁴",
          measured: normalised.mean,
          expected: { maximum: 4.5 },
          tolerance: 0,
        },
        {
          name: "largest z-score of the covariance against I/d (where no uniform measure is to be had: of uniform angles)",
          measured: normalised.covariance,
          expected: { maximum: 4.5 },
          tolerance: 0,
          source: zScores({ rows: n, cols: d, data }).covariance,
        },
      ];
    },
  },
  {
    id: "N46",
    statement: "Deeper networks improve conditioning with diminishing returns.",
    correct: "True for ReLU on generic points: κ falls to 1 + n/3.",
    verdict: "asymptotic",
    kind: "exact",
    check: () => {
      const X = fibonacciSphere(20);
      const expected: readonly [number, number][] = [
        [2, 345.294572996],
        [3, 42.97090239256],
        [10, 16.90136720146],
        [100, 8.832681628397],
        [1000, 7.813190524563],
      ];
      return expected.map(([depth, value]) =>
        exact(
          `κ at depth ${depth}, 20 Fibonacci points`,
          extremes(ntk({ depth }).gram(X)).condition,
          value,
          1e-8 * value,
        ),
      );
    },
  },
  {
    id: "N47",
    statement: "Both extreme eigenvalues scale linearly with depth.",
    correct: "True, with the constants 1/4 and 3/(4n), approached from above and from below.",
    verdict: "true with conditions",
    kind: "exact",
    check: () => {
      const X = fibonacciSphere(20);
      const at = (depth: number): { smallest: number; largest: number } => extremes(ntk({ depth }).gram(X));
      const first = at(100);
      const second = at(1000);
      return [
        exact("λ_max at depth 1000 over depth 100", second.largest / first.largest, 9.354, 0.05, 10),
        exact("λ_min at depth 1000 over depth 100", second.smallest / first.smallest, 10.575, 0.05, 10),
        exact("λ_max/L at depth 10,000 against 1/4 + 3/(4n)", at(10_000).largest / 10_000, 0.25 + 3 / 80, 1e-3),
      ];
    },
  },
  {
    id: "N51",
    statement: "Deep kernels have a better exponent than two-layer ones.",
    correct: "The exponent is d at every depth; only the constant changes.",
    verdict: "false",
    kind: "exact",
    check: () => {
      const shallow = slope(sphere(3).mercer(ntk({ depth: 2 }), 160).eigenvalues, 80);
      const deep = slope(sphere(3).mercer(ntk({ depth: 5 }), 160).eigenvalues, 80);
      // The source: two layers ℓ^{−(d + 1)}, deep ℓ^{−d}.
      return [exact("slope at depth 5 minus slope at depth 2 (even degrees 80 to 160)", deep - shallow, 0, 0.05, 1)];
    },
  },
];
