// The W rows of the claims ledger (source note S1, [wang2023]), at sizes that take seconds.
import { norm } from "../../core/index.js";
import type { Matrix } from "../../core/index.js";
import { matmul } from "../../linalg/index.js";
import { type Rng, normalMatrix } from "../../random/index.js";
import { conjugateKernelLaw, marchenkoPastur } from "../../rmt/index.js";
import { spectralDistance } from "../../spectra/index.js";
import { type ActivationName, activation, activationMoments } from "../../special/index.js";
import type { ClaimDefinition, Comparison } from "./claim.js";
import { type LinearWidthCase, drawCase, normalsOf } from "../linear-width/case.js";
import { type LargeStep, oneLargeStep } from "../linear-width/large-step.js";
import {
  criticalRate,
  difference,
  eigenvaluesOf,
  kernelsOf,
  tangentKernel,
  testError,
  valuesOf,
} from "../linear-width/network.js";
import {
  ks,
  logSlope,
  median,
  permutedCopy,
  spread,
  teacherOverlap,
  upperHalfExponent,
} from "../linear-width/statistics.js";
import { type Trained, trainCase } from "../linear-width/training.js";
import { between, equals } from "./quadratics.js";

/** Recipe R1: d : h : n = 2 : 3 : 4, softplus teacher with noise 0.3. */
const smallSteps = (rng: Rng): LinearWidthCase =>
  drawCase(normalsOf(rng.fork("case")), { d: 200, h: 300, n: 400, noise: 0.3, teacher: "softplus" });

/** Recipe R3: ReLU teacher with noise 0.2, both layers trained. */
const featureLearning = (rng: Rng): LinearWidthCase =>
  drawCase(normalsOf(rng.fork("case")), { d: 60, h: 180, n: 480, noise: 0.2, teacher: "relu", testPoints: 1000 });

const adamRun = (start: LinearWidthCase): Trained =>
  trainCase(start, { rate: 0.3, steps: 200, adam: true, both: true });

const squaresOf = (W: Matrix): Float64Array => valuesOf(W).map((s) => s * s);

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
          ks(eigenvaluesOf(tangentKernel(after)), eigenvaluesOf(tangentKernel(before))),
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
      const sizes = [80, 160, 320];
      const relative: number[] = [];
      const operator: number[] = [];
      const distance: number[] = [];
      for (const n of sizes) {
        const runs = Array.from({ length: 5 }, (_, k) => {
          const shape = { d: n / 2, h: (3 * n) / 4, n, noise: 0.3, teacher: "softplus" } as const;
          const start = drawCase(normalsOf(rng.fork(n).fork(k)), shape);
          const { W } = trainCase(start, { rate: criticalRate(start) / 2, steps: 60 });
          const move = difference(W, start.W);
          const root = Math.sqrt(start.W.rows);
          return {
            relative: norm(move.data) / norm(start.W.data),
            operator: valuesOf(move)[0] / root,
            distance: spectralDistance(valuesOf(W), valuesOf(start.W)).wasserstein2 / root,
          };
        });
        relative.push(median(runs.map((run) => run.relative)));
        operator.push(median(runs.map((run) => run.operator)));
        distance.push(median(runs.map((run) => run.distance)));
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
      const nets = Array.from({ length: 5 }, (_, k) => rng.fork(k));
      const of = (strength: number, value: (step: LargeStep) => number): number =>
        median(nets.map((net) => value(oneLargeStep({ rng: net, d: 100, h: 200, n: 400, strength }))));
      const overPrediction = (step: LargeStep): number => step.top / step.predicted;
      return [
        between(
          "largest value over the edge at strength 0.5, below the threshold, median of five networks",
          of(0.5, (step) => step.top / step.edge),
          0.85,
          1.06,
        ),
        equals("outlier over its prediction at strength 2", of(2, overPrediction), 1, 0.05),
        equals("outlier over its prediction at strength 3", of(3, overPrediction), 1, 0.05),
        between(
          "cosine of its vector with the teacher at strength 3; random 0.08",
          of(3, (step) => step.alignment),
          0.7,
          1,
          of(0.5, (step) => step.alignment),
        ),
        between(
          "second value over the edge",
          of(3, (step) => step.second / step.edge),
          0.85,
          1.06,
        ),
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
      const start = drawCase(normalsOf(rng.fork("case")), { d: 100, h: 200, n: 600, noise: 0.2, teacher: "relu" });
      const critical = criticalRate(start);
      const distance = (factor: number): number =>
        ks(valuesOf(trainCase(start, { rate: factor * critical, steps: 60 }).W), valuesOf(start.W));
      const below = distance(0.2);
      return [
        between("KS distance at 0.2 of the critical rate", below, 0, 0.06),
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
      const copies = Array.from({ length: 9 }, (_, k) =>
        upperHalfExponent(squaresOf(permutedCopy(W, rng.fork("permutation").fork(k)))),
      );
      return [
        between("Hill exponent of the upper half after Adam at 0.3", upperHalfExponent(after), 1.5, 2.8),
        between("the same at the start", upperHalfExponent(squaresOf(start.W)), 2.85, 4),
        between("the same after permuting the entries, median of nine copies", median(copies), 2.85, 4),
        between("largest over median squared value; 2.7 at the start", spread(after), 4, 40),
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
      const gain = testError(start, descent.W, descent.v) - testError(start, adaptive.W, adaptive.v);
      return [
        between("test error of gradient descent minus that of Adam", gain, 0.02, 0.3),
        between(
          "projection of the teacher on five leading vectors after Adam",
          teacherOverlap(adaptive.W, start.beta).five,
          0.6,
          1,
          teacherOverlap(descent.W, start.beta).five,
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
      const hill = (K: Matrix): number => upperHalfExponent(eigenvaluesOf(K));
      return [
        between(
          "growth of λ_max/median of the tangent kernel",
          spread(eigenvaluesOf(tangentKernel(after))) / spread(eigenvaluesOf(tangentKernel(before))),
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
