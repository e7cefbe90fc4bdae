// Longer than usual because it is one list: the N rows on Sobolev operators and domains (source note S3), in the order of their table.
import { acos, cos, sin, log, log2, pow, square, norm } from "../../core/index.js";
import type { Matrix, Tagged } from "../../core/index.js";
import {
  type ModeSpectrum,
  commutator,
  composite,
  conditionNumber,
  equispacedCircle,
  fibonacciSphere,
  gaussian,
  optimalSmoothness,
  productQuadrature,
  sobolevFlow,
  sphere,
  sphereAsymptotics,
  torus,
  zonalHarmonics,
} from "../../domains/index.js";
import { ntk, zonalKernel } from "../../kernels/index.js";
import { eigh, logDeterminant, matmul } from "../../linalg/index.js";
import { integrate } from "../../ode/index.js";
import { spherePoints } from "../../random/index.js";
import { gamma, gaussLegendre, gaussianExpectation } from "../../special/index.js";
import type { ClaimDefinition, Comparison } from "./claim.js";

const exact = (name: string, measured: number, expected: number, tolerance: number, source?: number): Comparison => ({
  name,
  measured,
  expected,
  tolerance,
  ...(source === undefined ? {} : { source }),
});

const eigenvaluesOf = (K: Matrix): Float64Array => eigh(K, { vectors: false }).values;

const scaled = (K: Matrix, factor: number): Matrix => ({ ...K, data: K.data.map((x) => x * factor) });

const largest = (values: Iterable<number>): number => {
  let out = 0;
  for (const value of values) out = Math.max(out, Math.abs(value));
  return out;
};

/** Eigenvalues of K and of the symbol (1 + k²)^s on n equispaced points of the circle, by frequency. */
function circleModes(n: number, depth: number, s: number): { lambda: Float64Array; symbol: Float64Array } {
  const grid = torus(1, n);
  return { lambda: grid.mercer(ntk({ depth })).eigenvalues, symbol: grid.sobolev({ smoothness: s }).symbol };
}

/** κ at the best exponent, d = 3, depth 3, symbol D. */
const best = (maxDegree: number): ReturnType<typeof optimalSmoothness> =>
  optimalSmoothness(sphere(3).mercer(ntk({ depth: 3 }), maxDegree), { symbol: "D" });

const descending = (values: Float64Array): Float64Array => Float64Array.from(values).sort((a, b) => b - a);

/** A number, or NaN where it is unresolved (a NaN fails its comparison). */
const valueOf = (tagged: Tagged): number => (tagged.defined ? tagged.value : Number.NaN);

const conditionOf = (spectrum: ModeSpectrum): number => valueOf(conditionNumber(spectrum).condition);

/** Claims on matrices and operators, Sobolev weights, torus, Gaussian space and training. */
export const sobolevClaims: readonly ClaimDefinition[] = [
  {
    id: "N15",
    statement: "Eigenvalues of the sampled matrix are not those of the operator.",
    correct: "True: those of K/n converge to them like n^{−1/2}, each multiple eigenvalue splitting into a cluster.",
    verdict: "true",
    kind: "statistical",
    check: ({ rng }) => {
      const mu = sphere(3).mercer(ntk({ depth: 3 }), 3);
      const operator = Array.from(mu.eigenvalues).flatMap((value, k) =>
        Array.from({ length: mu.multiplicities[k] }, () => value),
      );
      operator.sort((a, b) => b - a);
      return [64, 256, 1024].map((n) => {
        const draws = n === 1024 ? 1 : 6;
        let error = 0;
        for (let i = 0; i < draws; i++) {
          const values = descending(eigenvaluesOf(ntk({ depth: 3 }).gram(spherePoints(rng.fork(`${n}/${i}`), n, 3))));
          error += norm(Float64Array.from(operator, (value, j) => value - values[j] / n)) / draws;
        }
        return {
          name: `√n times the l2 distance of the top 16 eigenvalues, n = ${n}`,
          measured: Math.sqrt(n) * error,
          expected: { minimum: 0.9 / 1.6, maximum: 0.9 * 1.6 },
          tolerance: 0,
        };
      });
    },
  },
  {
    id: "N16",
    statement:
      "On the sphere the matrix spectrum must be analysed indirectly, through the inverse cosine distance matrix.",
    correct: "On orbits it is exact: on the circle λ_k = Σ_m μ_{|k + nm|}.",
    verdict: "false",
    kind: "exact",
    check: () => {
      const n = 9;
      const { lambda } = circleModes(n, 2, 0);
      // Alias sums of the exact operator spectrum; the tail beyond 40,000 is closed by the decay law k^{-2} on even k.
      const K = 20_000;
      const kernel = ntk({ depth: 2 });
      const mu = sphere(2).mercer(kernel, K).eigenvalues;
      const constant = sphereAsymptotics(kernel, 2).evenConstant;
      const alias = (k: number): number => {
        let sum = 0;
        for (let m = -Math.floor((K - k) / n) - 1; k + n * m <= K; m++)
          if (Math.abs(k + n * m) <= K) sum += mu[Math.abs(k + n * m)];
        // Half of the indices of each residue class are even: ∫ C x^{-2} dx/(2n) on both sides.
        return sum + constant / (n * K);
      };
      const first = Array.from({ length: 5 }, (_, k) => alias(k));
      // The indirect way of the source: K ≈ A W + B at depth 2, eigenvalue of frequency 0.
      let model = 2;
      for (let j = 1; j < n; j++) {
        const angle = (2 * Math.PI * Math.min(j, n - j)) / n;
        const next = acos(ntkCosine(angle));
        model += (3 * Math.PI) / (4 * next) - 1 / 8;
      }
      return [
        exact("λ₀ on 9 points, depth 2", lambda[0], 0.6100057174345036, 1e-14, model / n),
        exact(
          "λ₃ on 9 points, depth 2 (zero in the operator, filled by aliasing)",
          lambda[3],
          0.009107512741935787,
          1e-14,
        ),
        exact("largest difference from the alias sums", largest(first.map((value, k) => value - lambda[k])), 0, 1e-8),
      ];
    },
  },
  {
    id: "N17",
    statement: "Fourier modes are orthogonal on the uniform grid.",
    correct: "True with j = 0 … N − 1, modulo N.",
    verdict: "true",
    kind: "exact",
    check: () => {
      const N = 12;
      let worst = 0;
      for (let a = 0; a < N; a++) {
        for (let b = 0; b < 2 * N; b++) {
          let re = 0;
          let im = 0;
          for (let j = 0; j < N; j++) {
            // The exponent modulo N first: the angle is exact to rounding.
            const angle = (2 * Math.PI * ((((a - b) * j) % N) + N)) / N;
            re += cos(angle) / N;
            im += sin(angle) / N;
          }
          worst = Math.max(worst, Math.abs(re - ((a - b) % N === 0 ? 1 : 0)), Math.abs(im));
        }
      }
      return [exact("largest deviation from δ_{a, b mod N}, N = 12", worst, 0, 1e-14)];
    },
  },
  {
    id: "N18",
    statement: "The discrete matrices K and P_s commute on the sphere (Proof 4).",
    correct:
      "Only on group orbits and association schemes, or weighted and band-limited; Fibonacci points give 1.0e-2 at n = 64.",
    verdict: "false",
    kind: "exact",
    check: () => {
      const X = fibonacciSphere(64);
      const P = sphere(3).sobolev({ symbol: "D", smoothness: 2, bandwidth: 6 }).kernel.gram(X);
      return [
        exact(
          "relative commutator, 64 Fibonacci points",
          commutator(ntk({ depth: 3 }).gram(X), P).frobeniusRatio,
          1.005423e-2,
          1e-8,
          0,
        ),
      ];
    },
  },
  {
    id: "N19",
    statement: "K and P commute because both are combinations of the same projectors.",
    correct:
      "Sampled projectors are not orthogonal; with weights, band limits ℓ_K and ℓ_P and a rule of degree ℓ_K + ℓ_P they are.",
    verdict: "true with conditions",
    kind: "exact",
    check: () => {
      const rule = productQuadrature(6, 12);
      const mu = sphere(3).mercer(ntk({ depth: 3 }), 8).eigenvalues;
      const truncated = (degree: number): Matrix =>
        sphere(3)
          .multiplier(mu.slice(0, degree + 1))
          .kernel.gram(rule.points);
      const P = sphere(3).sobolev({ symbol: "D", smoothness: 2, bandwidth: 5 }).kernel.gram(rule.points);
      const ratio = (K: Matrix, weights?: Float64Array): number =>
        commutator(K, P, weights === undefined ? {} : { weights }).frobeniusRatio;
      return [
        exact("weighted, degrees 6 + 5 = 11, rule of degree 11", ratio(truncated(6), rule.weights), 0, 1e-14),
        exact("weighted, degrees 8 + 5 > 11", ratio(truncated(8), rule.weights), 3.5e-4, 5e-5, 0),
        {
          name: "without weights",
          measured: ratio(ntk({ depth: 3 }).gram(rule.points)),
          expected: { minimum: 0.03 },
          tolerance: 0,
          source: 0,
        },
      ];
    },
  },
  {
    id: "N20",
    statement: "λ_i(KP) = λ_i(K) λ_i(P).",
    correct: "On each joint eigenspace; never by rank. Always det(KP) = det K det P, and Horn's inequalities.",
    verdict: "true with conditions",
    kind: "exact",
    check: () => {
      const n = 16;
      const { lambda, symbol } = circleModes(n, 3, 1);
      const byMode = descending(lambda.map((value, k) => value * symbol[k]));
      const sortedK = descending(lambda);
      const sortedP = descending(symbol);
      const byRank = sortedK.map((value, i) => value * sortedP[i]);
      const gap = largest(byMode.map((value, i) => byRank[i] / value - 1));
      const X = equispacedCircle(n);
      const K = scaled(ntk({ depth: 3 }).gram(X), 1 / n);
      // On the grid the Nyquist mode appears once, not twice: half of its coefficient in the zonal series.
      const half = symbol.slice(0, n / 2 + 1);
      half[n / 2] /= 2;
      const matrixP = scaled(sphere(2).multiplier(half).kernel.gram(X), 1 / n);
      const product = matmul(K, matrixP);
      const identity =
        logDeterminant(product).logModulus - logDeterminant(K).logModulus - logDeterminant(matrixP).logModulus;
      let horn = -Infinity;
      let left = 0;
      let right = 0;
      for (let i = 0; i < n; i++) {
        left += log(byMode[i]);
        right += log(byRank[i]);
        horn = Math.max(horn, left - right);
      }
      return [
        exact("largest relative error of pairing by rank, 16 points, depth 3, (1 + k²)", gap, 58.7715534871, 1e-8, 0),
        exact("ln det(KP) − ln det K − ln det P", identity, 0, 1e-9),
        {
          name: "Horn: largest excess of a partial product",
          measured: horn,
          expected: { maximum: 0 },
          tolerance: 1e-12,
        },
      ];
    },
  },
  {
    id: "N21",
    statement: "P_s is a zonal kernel with a Gegenbauer series.",
    correct: "True for the truncated operator: p(t) = Σ σ(ℓ) N(d, ℓ) P_ℓ(t).",
    verdict: "true",
    kind: "exact",
    check: () => {
      const P = sphere(3).sobolev({ symbol: "D", smoothness: 1.5, bandwidth: 5 });
      return [
        exact("p(cos 1), d = 3, ℓ <= 5, D, s = 3/2", P.profile(1), -54.95665041830035, 3.5e-12),
        exact("p(1)", P.valueAtOne, 353.755425498952, 1e-11),
      ];
    },
  },
  {
    id: "N22",
    statement: "1 <= λ_i(P_s) <= (1 + ℓ_max)^s.",
    correct: "True of the operator on its band, symbol D. The sampled matrix has rank min(n, dim) and zeros beyond.",
    verdict: "false",
    kind: "exact",
    check: () => {
      const sampled = sphere(3).sobolev({ symbol: "D", smoothness: 1, bandwidth: 3 }).sampled(fibonacciSphere(50));
      return [
        exact("rank of P on 50 Fibonacci points, ℓ_max = 3", sampled.rank, 16, 0, 50),
        exact("smallest eigenvalue of P/n", sampled.eigenvalues[0], 0, 1e-12, 1),
        exact("largest eigenvalue of P/n", sampled.eigenvalues[49], 4.1586392174, 1e-9, 4),
      ];
    },
  },
  {
    id: "N23",
    statement: "κ(P_s) = (1 + ℓ_max)^s.",
    correct: "Exact for symbol D; B has (1 + √(ℓ(ℓ + d − 2)))^s, A the square, C (1 + ℓ(ℓ + d − 2))^s.",
    verdict: "true with conditions",
    kind: "exact",
    check: () => {
      const condition = (symbol: "A" | "B" | "D"): number =>
        valueOf(sphere(5).sobolev({ symbol, smoothness: 1, bandwidth: 5 }).condition);
      return [
        exact("symbol D, d = 5, ℓ_max = 5, s = 1", condition("D"), 6, 1e-13),
        exact("symbol B (the source's proofs)", condition("B"), 7.324555320336759, 1e-12, 6),
        exact("symbol A (the source's first definition)", condition("A"), 36, 1e-12, 6),
      ];
    },
  },
  {
    id: "N24",
    statement: "λ_ℓ ~ ℓ^{s−d}, critical at s = d.",
    correct: "For B and D; A and C have 2s − d and are critical at d/2. Two layers: even ℓ only.",
    verdict: "true with conditions",
    kind: "exact",
    check: () => {
      const spectrum = sphere(3).mercer(ntk({ depth: 3 }), 80);
      const slope = (symbol: "A" | "D", s: number): number => {
        const T = composite(spectrum, sphere(3).sobolev({ symbol, smoothness: s, bandwidth: 80 })).eigenvalues;
        return log2(T[80] / T[40]);
      };
      return [
        exact("slope for D, s = 2, degrees 40 to 80", slope("D", 2), -1.01418332119, 1e-6),
        exact("slope for D, s = 3", slope("D", 3), -0.0318853229219, 1e-6),
        exact("slope for D, s = 4", slope("D", 4), 0.950412675345, 1e-6),
        exact("slope for A, s = 3/2 (the source's definition)", slope("A", 1.5), -0.0318853229219, 1e-6, 1.5 - 3),
      ];
    },
  },
  {
    id: "N25",
    statement: "κ(K) ~ n, so s should grow with n.",
    correct: "At fixed depth κ ~ n^{d/(d−1)} (n² on the circle); s* tends to a limit near d that does not depend on n.",
    verdict: "false",
    kind: "exact",
    check: () => {
      const condition = (n: number): number => conditionOf(torus(1, n).mercer(ntk({ depth: 3 })));
      return [
        exact("s* at ℓ_max = 20", best(20).smoothness, 3.26777478523463, 1e-9),
        exact(
          "s* at ℓ_max = 40 minus s* at 20",
          best(40).smoothness - best(20).smoothness,
          0,
          1e-9,
          3.26777478523463 - 3.191130564043156,
        ),
        exact(
          "κ on 256 over κ on 128 points of the circle, depth 3",
          condition(256) / condition(128),
          4.00436,
          1e-4,
          2,
        ),
      ];
    },
  },
  {
    id: "N26",
    statement: "On the torus Fourier modes are eigenvectors and the FFT gives the spectrum.",
    correct: "True for kernels of the embedding x ↦ (cos 2πx, sin 2πx)/√d.",
    verdict: "true",
    kind: "exact",
    check: () => {
      const domain = torus(2, 4);
      const kernel = ntk({ depth: 3 });
      const dense = eigenvaluesOf(scaled(kernel.gram(domain.embedded), 1 / 16));
      const fast = Float64Array.from(domain.mercer(kernel).eigenvalues).sort();
      const table = torus(2, 8);
      const eight = table.mercer(kernel).eigenvalues;
      return [
        exact(
          "dense eigenvalues against the FFT, 4 x 4 grid",
          largest(dense.map((value, i) => value - fast[i])),
          0,
          2e-14,
        ),
        exact("λ₀₀ on the 8 x 8 grid", eight[0], 0.8690622356541269, 2e-14),
        exact("λ₀₃ on the 8 x 8 grid", eight[table.indexOf([0, 3])], 0.008824802841416537, 2e-14),
      ];
    },
  },
  {
    id: "N27",
    statement: "(omitted) All torus frequencies are learned.",
    correct:
      "Two layers without bias: on even grids every frequency of odd sum vanishes except ±e_j; odd grids fill them by aliasing.",
    verdict: "false",
    kind: "exact",
    check: () => {
      const at = (N: number, frequency: readonly number[]): number => {
        const domain = torus(2, N);
        // The profile alone: its spectrum is transformed, with no parity rule.
        const kernel = zonalKernel((theta, supplement) => ntk({ depth: 2 }).profile(theta, supplement));
        return domain.mercer(kernel).eigenvalues[domain.indexOf(frequency)];
      };
      // A spectrum without parity gap would interpolate its even neighbours geometrically.
      const smooth = Math.sqrt(at(8, [1, 1]) * at(8, [1, 3]));
      return [
        exact("λ₁₂ on the 8 x 8 grid", at(8, [1, 2]), 0, 1e-15, smooth),
        { name: "λ₁₂ on the 9 x 9 grid", measured: at(9, [1, 2]), expected: { minimum: 1e-4 }, tolerance: 0 },
        { name: "λ₀₁ on the 8 x 8 grid", measured: at(8, [0, 1]), expected: { minimum: 0.1 }, tolerance: 0 },
      ];
    },
  },
  {
    id: "N28",
    statement: "Torus eigenvalues decay polynomially.",
    correct: "c_k ~ (a₊ + (−1)^{Σk} a₋)(2π/√d) Γ((d + 1)/2)/(2π^{(d + 3)/2}) |k|^{−(d + 1)}.",
    verdict: "true with conditions",
    kind: "exact",
    check: () => {
      const N = 512;
      const d = 2;
      const kernel = ntk({ depth: 2 });
      const domain = torus(d, N);
      const lambda = domain.mercer(kernel).eigenvalues;
      const { slopeAtZero } = sphereAsymptotics(kernel, 2 * d);
      const constant = ((2 * Math.PI) / Math.sqrt(d)) * (gamma((d + 1) / 2) / (2 * pow(Math.PI, (d + 3) / 2)));
      const ratio = lambda[domain.indexOf([32, 0])] / (slopeAtZero * constant * pow(32, -(d + 1)));
      const slope = log2(lambda[domain.indexOf([64, 0])] / lambda[domain.indexOf([32, 0])]);
      return [
        exact("λ at k = (32, 0) over the a₊ law alone (both ends of the kernel count: 2)", ratio, 2.014, 0.02, 1),
        exact("slope from |k| = 32 to 64, d = 2", slope, -3, 0.05, -2),
      ];
    },
  },
  {
    id: "N29",
    statement: "FFT cost O(d N^d log N) with the symbol (1 + |k|²)^s.",
    correct: "True with centred frequencies; κ(P_s) = (1 + d ⌊N/2⌋²)^s.",
    verdict: "true",
    kind: "exact",
    check: ({ rng }) => {
      const N = 8;
      const domain = torus(2, N);
      const P = domain.sobolev({ smoothness: 1.5 });
      const f = Float64Array.from({ length: N * N }, () => rng.normal());
      // Naive application: the dense circulant of the symbol, each entry a sum over all frequencies.
      let error = 0;
      for (let x = 0; x < N * N; x++) {
        let sum = 0;
        for (let y = 0; y < N * N; y++) {
          const dx = [Math.floor(x / N) - Math.floor(y / N), (x % N) - (y % N)];
          let entry = 0;
          for (let k = 0; k < N * N; k++) {
            const phase = (Math.floor(k / N) * dx[0] + (k % N) * dx[1]) / N;
            entry += (P.symbol[k] * cos(2 * Math.PI * phase)) / (N * N);
          }
          sum += entry * f[y];
        }
        error = Math.max(error, Math.abs(sum - P.apply(f)[x]));
      }
      const centred = valueOf(P.condition);
      const wrapped = pow(1 + 2 * square(N - 1), 1.5); // frequencies 0 … N − 1 taken literally
      return [
        exact("naive product against the FFT, 8 x 8", error / P.symbol[domain.indexOf([4, 4])], 0, 1e-13),
        exact("κ(P) on the 8 x 8 grid, s = 3/2", centred, pow(33, 1.5), 1e-10, wrapped),
      ];
    },
  },
  {
    id: "N30",
    statement: "Under Sobolev training the operator is T_s = K ∘ P_s.",
    correct: "True: the functional gradient of ½⟨r, P r⟩ is P r, and with a frozen kernel r′ = −K P r.",
    verdict: "true",
    kind: "exact",
    check: ({ rng }) => {
      const domain = torus(1, 16);
      const spectrum = domain.mercer(ntk({ depth: 3 }));
      const P = domain.sobolev({ smoothness: 1 });
      const K = domain.multiplier("K", (k) => spectrum.eigenvalues[domain.indexOf(k)]);
      const r = Float64Array.from({ length: 16 }, () => rng.normal());
      const loss = (f: Float64Array): number => P.apply(f).reduce((sum, value, i) => sum + (value * f[i]) / 32, 0);
      const Pr = P.apply(r);
      const direction = K.apply(Pr);
      const step = 1e-4;
      const shifted = (sign: number): Float64Array => r.map((value, i) => value - sign * step * direction[i]);
      const slope = (loss(shifted(1)) - loss(shifted(-1))) / (2 * step);
      const expected = -Pr.reduce((sum, value, i) => sum + (value * direction[i]) / 16, 0);
      return [exact("measured loss decrease over −⟨P r, K P r⟩", slope / expected, 1, 1e-6)];
    },
  },
  {
    id: "N31",
    statement: "The Sobolev loss is the fractional form with (1 + √(−Δ))^s.",
    correct: "True of symbol B; the H¹ loss ∫ f² + |∇f|² is symbol C with s = 1: 1 + ℓ(ℓ + d − 2).",
    verdict: "true with conditions",
    kind: "exact",
    check: () => {
      const l = 4;
      const rule = gaussLegendre(40);
      let mass = 0;
      let energy = 0;
      rule.nodes.forEach((x, i) => {
        const theta = acos(x);
        const P = zonalHarmonics(3, theta, l);
        const slope = (l * (x * P[l] - P[l - 1])) / sin(theta); // dP_l/dθ
        mass += rule.weights[i] * (P[l] * P[l]);
        energy += rule.weights[i] * (slope * slope);
      });
      const symbol = (name: "B" | "C"): number =>
        sphere(3).sobolev({ symbol: name, smoothness: 1, bandwidth: l }).symbol[l];
      return [
        exact("(∫ f² + |∇f|²)/∫ f² of a harmonic of degree 4 on S²", 1 + energy / mass, 21, 1e-12, symbol("B")),
        exact("symbol C with s = 1", symbol("C"), 21, 1e-13),
      ];
    },
  },
  {
    id: "N32",
    statement: "Eigenvalues of the composite are μ_ℓ (1 + ν_ℓ)^s, and each mode decays exponentially.",
    correct: "True of the operators and on the torus grid: r̂_k(t) = r̂_k(0) e^{−λ_k σ_k t}.",
    verdict: "true",
    kind: "iterative",
    check: () => {
      const { lambda, symbol } = circleModes(16, 3, 1);
      const residual = new Float64Array(16);
      [1, 1, 0.5, 0.5, 0, 0.25].forEach((value, k) => (residual[k] = value));
      const closed = sobolevFlow({ eigenvalues: lambda, symbol, residual }, { times: [1, 10] });
      const solution = integrate(
        (_, y, out) => y.forEach((value, k) => (out[k] = -lambda[k] * symbol[k] * value)),
        residual,
        {
          t0: 0,
          t1: 10,
          tolerance: 1e-11,
          method: "dop853",
        },
      );
      const difference = largest(Array.from(closed.amplitudes.data.subarray(16), (value, k) => value - solution.y[k]));
      return [
        exact("amplitude of frequency 3 at t = 1", closed.amplitudes.data[3], 0.2963844020366658, 1e-13),
        exact("amplitude of frequency 5 at t = 10", closed.amplitudes.data[16 + 5], 0.003720083899812952, 1e-13),
        exact("closed form against integration at t = 10", difference, 0, 1e-8),
      ];
    },
  },
  {
    id: "N33",
    statement: "Gaussian space: Hermite polynomials diagonalise the operators.",
    correct: "True of the number operator and of P only; the NTK couples Hermite degrees.",
    verdict: "true with conditions",
    kind: "exact",
    check: () => {
      // h_6 and its derivatives from h' = k h_{k−1} (probabilists' polynomials).
      const hermite = (k: number, x: number): number => {
        let [a, b] = [1, x];
        if (k === 0) return a;
        for (let j = 1; j < k; j++) [a, b] = [b, x * b - j * a];
        return b;
      };
      const x = 0.8;
      const number = (-30 * hermite(4, x) + x * 6 * hermite(5, x)) / hermite(6, x);
      // In one dimension the even part of the two-layer kernel is |x||y|: ⟨h_0, K h_2⟩ = E|x| · E|x| h_2(x).
      const kinks = [0];
      const moment = (k: number): number => gaussianExpectation((t) => Math.abs(t) * hermite(k, t), { kinks }).value;
      return [
        exact("(number operator h₆)/h₆", number, 6, 1e-13),
        exact("⟨h₀, K h₂⟩ of the two-layer kernel, d = 1", moment(0) * moment(2), 2 / Math.PI, 1e-13, 0),
      ];
    },
  },
  {
    id: "N34",
    statement: "λ_α ~ k̂(|α|^{1/2}) (1 + |α|)^s.",
    correct: "d μ_ℓ E_s(ℓ), one function |x| Y_ℓ per harmonic; k̂ would need translation invariance.",
    verdict: "false",
    kind: "exact",
    check: () => {
      const domain = gaussian(3);
      const kernel = ntk({ depth: 2 });
      const report = domain.composite(kernel, 2, 1);
      const product = domain.mercer(kernel, 2).eigenvalues[2] * (1 + 2);
      return [
        exact(
          "eigenvalue of degree 2, d = 3, s = 1",
          report.defined ? report.value.eigenvalues[2] : Number.NaN,
          0.78125,
          1e-12,
          product,
        ),
      ];
    },
  },
  {
    id: "N35",
    statement:
      "The Gaussian measure makes eigenvalues decay exponentially; K is invariant under rotations, not translations.",
    correct: "Decay is polynomial, ℓ^{−d}; the statement on invariance is true.",
    verdict: "false",
    kind: "exact",
    check: () => {
      const kernel = ntk({ depth: 2 });
      const lambda = gaussian(3).mercer(kernel, 8).eigenvalues;
      const points: Matrix = { rows: 2, cols: 2, data: Float64Array.of(1, 0, 1, 1) };
      const rotated: Matrix = { rows: 2, cols: 2, data: Float64Array.of(0, 1, -1, 1) };
      const moved: Matrix = { rows: 2, cols: 2, data: Float64Array.of(2, 0, 2, 1) };
      const entry = (X: Matrix): number => kernel.gram(X).data[1];
      return [
        exact(
          "λ₈/λ₄, d = 3 (exponential decay would repeat λ₄/λ₂ squared)",
          lambda[8] / lambda[4],
          0.111328125,
          1e-10,
          square(lambda[4] / lambda[2]),
        ),
        exact("change of an entry under rotation", entry(rotated) - entry(points), 0, 1e-15),
        {
          name: "change of an entry under translation",
          measured: entry(moved) - entry(points),
          expected: { minimum: 1 },
          tolerance: 0,
        },
      ];
    },
  },
  {
    id: "N36",
    statement: "No estimate of κ(P_s) is available; how far s can flatten the spectrum is open.",
    correct: "s* and κ(s*) are computable exactly: the minimum of a convex piecewise linear function.",
    verdict: "true with conditions",
    kind: "exact",
    check: () => [
      exact("κ at s*, ℓ_max = 20, d = 3, depth 3, symbol D", valueOf(best(20).condition), 4.182128322643611, 1e-9),
      exact("κ without Sobolev weights", valueOf(best(20).conditionAtZero), 16_999.9097508446, 1e-4),
      {
        name: "rise of ln κ at 0.01 on either side of s*",
        measured: riseAround(3.26777478523463),
        expected: { minimum: 1e-4 },
        tolerance: 0,
      },
    ],
  },
  {
    id: "N48",
    statement: "F_d = F₁ ⊗ … ⊗ F₁.",
    correct: "True of the eigenvector matrix; the eigenvalue array of K does not factorise.",
    verdict: "true",
    kind: "exact",
    check: () => {
      const N = 4;
      const domain = torus(2, N);
      const lambda = domain.mercer(ntk({ depth: 3 })).eigenvalues;
      const row = domain.firstRow(ntk({ depth: 3 }))!;
      // Columns of F₁ ⊗ F₁ as eigenvectors of the circulant: residual of K v − λ v, real parts suffice by symmetry.
      let worst = 0;
      for (let k = 0; k < N * N; k++) {
        const [a, b] = [Math.floor(k / N), k % N];
        for (let x = 0; x < N * N; x++) {
          let sum = 0;
          for (let y = 0; y < N * N; y++) {
            const offset = ((Math.floor(x / N) - Math.floor(y / N) + N) % N) * N + (((x % N) - (y % N) + N) % N);
            sum += (row[offset] * cos((2 * Math.PI * (a * Math.floor(y / N) + b * (y % N))) / N)) / (N * N);
          }
          worst = Math.max(
            worst,
            Math.abs(sum - lambda[k] * cos((2 * Math.PI * (a * Math.floor(x / N) + b * (x % N))) / N)),
          );
        }
      }
      const eight = torus(2, 8);
      const array = eight.mercer(ntk({ depth: 3 })).eigenvalues;
      const cross =
        (array[eight.indexOf([1, 1])] * array[0]) / (array[eight.indexOf([0, 1])] * array[eight.indexOf([1, 0])]);
      return [
        exact("largest residual of the columns of F₁ ⊗ F₁, 4 x 4", worst, 0, 1e-14),
        exact(
          "λ₁₁λ₀₀/(λ₀₁λ₁₀) on the 8 x 8 grid (a Kronecker product K would have 1)",
          cross,
          1.122275403883423,
          1e-11,
          1,
        ),
      ];
    },
  },
  {
    id: "N50",
    statement: "The factorisation holds independently on sphere and torus.",
    correct: "For operators on both; for matrices on the torus grid, not on samples of the sphere.",
    verdict: "true with conditions",
    kind: "exact",
    check: () => {
      const grid = torus(2, 6);
      const K = ntk({ depth: 3 }).gram(grid.embedded);
      const P = sphere(4).sobolev({ symbol: "D", smoothness: 2, bandwidth: 4 }).kernel.gram(grid.embedded);
      const X = fibonacciSphere(36);
      const sphereP = sphere(3).sobolev({ symbol: "D", smoothness: 2, bandwidth: 4 }).kernel.gram(X);
      return [
        exact("relative commutator on the 6 x 6 torus grid", commutator(K, P).frobeniusRatio, 0, 1e-14),
        {
          name: "relative commutator on 36 Fibonacci points",
          measured: commutator(ntk({ depth: 3 }).gram(X), sphereP).frobeniusRatio,
          expected: { minimum: 5e-3 },
          tolerance: 0,
          source: 0,
        },
      ];
    },
  },
];

/** cos of the angle after one ReLU layer. */
function ntkCosine(theta: number): number {
  return (sin(theta) + (Math.PI - theta) * cos(theta)) / Math.PI;
}

/** The smaller rise of ln κ at s ± 0.01: positive at a strict minimum. */
function riseAround(s: number): number {
  const spectrum = sphere(3).mercer(ntk({ depth: 3 }), 20);
  const spread = (t: number): number => {
    const T = composite(spectrum, sphere(3).sobolev({ symbol: "D", smoothness: t, bandwidth: 20 })).eigenvalues;
    return log(Math.max(...T) / Math.min(...T));
  };
  return Math.min(spread(s - 0.01), spread(s + 0.01)) - spread(s);
}
