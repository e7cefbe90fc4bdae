// The W rows of the claims ledger (source note S1, [wang2023]), at sizes that take seconds.
import { norm, square } from "../../core/index.js";
import type { Matrix } from "../../core/index.js";
import { matmul, svd } from "../../linalg/index.js";
import { type Rng, normalMatrix, permutation } from "../../random/index.js";
import { conjugateKernelLaw, hillEstimator, marchenkoPastur } from "../../rmt/index.js";
import { spectralDistance } from "../../spectra/index.js";
import { type ActivationName, activation, activationMoments } from "../../special/index.js";
import type { ClaimDefinition, Comparison } from "./claim.js";
import { type LinearWidthCase, drawCase, logSlope, oneLargeStep, teach } from "./linear-width-steps.js";
import {
  type Trained,
  criticalRate,
  eigenvaluesOf,
  kernelsOf,
  outputs,
  trainCase,
  valuesOf,
} from "./linear-width-training.js";
import { between, equals } from "./quadratics.js";

const ks = (a: Float64Array, b: Float64Array): number => spectralDistance(a, b).kolmogorovSmirnov;

const sumOf = ({ conjugate, firstLayer }: { conjugate: Matrix; firstLayer: Matrix }): Matrix => ({
  ...conjugate,
  data: conjugate.data.map((value, e) => value + firstLayer.data[e]),
});

/** Recipe R1: d : h : n = 2 : 3 : 4, softplus teacher with noise 0.3. */
const smallSteps = (rng: Rng): LinearWidthCase => drawCase(rng.fork("case"), 200, 300, 400, 1, 0.3);

/** Recipe R3: ReLU teacher with noise 0.2, both layers trained. */
const featureLearning = (rng: Rng): LinearWidthCase => drawCase(rng.fork("case"), 60, 180, 480, 1, 0.2, "relu");

const adamRun = (start: LinearWidthCase): Trained =>
  trainCase(start, { rate: 0.3, steps: 200, adam: true, both: true });

/** Mean squared error on fresh points over the variance of the noiseless targets. */
function testError(start: LinearWidthCase, trained: Trained, rng: Rng): number {
  const X = normalMatrix(rng.fork("test points"), start.X.rows, 1000);
  const y = teach(X, start.beta, "relu");
  const f = outputs(trained.W, trained.v, X);
  let error = 0;
  let size = 0;
  for (let i = 0; i < y.length; i++) {
    error += square(f[i] - y[i]);
    size += y[i] * y[i];
  }
  return error / size;
}

function permutedCopy(W: Matrix, rng: Rng): Matrix {
  const order = permutation(rng, W.data.length);
  return { ...W, data: W.data.map((_, e) => W.data[order[e]]) };
}

/** Norm of the projection of β on the five leading right singular vectors. */
function overlapWithTeacher(W: Matrix, beta: Float64Array): number {
  const { v } = svd(W);
  let squares = 0;
  for (let k = 0; k < 5; k++) {
    let along = 0;
    for (let j = 0; j < beta.length; j++) along += v.data[j * v.cols + k] * beta[j];
    squares += along * along;
  }
  return Math.sqrt(squares);
}

const squaresOf = (W: Matrix): Float64Array => valuesOf(W).map((s) => s * s);
const spreadOf = (ascending: Float64Array): number =>
  ascending[ascending.length - 1] / ascending[ascending.length >> 1];

/** Eigenvalues of the conjugate kernel of one random layer on unit columns. */
function kernelAtStart(rng: Rng, name: ActivationName, [d0, d1, n]: readonly [number, number, number]): Float64Array {
  const X = normalMatrix(rng.fork("X"), d0, n);
  for (let i = 0; i < n; i++) {
    let squares = 0;
    for (let j = 0; j < d0; j++) squares += X.data[j * n + i] * X.data[j * n + i];
    for (let j = 0; j < d0; j++) X.data[j * n + i] /= Math.sqrt(squares);
  }
  const phi = activation(name);
  const { mean, secondMoment } = activationMoments(name);
  const deviation = Math.sqrt(secondMoment.value - mean.value * mean.value);
  const hidden = matmul(normalMatrix(rng.fork("W"), d1, d0), X);
  const features = {
    ...hidden,
    data: hidden.data.map((value) => (phi.value(value) - mean.value) / deviation / Math.sqrt(d1)),
  };
  return eigenvaluesOf(matmul(features, features, { transposeA: true }));
}

export const linearWidthClaims: readonly ClaimDefinition[] = [
  {
    id: "W01",
    statement: "Weight spectra are invariant under gradient descent with small constant rates.",
    correct:
      "True: the move is O(1) in operator norm and O(n^{-1/2}) relative to the bulk, while the loss falls by orders of magnitude.",
    verdict: "true",
    kind: "statistical",
    check: ({ rng }) => {
      const start = smallSteps(rng);
      const { W, losses } = trainCase(start, { rate: 20, steps: 120 });
      const destroyed = trainCase(start, { rate: 2.5 * criticalRate(start), steps: 60 });
      return [
        between("loss after over before", losses[losses.length - 1] / losses[0], 0, 0.02),
        between(
          "KS distance of the singular values to those at the start",
          ks(valuesOf(W), valuesOf(start.W)),
          0,
          0.03,
        ),
        between(
          "the same at 2.5 times the critical rate: the test can fail",
          ks(valuesOf(destroyed.W), valuesOf(start.W)),
          0.1,
          1,
        ),
      ];
    },
  },
  {
    id: "W02",
    statement: "The bulks of conjugate and neural tangent kernel are invariant too.",
    correct: "True in the same regime.",
    verdict: "true",
    kind: "statistical",
    check: ({ rng }) => {
      const start = smallSteps(rng);
      const { W, v } = trainCase(start, { rate: 20, steps: 120 });
      const before = kernelsOf(start.W, start.v, start.X);
      const after = kernelsOf(W, v, start.X);
      return [
        between(
          "KS distance of the conjugate kernels",
          ks(eigenvaluesOf(after.conjugate), eigenvaluesOf(before.conjugate)),
          0,
          0.03,
        ),
        between(
          "KS distance of the tangent kernels",
          ks(eigenvaluesOf(sumOf(after)), eigenvaluesOf(sumOf(before))),
          0,
          0.03,
        ),
      ];
    },
  },
  {
    id: "W03",
    statement: "The same holds for stochastic gradient descent with small rates.",
    correct: "True.",
    verdict: "true",
    kind: "statistical",
    check: ({ rng }) => {
      const start = smallSteps(rng);
      const { W, v } = trainCase(start, { rate: 4, steps: 600, batch: 40, rng: rng.fork("batches") });
      const kernels = ks(
        eigenvaluesOf(kernelsOf(W, v, start.X).conjugate),
        eigenvaluesOf(kernelsOf(start.W, start.v, start.X).conjugate),
      );
      return [
        between("KS distance of the singular values", ks(valuesOf(W), valuesOf(start.W)), 0, 0.03),
        between("KS distance of the conjugate kernels", kernels, 0, 0.03),
      ];
    },
  },
  {
    id: "W04",
    statement: "The invariance is a property of large proportional sizes.",
    correct:
      "The relative Frobenius move falls like n^{-1/2} and the Wasserstein distance of the spectra like 1/n; the operator-norm move stays of order one.",
    verdict: "true",
    kind: "statistical",
    check: ({ rng }) => {
      const sizes = [100, 200, 400];
      const relative: number[] = [];
      const operator: number[] = [];
      const distance: number[] = [];
      for (const n of sizes) {
        const start = drawCase(rng.fork(n), n / 2, (3 * n) / 4, n, 1, 0.3);
        const { W } = trainCase(start, { rate: criticalRate(start) / 2, steps: 60 });
        const move = valuesOf({ ...W, data: W.data.map((value, e) => value - start.W.data[e]) });
        const before = valuesOf(start.W);
        const root = Math.sqrt(start.W.rows);
        relative.push(norm(Float64Array.from(move)) / norm(Float64Array.from(before)));
        operator.push(move[0] / root);
        distance.push(spectralDistance(valuesOf(W), before).wasserstein2 / root);
      }
      return [
        equals("exponent of the relative Frobenius move", logSlope(sizes, relative), -0.5, 0.15),
        equals("exponent of the operator-norm move in units of the bulk", logSlope(sizes, operator), 0, 0.2),
        equals("exponent of the Wasserstein-2 distance of the spectra", logSlope(sizes, distance), -1, 0.25),
      ];
    },
  },
  {
    id: "W05",
    statement: "A large learning rate leads to an outlier aligned with the structure of the data.",
    correct:
      "One large step adds a rank-one part; the outlier appears where the spiked model puts it, above a threshold, along the teacher.",
    verdict: "true with conditions",
    kind: "statistical",
    check: ({ rng }): Comparison[] => {
      const step = (strength: number) => oneLargeStep({ rng: rng.fork("net"), d: 100, h: 200, n: 400, strength });
      const [weak, strong, stronger] = [step(0.5), step(2), step(3)];
      return [
        between("largest value over the edge at strength 0.5, below the threshold", weak.top / weak.edge, 0.85, 1.06),
        equals("outlier over its prediction at strength 2", strong.top / strong.predicted, 1, 0.05),
        equals("outlier over its prediction at strength 3", stronger.top / stronger.predicted, 1, 0.05),
        between(
          "cosine of its vector with the teacher at strength 3; random 0.08",
          stronger.alignment,
          0.7,
          1,
          weak.alignment,
        ),
        between("second value over the edge", stronger.second / stronger.edge, 0.85, 1.06),
      ];
    },
  },
  {
    id: "W06",
    statement: "At large rates the bulk stays while the outlier appears.",
    correct: "Only up to about the critical rate: at three times it the bulk itself is destroyed.",
    verdict: "true with conditions",
    kind: "statistical",
    check: ({ rng }) => {
      const start = drawCase(rng.fork("case"), 100, 200, 600, 1, 0.2, "relu");
      const critical = criticalRate(start);
      const distance = (factor: number): number =>
        ks(valuesOf(trainCase(start, { rate: factor * critical, steps: 60 }).W), valuesOf(start.W));
      const below = distance(0.2);
      return [
        between("KS distance at 0.2 of the critical rate", below, 0, 0.04),
        between("KS distance at three times it", distance(3), 0.15, 1, below),
      ];
    },
  },
  {
    id: "W07",
    statement: "Weights become heavy-tailed after adaptive training.",
    correct:
      "With a large rate and enough steps, as a comparison: the tail is heavier than at the start and than after permuting the entries. A fitted exponent alone shows nothing.",
    verdict: "true with conditions",
    kind: "statistical",
    check: ({ rng }) => {
      const start = featureLearning(rng);
      const { W } = adamRun(start);
      const after = squaresOf(W);
      const hill = (values: Float64Array): number => hillEstimator(values).alpha;
      return [
        between("Hill exponent of the upper half after Adam at 0.3", hill(after), 1.5, 2.8),
        between("the same at the start", hill(squaresOf(start.W)), 2.9, 3.7),
        between(
          "the same after permuting the entries",
          hill(squaresOf(permutedCopy(W, rng.fork("permutation")))),
          2.9,
          3.7,
        ),
        between("largest over median squared value; 2.7 at the start", spreadOf(after.slice().sort()), 5, 40),
      ];
    },
  },
  {
    id: "W08",
    statement: "Adaptive training brings a lower test error and feature learning.",
    correct: "With both layers trained and n/d = 8; with few samples per dimension it is worse than gradient descent.",
    verdict: "true with conditions",
    kind: "statistical",
    check: ({ rng }) => {
      const start = featureLearning(rng);
      const descent = trainCase(start, { rate: 20, steps: 200, both: true });
      const adaptive = adamRun(start);
      const gain = testError(start, descent, rng) - testError(start, adaptive, rng);
      return [
        between("test error of gradient descent minus that of Adam", gain, 0.02, 0.3),
        between(
          "projection of the teacher on five leading vectors after Adam",
          overlapWithTeacher(adaptive.W, start.beta),
          0.6,
          1,
          overlapWithTeacher(descent.W, start.beta),
        ),
      ];
    },
  },
  {
    id: "W09",
    statement: "Kernel matrices become heavy-tailed too.",
    correct:
      "The tangent kernel clearly; the conjugate kernel has a small exponent already at the start, so a threshold on it says nothing.",
    verdict: "true with conditions",
    kind: "statistical",
    check: ({ rng }) => {
      const start = featureLearning(rng);
      const { W, v } = adamRun(start);
      const before = kernelsOf(start.W, start.v, start.X);
      const after = kernelsOf(W, v, start.X);
      const hill = (K: Matrix): number => {
        const values = eigenvaluesOf(K);
        return hillEstimator(values.filter((value) => value > 1e-10 * values[values.length - 1])).alpha;
      };
      return [
        between(
          "growth of λ_max/median of the tangent kernel",
          spreadOf(eigenvaluesOf(sumOf(after))) / spreadOf(eigenvaluesOf(sumOf(before))),
          3,
          40,
        ),
        between("Hill exponent of the conjugate kernel at the start", hill(before.conjugate), 1.2, 1.7),
        between("change of that exponent by training", hill(after.conjugate) - hill(before.conjugate), -0.3, 0.4),
      ];
    },
  },
  {
    id: "W10",
    statement: "The spectrum of the conjugate kernel at initialisation has a limit law.",
    correct: "True: MP_g ⊠ ((1 − b²) + b² μ), with μ the law of the data; plain Marchenko–Pastur holds for b = 0 only.",
    verdict: "true",
    kind: "statistical",
    check: ({ rng }) =>
      (["tanh", "relu"] as const).flatMap((name) => {
        const values = kernelAtStart(rng.fork(name), name, [375, 450, 300]);
        const law = conjugateKernelLaw({ activation: name, dataRatio: 300 / 375, widthRatios: [300 / 450] });
        return [
          between(`KS distance to the law, ${name}`, spectralDistance(values, law).kolmogorovSmirnov, 0, 0.02),
          between(
            `KS distance to plain Marchenko–Pastur, ${name}`,
            spectralDistance(values, marchenkoPastur({ ratio: 300 / 450 })).kolmogorovSmirnov,
            0.08,
            1,
          ),
        ];
      }),
  },
];
