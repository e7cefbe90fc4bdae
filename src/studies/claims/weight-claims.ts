// The U rows on weight matrices of the claims ledger (source note S0). One entry per row: the file is long because the ledger is.
import { type Matrix, fromRows, identity, tanh, square, hypot, pow } from "../../core/index.js";
import { eig, eigh, matmul, norms, orthogonalMatrix, solve, svd } from "../../linalg/index.js";
import { type Rng, fillNormal, fillRademacher, normalMatrix } from "../../random/index.js";
import { marchenkoPastur } from "../../rmt/index.js";
import {
  histogram,
  kernelDensity,
  matrixSpectrum,
  spectralDistance,
  spectralNormalize,
  spectralPenalty,
  truncateSvd,
} from "../../spectra/index.js";
import type { ClaimDefinition, Comparison } from "./claim.js";
import { oneLargeStep } from "../linear-width/large-step.js";
import { logSlope } from "../linear-width/statistics.js";
import { between, descentRatio, equals } from "./quadratics.js";
import { hadamardCorrelation } from "./training-claims.js";

const numberOf = (tagged: { readonly defined: true; readonly value: number } | { readonly defined: false }): number =>
  tagged.defined ? tagged.value : Number.NaN;
const topValue = (A: Matrix): number => svd(A, { vectors: "none" }).singularValues[0];
const scaled = (A: Matrix, factor: number): Matrix => ({ ...A, data: A.data.map((value) => factor * value) });
const minus = (A: Matrix, B: Matrix): Matrix => ({ ...A, data: A.data.map((value, e) => value - B.data[e]) });
const vector = (data: Float64Array): Matrix => ({ rows: data.length, cols: 1, data });
const length = (x: Float64Array): number => norms(vector(x)).frobenius;

/** A bias-free tanh network with Gaussian layers of variance 1/fan-in. */
function tanhLayers(rng: Rng, sizes: readonly number[]): Matrix[] {
  return sizes.slice(1).map((size, l) => scaled(normalMatrix(rng, size, sizes[l]), 1 / Math.sqrt(sizes[l])));
}

/** Output of the layers; tanh between them, the last one linear. */
function forward(layers: readonly Matrix[], x: Float64Array): Float64Array {
  return layers.reduce((h, W, l) => {
    const out = matmul(W, vector(h)).data;
    return l === layers.length - 1 ? out : out.map(tanh);
  }, x);
}

/** ‖Jacobian‖₂ of the layers at x. */
function jacobianNorm(layers: readonly Matrix[], x: Float64Array): number {
  let h = x;
  let J = identity(x.length);
  layers.forEach((W, l) => {
    const s = matmul(W, vector(h)).data;
    J = matmul(W, J);
    if (l === layers.length - 1) return;
    h = s.map(tanh);
    J = { ...J, data: J.data.map((value, e) => value * (1 - square(h[Math.floor(e / J.cols)]))) };
  });
  return topValue(J);
}

/** Q diag(values) Pᵀ with random orthogonal factors. */
function withSingularValues(rng: Rng, values: readonly number[]): Matrix {
  const n = values.length;
  const Q = orthogonalMatrix(rng.fork("left"), n);
  return matmul(
    { ...Q, data: Q.data.map((value, e) => value * values[e % n]) },
    orthogonalMatrix(rng.fork("right"), n),
    { transposeB: true },
  );
}

/** ∏‖W‖₂ (Σ (‖Wᵀ‖_{2,1}/‖W‖₂)^{2/3})^{3/2}: the size of a network in Bartlett's bound. */
function bartlettComplexity(layers: readonly Matrix[]): number {
  const sum = layers.reduce((total, W) => total + pow(norms(W).rowSum / topValue(W), 2 / 3), 0);
  return layers.reduce((value, W) => value * topValue(W), 1) * pow(sum, 1.5);
}

/** The largest output of a ReLU network without biases for each column, and the least lead over the second largest. */
function margins(layers: readonly Matrix[], points: Matrix): { winners: readonly number[]; least: number } {
  const outputs = layers.reduce((h, W, l) => {
    const next = matmul(W, h);
    return l === layers.length - 1 ? next : { ...next, data: next.data.map((value) => Math.max(0, value)) };
  }, points);
  const winners: number[] = [];
  let least = Infinity;
  for (let j = 0; j < outputs.cols; j++) {
    const column = Array.from({ length: outputs.rows }, (_, i) => outputs.data[i * outputs.cols + j]);
    const [top, second] = column.toSorted((a, b) => b - a);
    winners.push(column.indexOf(top));
    least = Math.min(least, top - second);
  }
  return { winners, least };
}

export const weightClaims: readonly ClaimDefinition[] = [
  {
    id: "U04",
    statement: "Spectral decomposition W = U Σ Vᵀ is an eigenvalue analysis.",
    correct:
      "That is the singular value decomposition; an eigendecomposition exists only for diagonalisable square W, with other values.",
    verdict: "true with conditions",
    kind: "exact",
    check: () => {
      const spectrum = matrixSpectrum(
        fromRows([
          [0, 1],
          [0, 0],
        ]),
      );
      const radius = numberOf(spectrum.spectralRadius);
      return [
        equals("largest singular value of a nilpotent matrix", spectrum.spectralNorm, 1, 0, radius),
        equals("its largest eigenvalue in modulus", radius, 0, 0),
      ];
    },
  },
  {
    id: "U05",
    statement: "The spectral gap corresponds to the condition number.",
    correct: "They are different: s_1 − s_2 and s_1/s_r; each can be large while the other is small.",
    verdict: "false",
    kind: "exact",
    check: () => {
      const unit = matrixSpectrum(identity(4));
      const graded = matrixSpectrum(
        fromRows([
          [2, 0, 0],
          [0, 1, 0],
          [0, 0, 1e-9],
        ]),
      );
      return [
        equals(
          "condition number of the identity, gap 0",
          numberOf(unit.conditionNumber),
          1,
          1e-14,
          numberOf(unit.spectralGap),
        ),
        equals(
          "condition number of diag(2, 1, 1e-9), gap 1",
          numberOf(graded.conditionNumber) / 2e9,
          1,
          1e-6,
          numberOf(graded.spectralGap) / 2e9,
        ),
      ];
    },
  },
  {
    id: "U06",
    statement: "κ = λ_max/λ_min.",
    correct: "Only for symmetric positive definite matrices; in general κ = s_1/s_r, infinite for singular matrices.",
    verdict: "true with conditions",
    kind: "exact",
    check: () => {
      const ratio = (A: Matrix): number => {
        const { values } = eigh(A, { vectors: false });
        return values[values.length - 1] / values[0];
      };
      const definite = fromRows([
        [5, 0],
        [0, 0.1],
      ]);
      const indefinite = fromRows([
        [1, 0],
        [0, -1],
      ]);
      const singular = matrixSpectrum(
        fromRows([
          [5, 0, 0],
          [0, 0.1, 0],
          [0, 0, 0],
        ]),
      );
      return [
        equals(
          "κ of diag(5, 0.1), where the formula holds",
          numberOf(matrixSpectrum(definite).conditionNumber),
          ratio(definite),
          1e-12,
        ),
        equals("κ of diag(1, −1)", numberOf(matrixSpectrum(indefinite).conditionNumber), 1, 1e-14, ratio(indefinite)),
        equals("κ of diag(5, 0.1, 0)", numberOf(singular.conditionNumber), Infinity, 0),
        equals("κ over its rank", numberOf(singular.effectiveConditionNumber), 50, 1e-12),
      ];
    },
  },
  {
    id: "U07",
    statement: "ρ(W) = |λ_max|.",
    correct:
      "The largest modulus, not the modulus of the algebraically largest eigenvalue; ρ <= ‖W‖₂ with equality for normal W.",
    verdict: "true with conditions",
    kind: "exact",
    check: () => {
      const negative = fromRows([
        [1, 0, 0],
        [0, -3, 0],
        [0, 0, 2],
      ]);
      const jordan = matrixSpectrum(
        fromRows([
          [0.5, 10, 0],
          [0, 0.5, 10],
          [0, 0, 0.5],
        ]),
      );
      const { values } = eigh(negative, { vectors: false });
      return [
        equals(
          "ρ of a rotation without real eigenvalues",
          numberOf(
            matrixSpectrum(
              fromRows([
                [0, -1],
                [1, 0],
              ]),
            ).spectralRadius,
          ),
          1,
          1e-14,
        ),
        equals("ρ of diag(1, −3, 2)", numberOf(matrixSpectrum(negative).spectralRadius), 3, 1e-13, Math.abs(values[2])),
        equals("ρ of a Jordan-like matrix", numberOf(jordan.spectralRadius), 0.5, 1e-5),
        equals("its spectral norm", jordan.spectralNorm, 10.265, 1e-3),
      ];
    },
  },
  {
    id: "U08",
    statement: "Spectral density is the histogram of the eigenvalues.",
    correct:
      "The spectral distribution is the measure of point masses; a histogram is one estimator of it, with bins chosen by hand.",
    verdict: "true with conditions",
    kind: "exact",
    check: ({ rng }) => {
      const A = normalMatrix(rng, 60, 40);
      const values = svd(A, { vectors: "none" }).singularValues.map((s) => s * s);
      const meanSquare = square(norms(A).frobenius) / 40;
      const coarse = histogram(values, { bins: 4 });
      const binned = coarse.counts.reduce(
        (sum, count, i) => sum + (count / 40) * ((coarse.edges[i] + coarse.edges[i + 1]) / 2),
        0,
      );
      const mass = coarse.density.reduce(
        (sum, density, i) => sum + density * (coarse.edges[i + 1] - coarse.edges[i]),
        0,
      );
      const kde = kernelDensity(values, { points: 4001 });
      const kdeMass = kde.density.reduce((sum, density) => sum + density * (kde.grid[1] - kde.grid[0]), 0);
      return [
        equals("mass of the histogram", mass, 1, 1e-12),
        equals("mass of a kernel estimate", kdeMass, 1, 1e-3),
        equals(
          "mean of the point masses against tr(AᵀA)/n, relative",
          values.reduce((sum, value) => sum + value, 0) / 40 / meanSquare,
          1,
          1e-12,
          binned / meanSquare,
        ),
      ];
    },
  },
  {
    id: "U09",
    statement: "Spectral regularisation penalises Σ ‖W_l‖₂².",
    correct: "True; the gradient is 2 s_1 u_1 v_1ᵀ where s_1 is simple.",
    verdict: "true",
    kind: "exact",
    check: ({ rng }) => {
      const W = normalMatrix(rng.fork("W"), 6, 4);
      const direction = normalMatrix(rng.fork("direction"), 6, 4);
      const { gradients } = spectralPenalty([W]);
      const step = 1e-6;
      const at = (t: number): number =>
        spectralPenalty([{ ...W, data: W.data.map((value, e) => value + t * direction.data[e]) }]).value;
      const exact = gradients[0].data.reduce((sum, value, e) => sum + value * direction.data[e], 0);
      return [
        equals(
          "directional derivative by differences over the gradient's",
          (at(step) - at(-step)) / (2 * step) / exact,
          1,
          1e-7,
        ),
      ];
    },
  },
  {
    id: "U10",
    statement: "The spectral norm is the Lipschitz constant.",
    correct:
      "Of the linear map, in the Euclidean norm; for a network the product of the norms is an upper bound, usually far from attained.",
    verdict: "true with conditions",
    kind: "exact",
    check: ({ rng }) => {
      const layers = tanhLayers(rng.fork("net"), [10, 30, 30, 3]);
      const product = layers.reduce((value, W) => value * topValue(W), 1);
      let local = 0;
      for (let i = 0; i < 100; i++)
        local = Math.max(local, jacobianNorm(layers, fillNormal(rng.fork(i), new Float64Array(10))));
      const { v, singularValues } = svd(layers[0]);
      const direction = Float64Array.from({ length: 10 }, (_, j) => v.data[j * v.cols]);
      return [
        equals(
          "gain of the linear map along v_1 over ‖W‖₂",
          length(matmul(layers[0], vector(direction)).data) / singularValues[0],
          1,
          1e-13,
        ),
        between("largest local Jacobian norm over the product of norms", local / product, 0, 0.8, 1),
      ];
    },
  },
  {
    id: "U11",
    statement: "‖W‖_F = (Σ σ_i²)^{1/2}.",
    correct: "True.",
    verdict: "true",
    kind: "exact",
    check: ({ rng }) =>
      [1, 1e150, 1e-150].map((scale) => {
        const { frobeniusNorm, singularValues } = matrixSpectrum(scaled(normalMatrix(rng, 7, 5), scale));
        return equals(
          `(Σ σ²)^{1/2} over the norm of the entries, scale ${scale}`,
          singularValues.reduce((sum, s) => hypot(sum, s), 0) / frobeniusNorm,
          1,
          1e-13,
        );
      }),
  },
  {
    id: "U12",
    statement: "Nuclear norm ‖W‖_* = Σ σ_i, a low-rank proxy.",
    correct:
      "True as a definition; it is the convex envelope of the rank on the unit ball of ‖·‖₂, not the rank: it scales with W.",
    verdict: "true",
    kind: "exact",
    check: ({ rng }) => {
      const W = normalMatrix(rng, 6, 4);
      const spectrum = matrixSpectrum(W);
      const roots = eigh(matmul(W, W, { transposeA: true }), { vectors: false }).values.reduce(
        (sum, value) => sum + Math.sqrt(Math.max(0, value)),
        0,
      );
      return [
        equals("Σ σ against tr (WᵀW)^{1/2}, relative", spectrum.nuclearNorm / roots, 1, 1e-13),
        between(
          "nuclear norm over s_1 and rank",
          spectrum.nuclearNorm / spectrum.spectralNorm / spectrum.numericalRank,
          0,
          1,
        ),
        equals(
          "nuclear norm of 3 W over that of W; the rank stays",
          matrixSpectrum(scaled(W, 3)).nuclearNorm / spectrum.nuclearNorm,
          3,
          1e-13,
        ),
      ];
    },
  },
  {
    id: "U13",
    statement: "κ = σ_max/σ_min measures stability.",
    correct: "True: relative errors of the solution of W x = b are at most κ times those of b.",
    verdict: "true",
    kind: "exact",
    check: ({ rng }) => {
      const W = withSingularValues(rng.fork("W"), [100, 30, 10, 3, 1, 0.1]);
      const kappa = numberOf(matrixSpectrum(W).conditionNumber);
      let worst = 0;
      for (let trial = 0; trial < 50; trial++) {
        const b = fillNormal(rng.fork(2 * trial), new Float64Array(6));
        const error = fillNormal(rng.fork(2 * trial + 1), new Float64Array(6)).map((value) => 1e-4 * value);
        const x = solve(W, b);
        const moved = solve(
          W,
          b.map((value, i) => value + error[i]),
        );
        worst = Math.max(
          worst,
          length(moved.map((value, i) => value - x[i])) / length(x) / (length(error) / length(b)),
        );
      }
      return [
        between("largest amplification over κ in 50 trials", worst / kappa, 0, 1),
        equals("κ", kappa / 1000, 1, 1e-11),
      ];
    },
  },
  {
    id: "U14",
    statement: "The spectral gap σ_1 − σ_2 measures separation.",
    correct: "With a condition (Wedin): the top singular vectors turn by at most sin θ <= ‖E‖/(gap − ‖E‖).",
    verdict: "true with conditions",
    kind: "exact",
    check: ({ rng }) => {
      const W = normalMatrix(rng.fork("W"), 5, 3);
      const before = svd(W);
      const gap = before.singularValues[0] - before.singularValues[1];
      const E = scaled(normalMatrix(rng.fork("E"), 5, 3), 1e-3);
      const size = topValue(E);
      const after = svd({ ...W, data: W.data.map((value, e) => value + E.data[e]) });
      const cosine = (A: Matrix, B: Matrix): number =>
        Math.abs(
          Array.from({ length: A.rows }, (_, i) => A.data[i * A.cols] * B.data[i * B.cols]).reduce(
            (sum, value) => sum + value,
            0,
          ),
        );
      const sine = (A: Matrix, B: Matrix): number => Math.sqrt(Math.max(0, 1 - square(cosine(A, B))));
      const turned = Math.max(sine(before.u, after.u), sine(before.v, after.v));
      return [between("sine of the turn over ‖E‖/(gap − ‖E‖)", turned / (size / (gap - size)), 0, 1)];
    },
  },
  {
    id: "U15",
    statement: "Well-conditioned: fast, stable; ill-conditioned: slow, unstable.",
    correct: "Conditioning decides the speed; stability depends on η λ_max alone.",
    verdict: "true with conditions",
    kind: "exact",
    check: () => {
      const steps = [0, 10, 100, 1000].map((count) => descentRatio([1, 1e-4], 1, count));
      const increases = steps.filter((value, i) => i > 0 && value > steps[i - 1]).length;
      return [
        equals("increases of the error with κ = 1e4 and η = 1/λ_max", increases, 0, 0),
        between("error left after 1000 steps: slow", steps[3], 0.6, 0.7),
        between("error after 50 steps with κ = 1 and η λ_max = 2.1: unstable", descentRatio([1], 2.1, 50), 100, 1000),
      ];
    },
  },
  {
    id: "U22",
    statement: "Rademacher complexity <= Π‖W‖₂ ‖X‖₂/√n.",
    correct:
      "With the Frobenius norm of X the bound does not decrease with n (it must have 1/n in place of 1/√n); with the operator norm it is false.",
    verdict: "false",
    kind: "statistical",
    check: ({ rng }) => {
      const sizes = [100, 400, 1600];
      const complexity: number[] = [];
      const stated: number[] = [];
      for (const n of sizes) {
        const stream = rng.fork(n);
        const X = normalMatrix(stream.fork("X"), n, 10);
        const signs = stream.fork("signs");
        let sum = 0;
        for (let trial = 0; trial < 200; trial++) {
          const eps = fillRademacher(signs, new Float64Array(n));
          sum += length(matmul(X, vector(eps), { transposeA: true }).data) / n; // sup over the unit ball of linear maps
        }
        complexity.push(sum / 200);
        stated.push(norms(X).frobenius / Math.sqrt(n));
      }
      return [
        equals(
          "exponent of n in the complexity of unit-norm linear maps",
          logSlope(sizes, complexity),
          -0.5,
          0.06,
          logSlope(sizes, stated),
        ),
      ];
    },
  },
  {
    id: "U23",
    statement: "Spectral normalisation constrains ‖W_l‖₂ <= 1.",
    correct:
      "W/‖W‖₂ has norm exactly 1 and enlarges small matrices; the estimate of ‖W‖₂ is from below, so the norm comes down to 1 from above; clipping is W/max(1, s_1).",
    verdict: "true with conditions",
    kind: "iterative",
    check: ({ rng }) => {
      const W = normalMatrix(rng.fork("W"), 6, 4);
      const u = fillNormal(rng.fork("u"), new Float64Array(6));
      const one = spectralNormalize(W, { u });
      const many = spectralNormalize(W, { u, steps: 400 });
      const small = scaled(orthogonalMatrix(rng.fork("small"), 4), 0.1);
      return [
        between("norm after one power step", topValue(one.normalized), 1 + 1e-6, 2, 1),
        equals("norm after 400 steps", topValue(many.normalized), 1, 1e-10),
        between("estimate over ‖W‖₂", one.sigma / topValue(W), 0, 1),
        equals(
          "norm of a normalised matrix of norm 0.1",
          topValue(spectralNormalize(small, { u: u.slice(0, 4), steps: 5 }).normalized),
          1,
          1e-12,
          0.1,
        ),
        equals(
          "norm after clipping it",
          topValue(spectralNormalize(small, { u: u.slice(0, 4), steps: 5, mode: "clip" }).normalized),
          0.1,
          1e-13,
        ),
      ];
    },
  },
  {
    id: "U24",
    statement: "Spectral normalisation improves generalisation.",
    correct:
      "The value of a bound by norms falls. In a finished ReLU network without biases no prediction changes, and neither does the margin over the product of norms; as a constraint during training its effect on the test error is an empirical matter.",
    verdict: "true with conditions",
    kind: "exact",
    check: ({ rng }) => {
      const sizes = [6, 12, 12, 3];
      const before = sizes.slice(1).map((size, l) => normalMatrix(rng.fork(l), size, sizes[l]));
      const after = before.map((W) => scaled(W, 1 / topValue(W)));
      const product = (layers: readonly Matrix[]): number => layers.reduce((value, W) => value * topValue(W), 1);
      const points = normalMatrix(rng.fork("points"), sizes[0], 200);
      const [first, second] = [margins(before, points), margins(after, points)];
      const changed = first.winners.filter((winner, i) => winner !== second.winners[i]).length;
      return [
        between("product of the norms before", product(before), 10, 1000),
        equals("product of the norms after", product(after), 1, 1e-13),
        equals(
          "bound by norms, after over before, times the product before",
          (bartlettComplexity(after) / bartlettComplexity(before)) * product(before),
          1,
          1e-12,
        ),
        equals("predictions of 200 points that change", changed, 0, 0),
        equals(
          "least margin over the product of norms, after over before",
          second.least / product(after) / (first.least / product(before)),
          1,
          1e-10,
        ),
      ];
    },
  },
  {
    id: "U25",
    statement: "At random initialisation the eigenvalues of W follow the Marchenko–Pastur law.",
    correct: "The squared singular values over n do; the eigenvalues of a square W/√n follow the circular law.",
    verdict: "false",
    kind: "statistical",
    check: ({ rng }) => {
      const n = 200;
      const W = scaled(normalMatrix(rng, n, n), 1 / Math.sqrt(n));
      const law = marchenkoPastur({ ratio: 1 });
      const { real, imaginary } = eig(W);
      const squares = real.map((value, i) => value * value + imaginary[i] * imaginary[i]);
      const stated = spectralDistance(squares, law).kolmogorovSmirnov;
      const uniform = { cdf: (x: number) => Math.min(1, Math.max(0, x)), quantile: (p: number) => p };
      return [
        between(
          "KS distance of s² to the law",
          spectralDistance(
            svd(W, { vectors: "none" }).singularValues.map((s) => s * s),
            law,
          ).kolmogorovSmirnov,
          0,
          0.03,
          stated,
        ),
        between("KS distance of |λ|² to the law", stated, 0.2, 1),
        between(
          "KS distance of |λ|² to the circular law",
          spectralDistance(squares, uniform).kolmogorovSmirnov,
          0,
          0.1,
        ),
      ];
    },
  },
  {
    id: "U26",
    statement: "After training the spectrum deviates and develops outliers.",
    correct: "In the large-step regime; small steps leave spectrum and edge as they were.",
    verdict: "true with conditions",
    kind: "statistical",
    check: ({ rng }) => {
      const small = oneLargeStep({ rng: rng.fork("net"), d: 75, h: 150, n: 300, strength: 0.5 });
      const large = oneLargeStep({ rng: rng.fork("net"), d: 75, h: 150, n: 300, strength: 3 });
      return [
        between("largest singular value over the edge after a small step", small.top / small.edge, 0.85, 1.06),
        between("after a step six times as large", large.top / large.edge, 1.5, 2.5, small.top / small.edge),
        between("second singular value over the edge after it: the bulk stays", large.second / large.edge, 0.85, 1.1),
      ];
    },
  },
  {
    id: "U27",
    statement: "Large outliers indicate learned features.",
    correct:
      "Not by themselves: an uncentred activation gives an outlier near n (E σ)² at initialisation, along the constant vector. Test outliers against the teacher or the labels.",
    verdict: "true with conditions",
    kind: "statistical",
    check: ({ rng }) => {
      const [n, d, h] = [200, 250, 300];
      const X = scaled(normalMatrix(rng.fork("X"), d, n), 1 / Math.sqrt(d));
      const hidden = matmul(normalMatrix(rng.fork("W"), h, d), X);
      const features = { ...hidden, data: hidden.data.map((value) => Math.max(0, value) / Math.sqrt(h)) };
      const { values, vectors } = eigh(matmul(features, features, { transposeA: true }));
      let sum = 0;
      for (let i = 0; i < n; i++) sum += vectors.data[i * n + n - 1];
      return [
        between("outlier of the untrained ReLU kernel over n/(2π)", values[n - 1] / (n / (2 * Math.PI)), 0.9, 1.1),
        between("cosine of its vector with the constant vector", Math.abs(sum) / Math.sqrt(n), 0.98, 1),
        between("outlier over the next eigenvalue", values[n - 1] / values[n - 2], 5, 100),
      ];
    },
  },
  {
    id: "U38",
    statement: "‖W − W_k‖ = σ_{k+1}.",
    correct: "In the spectral norm; in the Frobenius norm it is (Σ_{i>k} σ_i²)^{1/2}.",
    verdict: "true with conditions",
    kind: "exact",
    check: ({ rng }) => {
      const W = normalMatrix(rng, 7, 5);
      const { singularValues } = svd(W, { vectors: "none" });
      const { approximation, frobeniusError } = truncateSvd(W, 2);
      const error = minus(W, approximation);
      return [
        equals("spectral norm of the error against σ_3", topValue(error), singularValues[2], 1e-12),
        equals("Frobenius norm of the error", norms(error).frobenius, frobeniusError, 1e-12, singularValues[2]),
      ];
    },
  },
  {
    id: "U39",
    statement: "A low-rank approximation preserves the function of the network.",
    correct:
      "Its output moves by at most σ_{k+1} ‖h‖ times the norms of the later layers: always true, and it may be large.",
    verdict: "true with conditions",
    kind: "exact",
    check: ({ rng }): Comparison[] => {
      const layers = tanhLayers(rng.fork("net"), [10, 30, 30, 3]);
      const later = topValue(layers[2]);
      return [2, 5, 10].map((rank) => {
        const pruned = [layers[0], truncateSvd(layers[1], rank), layers[2]] as const;
        const replaced = [pruned[0], pruned[1].approximation, pruned[2]];
        let worst = 0;
        for (let i = 0; i < 50; i++) {
          const x = fillNormal(rng.fork(i), new Float64Array(10));
          const h = forward([layers[0]], x).map(tanh);
          const full = forward(layers, x);
          const change = length(forward(replaced, x).map((value, j) => value - full[j]));
          worst = Math.max(worst, change / (later * pruned[1].spectralError * length(h)));
        }
        return between(`largest change over its bound at rank ${rank}`, worst, 0.01, 1, 0);
      });
    },
  },
  {
    id: "U40",
    statement: "Truncation compresses: fewer parameters.",
    correct: "Only for k < mn/(m + n).",
    verdict: "true with conditions",
    kind: "exact",
    check: ({ rng }) => {
      const W = normalMatrix(rng, 7, 5); // mn/(m + n) = 2.92
      const two = truncateSvd(W, 2);
      const three = truncateSvd(W, 3);
      return [
        equals("parameters of the factors over 35 at k = 2", two.parameters / 35, 24 / 35, 1e-15),
        between("at k = 3, which is below full rank", three.parameters / 35, 1 + 1e-9, 2, three.rank / 5),
      ];
    },
  },
  {
    id: "U43",
    statement: "Expressivity: the spectral radius controls the function class.",
    correct: "It does not: a nilpotent W has spectral radius 0 and any gain.",
    verdict: "false",
    kind: "exact",
    check: () =>
      [1, 1e3, 1e6].map((gain) => {
        const spectrum = matrixSpectrum(
          fromRows([
            [0, gain],
            [0, 0],
          ]),
        );
        return equals(
          `gain of [[0, ${gain}], [0, 0]]`,
          spectrum.spectralNorm,
          gain,
          1e-9,
          numberOf(spectrum.spectralRadius),
        );
      }),
  },
  {
    id: "U44",
    statement: "Certificate: Π ‖W_l‖₂ is the path norm.",
    correct: "It is the product of spectral norms; the path norm is 1ᵀ Π |W_l|^p 1 to the power 1/p.",
    verdict: "false",
    kind: "exact",
    check: ({ rng }) => {
      const layers = tanhLayers(rng, [6, 8, 3]);
      const product = layers.reduce((value, W) => value * topValue(W), 1);
      // The sum over all paths of the products of |w|², written out.
      let paths = 0;
      for (let i = 0; i < 3; i++) {
        for (let j = 0; j < 8; j++)
          for (let k = 0; k < 6; k++) paths += square(layers[1].data[i * 8 + j] * layers[0].data[j * 6 + k]);
      }
      const squares = layers.map((W) => ({ ...W, data: W.data.map((value) => value * value) }));
      const total = matmul(squares[1], squares[0]).data.reduce((sum, value) => sum + value, 0);
      return [
        equals("path norm by matrices against the sum over paths", Math.sqrt(total), Math.sqrt(paths), 1e-12, product),
      ];
    },
  },
  {
    id: "U46",
    statement: "Certificate: σ_k is the error of the rank-k approximation.",
    correct: "The error is σ_{k+1}.",
    verdict: "false",
    kind: "exact",
    check: ({ rng }) => {
      const W = normalMatrix(rng, 7, 5);
      const { singularValues } = svd(W, { vectors: "none" });
      return [1, 2, 3, 4].map((k) =>
        equals(
          `‖W − W_${k}‖₂`,
          topValue(minus(W, truncateSvd(W, k).approximation)),
          singularValues[k],
          1e-12,
          singularValues[k - 1],
        ),
      );
    },
  },
  {
    id: "U47",
    statement: "Compilation theorem: generalisation is bounded by spectral norms.",
    correct:
      "Only with the rank-type factors that the statement omits: in the example of U02 no constant times ∏‖W‖₂/√n bounds the complexity, and the Frobenius norm of the first layer in its place keeps the ratio bounded.",
    verdict: "true with conditions",
    kind: "exact",
    check: () => {
      // Every layer has spectral norm 1, every point norm 1; the first layer has n/2 unit singular values.
      const overSpectral = (n: number): number => hadamardCorrelation(n) * Math.sqrt(n);
      const overFrobenius = (n: number): number => overSpectral(n) / Math.sqrt(n / 2);
      return [
        between(
          "correlation over ∏‖W‖₂/√n: growth from n = 32 to 128",
          overSpectral(128) / overSpectral(32),
          1.5,
          2,
          1,
        ),
        between("correlation over ‖W_1‖_F/√n at n = 32", overFrobenius(32), 0.3, 1),
        between("the same: growth from n = 32 to 128", overFrobenius(128) / overFrobenius(32), 0.5, 1),
      ];
    },
  },
];
