// The H rows of the claims ledger (source note S4). One entry per row: the file is long because the ledger is.
import {
  classifyCriticalPoint,
  empiricalNtk,
  fisher,
  ggn,
  gradientCovariance,
  hessian,
  hessianResidual,
} from "../../curvature/index.js";
import { eigsh, powerIteration } from "../../krylov/index.js";
import { eigh, matmul } from "../../linalg/index.js";
import {
  activationLayer,
  batchNorm,
  dense,
  gradient,
  hvp,
  initialize,
  lossValue,
  mlp,
  predict,
  residual,
  sequential,
  softmax,
} from "../../networks/index.js";
import { diagonal, toDense } from "../../operators/index.js";
import type { Rng } from "../../random/index.js";
import { normalCdf } from "../../special/index.js";
import { spectralDensity, trace } from "../../stochastic/index.js";
import {
  adam,
  doubleDescent,
  type DoubleDescentRecord,
  edgeOfStability,
  gradientDescent,
  initializationEffect,
  modeConnectivity,
  train,
} from "../../training/index.js";
import { drawCase, normalsOf } from "../linear-width/case.js";
import { criticalRate } from "../linear-width/network.js";
import { trainCase } from "../linear-width/training.js";
import { type Matrix, dot, norm, pow, sin, cos, log, square } from "../../core/index.js";
import type { ClaimDefinition } from "./claim.js";
import { between, descentRatio, equals, medianOf, normal, productNetwork, smallCase } from "./quadratics.js";
import { antisymmetricRun, edgeRecipe } from "./recipes.js";

/** Eigenvalues of a symmetric dense matrix given with rounding asymmetry. */
const valuesOf = (A: Matrix): Float64Array => eigh(A, { vectors: false, triangle: "lower" }).values;

/** Largest |A_ij − A_ji| over the largest modulus. */
function asymmetry(A: Matrix): number {
  let worst = 0;
  let top = 0;
  for (let i = 0; i < A.rows; i++) {
    for (let j = 0; j < A.cols; j++) {
      worst = Math.max(worst, Math.abs(A.data[i * A.cols + j] - A.data[j * A.cols + i]));
      top = Math.max(top, Math.abs(A.data[i * A.cols + j]));
    }
  }
  return worst / top;
}

/** max |A − B| over max |B|. */
function relativeDifference(A: Matrix, B: Matrix): number {
  const top = B.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return A.data.reduce((worst, value, e) => Math.max(worst, Math.abs(value - B.data[e])), 0) / top;
}

/** Two-layer bias-free ReLU network and its rescaling (α W₁, W₂/α). */
function rescaledRelu(rng: Rng, alpha: number) {
  const small = smallCase(rng, [3, 6, 1], "relu", "mse", 20, false);
  return { ...small, moved: small.params.map((value, i) => (i < 18 ? alpha * value : value / alpha)) };
}

export const hessianClaims: readonly ClaimDefinition[] = [
  {
    id: "H01",
    statement: "The Hessian is symmetric for twice continuously differentiable losses.",
    correct:
      "True there; a ReLU loss is not C² at its kinks, and the computed matrix is the almost-everywhere Hessian (also symmetric).",
    verdict: "true with conditions",
    kind: "exact",
    check: ({ rng }) =>
      (["tanh", "relu"] as const).map((activation) => {
        const { net, params, data } = smallCase(rng, [3, 5, 3], activation, "cross-entropy", 12);
        return equals(
          `asymmetry of the computed Hessian, ${activation}`,
          asymmetry(toDense(hessian(net, params, data))),
          0,
          1e-10,
        );
      }),
  },
  {
    id: "H02",
    statement: "Its eigenvalues are real and its eigenvectors form an orthogonal basis.",
    correct: "True: the eigenvectors can be chosen orthonormal.",
    verdict: "true",
    kind: "exact",
    check: ({ rng }) => {
      const { net, params, data } = smallCase(rng, [3, 5, 3], "tanh", "cross-entropy", 12);
      const H = toDense(hessian(net, params, data));
      const { values, vectors } = eigh(H, { triangle: "lower" });
      const HV = matmul(H, vectors);
      const VD = { ...vectors, data: vectors.data.map((value, e) => value * values[e % vectors.cols]) };
      const gram = matmul(vectors, vectors, { transposeA: true });
      const loss = gram.data.reduce(
        (worst, value, e) => Math.max(worst, Math.abs(value - (e % (gram.cols + 1) === 0 ? 1 : 0))),
        0,
      );
      return [
        equals("max |VᵀV − I|", loss, 0, 1e-12),
        equals("‖HV − VD‖ over ‖H‖, largest entries", relativeDifference(HV, VD), 0, 1e-12),
      ];
    },
  },
  {
    id: "H03",
    statement: "λ > 0: convex curvature, stable descent along the eigenvector.",
    correct: "Descent along the eigenvector is stable iff ηλ < 2.",
    verdict: "true with conditions",
    kind: "exact",
    check: () => [
      between("|θ_50/θ_0| at ηλ = 1.9", descentRatio([1], 1.9, 50), 0, 0.01),
      equals("|θ_50/θ_0| at ηλ = 2.1", descentRatio([1], 2.1, 50), pow(1.1, 50), 1e-9),
    ],
  },
  {
    id: "H04",
    statement: "λ < 0 indicates a saddle point or a local maximum.",
    correct: "Only at critical points: elsewhere signs of eigenvalues classify nothing.",
    verdict: "true with conditions",
    kind: "exact",
    check: () => {
      const { net, data } = productNetwork();
      const at = (a: number, b: number) => classifyCriticalPoint(net, Float64Array.of(a, b), data);
      const off = at(0.5, 0.5);
      return [
        equals("(0, 0) of (w₁w₂ − 1)²/2 is a saddle (1 = yes)", Number(at(0, 0).kind === "saddle"), 1, 0),
        equals("λ_min at (½, ½)", off.spectrum.smallest, -0.25, 1e-15),
        equals("(½, ½) is critical (1 = yes)", Number(off.kind !== "not critical"), 0, 0),
      ];
    },
  },
  {
    id: "H05",
    statement: "λ ≈ 0: flat direction, parameter invariance or redundancy.",
    correct:
      "A shift of the softmax biases is an exact zero mode everywhere; the ReLU rescaling tangent is one only where the gradient vanishes.",
    verdict: "true with conditions",
    kind: "exact",
    check: ({ rng }) => {
      const soft = smallCase(rng.fork("softmax"), [3, 5, 3], "tanh", "cross-entropy", 12);
      const shift = new Float64Array(soft.net.parameterCount).fill(1, soft.net.parameterCount - 3);
      const { net, params, data } = rescaledRelu(rng.fork("relu"), 1);
      const tangent = params.map((value, i) => (i < 18 ? value : -value));
      const g = gradient(net, params, data);
      return [
        equals("‖H t‖ for the softmax shift", norm(hvp(soft.net, soft.params, soft.data, shift)), 0, 1e-15),
        equals("|gᵀt|/(‖g‖‖t‖) for the ReLU rescaling", Math.abs(dot(g, tangent)) / norm(g) / norm(tangent), 0, 1e-14),
        between(
          "‖H t‖/‖g‖ for the ReLU rescaling off a critical point",
          norm(hvp(net, params, data, tangent)) / norm(g),
          0.999,
          1.001,
        ),
      ];
    },
  },
  {
    id: "H06",
    statement: "λ_max/λ_min is the condition number determining optimisation stability.",
    correct: "λ_max alone decides stability at a given step size; κ decides the speed.",
    verdict: "false",
    kind: "exact",
    check: () => {
      const factor = (largest: number): number =>
        Math.max(Math.abs(1 - 0.1 * largest), Math.abs(1 - (0.1 * largest) / 100));
      return [
        equals(
          "error factor per step, κ = 100, η = 0.1, λ_max = 100 (κ alone would give that of λ_max = 1)",
          factor(100),
          9,
          1e-12,
          factor(1),
        ),
      ];
    },
  },
  {
    id: "H07",
    statement: "Convergence requires η < 2/λ_max.",
    correct: "On a quadratic, or locally; networks also train from points beyond it.",
    verdict: "true with conditions",
    kind: "iterative",
    check: ({ rng }) => {
      const { net, params, data } = edgeRecipe(1);
      const top = eigsh(hessian(net, params, data), { count: 1, rng }).values[0];
      const run = train(net, data, { optimizer: gradientDescent({ stepSize: 0.4 }), steps: 4000, params });
      // Recipe R2b(ii): one hidden layer at three times the critical rate 2n/λ_max(K).
      const shape = { d: 100, h: 200, n: 600, noise: 0.2, teacher: "relu" } as const;
      const start = drawCase(normalsOf(rng.fork("large steps")), shape);
      const { losses } = trainCase(start, { rate: 3 * criticalRate(start), steps: 60 });
      return [
        equals("ηλ_max at the start (the source's limit is 2)", 0.4 * top, 0.4 * 6.1452560553497, 1e-6),
        equals("loss after 4000 steps", run.lastLoss, 0.00286230374, 1e-6),
        between(
          "largest loss on the way at three times the critical rate, over the first",
          Math.max(...losses) / losses[0],
          2,
          1e3,
        ),
        between("loss at the end of these 60 steps", losses[59], 0, 1e-3),
      ];
    },
  },
  {
    id: "H08",
    statement: "Flatness ∝ 1/tr(H) ≈ 1/E[λ].",
    correct: "tr H = p E[λ]: the two differ by the number of parameters.",
    verdict: "false",
    kind: "exact",
    check: ({ rng }) => {
      const { net, params, data } = smallCase(rng, [3, 5, 3], "tanh", "cross-entropy", 12);
      const values = valuesOf(toDense(hessian(net, params, data)));
      const sum = values.reduce((total, value) => total + value, 0);
      return [equals("tr(H)/E[λ]", sum / (sum / values.length), net.parameterCount, 1e-9, 1)];
    },
  },
  {
    id: "H09",
    statement: "Smaller average eigenvalues correlate with better generalisation.",
    correct: "Not as a law: rescaling a ReLU network leaves its function unchanged and moves the trace at will.",
    verdict: "false",
    kind: "exact",
    check: ({ rng }) => {
      const { net, params, moved, data } = rescaledRelu(rng, 10);
      const total = (theta: Float64Array): number =>
        valuesOf(toDense(hessian(net, theta, data))).reduce((sum, value) => sum + value, 0);
      const change = Math.abs(lossValue(net, moved, data) / lossValue(net, params, data) - 1);
      // If the mean eigenvalue were a property of the function (as generalisation is), the ratio would be 1.
      return [
        equals("relative change of the loss under the rescaling by 10", change, 0, 1e-12),
        between("ratio of the traces", total(moved) / total(params), 5, 1e4, 1),
      ];
    },
  },
  {
    id: "H10",
    statement: "Flat minima are connected through low-loss paths.",
    correct: "True in this example: the straight line has a barrier, a trained Bézier curve has none.",
    verdict: "true",
    kind: "statistical",
    check: ({ rng }) => {
      const net = mlp({ sizes: [2, 24, 1], activation: "tanh" });
      const inputs = normal(rng.fork("inputs"), 40, 2);
      const targets = Array.from({ length: 40 }, (_, i) => sin(2 * inputs.data[2 * i]) * cos(inputs.data[2 * i + 1]));
      const data = { inputs, targets };
      const minimum = (label: string): Float64Array =>
        train(net, data, {
          optimizer: adam({ stepSize: 0.01 }),
          steps: 3000,
          rng: rng.fork(label),
          initialization: "lecun",
        }).params;
      const [a, b] = [minimum("first"), minimum("second")];
      const result = modeConnectivity(net, a, b, data, { rng: rng.fork("curve"), steps: 3000, stepSize: 0.02 });
      const largest = (list: typeof result.line): number => Math.max(...list.map((point) => point.loss));
      return [
        between("largest loss of the two minima", Math.max(result.line[0].loss, result.line[20].loss), 0, 0.003),
        between("largest loss on the line", largest(result.line), 0.02, 10),
        between("largest loss on the curve", largest(result.curve), 0, 0.01),
      ];
    },
  },
  {
    id: "H11",
    statement: "Power iteration estimates the dominant eigenvalue λ_max.",
    correct: "It finds the eigenvalue of largest modulus, which for an indefinite Hessian may be λ_min.",
    verdict: "false",
    kind: "iterative",
    check: () => [
      equals(
        "power iteration on diag(1, −3, 2)",
        powerIteration(diagonal([1, -3, 2]), { start: Float64Array.of(1, 1, 1) }).value,
        -3,
        1e-6,
        2,
      ),
    ],
  },
  {
    id: "H12",
    statement: "The Lanczos algorithm approximates extreme eigenvalues efficiently.",
    correct: "True with reorthogonalisation; one start vector sees one copy of a multiple eigenvalue.",
    verdict: "true",
    kind: "iterative",
    check: ({ rng }) => {
      const { net, params, data } = smallCase(rng, [4, 12, 3], "tanh", "cross-entropy", 30);
      const H = hessian(net, params, data);
      const dense = valuesOf(toDense(H)).slice().reverse();
      const found = eigsh(H, { count: 3, which: "largest", rng: rng.fork("start") });
      const inside = Array.from(
        found.values,
        (value, i) => Math.abs(value - dense[i]) <= found.residualNorms[i] + 1e-12,
      );
      return [
        equals("eigenvalues within their residual norms", inside.filter(Boolean).length, 3, 0),
        between("products as a share of the order", found.matvecs / H.rows, 0, 1),
      ];
    },
  },
  {
    id: "H13",
    statement: "Randomised numerical linear algebra scales to large matrices.",
    correct:
      "True, with errors that must be reported: Hutchinson's estimate of the trace lies within three standard errors.",
    verdict: "true",
    kind: "statistical",
    check: ({ rng }) => {
      const { net, params, data } = smallCase(rng, [4, 12, 3], "tanh", "cross-entropy", 30);
      const H = hessian(net, params, data);
      const sum = valuesOf(toDense(H)).reduce((total, value) => total + value, 0);
      const estimate = trace(H, { method: "hutchinson", matvecs: 400, rng: rng.fork("probes") });
      return [equals("(estimate − tr H) in standard errors", (estimate.mean - sum) / estimate.standardError, 0, 3)];
    },
  },
  {
    id: "H14",
    statement: "Hessian-vector products avoid forming the matrix.",
    correct: "True, and they are exact: the second-order pass agrees with the assembled matrix.",
    verdict: "true",
    kind: "exact",
    check: ({ rng }) => {
      const { net, params, data } = smallCase(rng, [3, 5, 3], "gelu", "cross-entropy", 12);
      const H = toDense(hessian(net, params, data));
      const v = normal(rng.fork("direction"), H.cols, 1);
      const product = { rows: H.rows, cols: 1, data: hvp(net, params, data, v.data) };
      return [equals("relative difference of the product", relativeDifference(product, matmul(H, v)), 0, 1e-12)];
    },
  },
  {
    id: "H15",
    statement: "Momentum accelerates convergence along low-curvature directions.",
    correct: "True: the rate is √γ where ηλ is not too small, and the method is stable for ηλ < 2(1 + γ).",
    verdict: "true",
    kind: "exact",
    check: () => {
      const gamma = 0.9;
      // Spectral radius of the companion matrix [[1 + γ − ηλ, −γ], [1, 0]].
      const radius = (etaLambda: number): number => {
        const half = (1 + gamma - etaLambda) / 2;
        const discriminant = half * half - gamma;
        return discriminant < 0 ? Math.sqrt(gamma) : Math.abs(half) + Math.sqrt(discriminant);
      };
      const limit = 2 * (1 + gamma);
      return [
        equals("radius at ηλ = 0.1", radius(0.1), Math.sqrt(gamma), 1e-15),
        equals(
          "radius of plain descent at ηλ = 0.01 minus that with momentum is positive",
          Number(1 - 0.01 > radius(0.01)),
          1,
          0,
        ),
        equals("radius at 0.999 of 2(1 + γ)", radius(0.999 * limit), 0.9487, 1e-4),
        equals("radius at 1.001 of 2(1 + γ)", radius(1.001 * limit), 1.0301, 1e-4),
      ];
    },
  },
  {
    id: "H16",
    statement: "Adam and RMSProp precondition by diagonal Hessian approximations.",
    correct: "By the root of the second moment of gradients, which is not the Hessian's diagonal.",
    verdict: "false",
    kind: "exact",
    check: () => {
      const curvature = Float64Array.of(1, 100);
      const theta = Float64Array.of(1, 0.01);
      const run = adam({ stepSize: 1e-3 }).start(2);
      const g = theta.map((value, i) => curvature[i] * value);
      const context = { stepSize: 1e-3 } as Parameters<typeof run.step>[2];
      run.step(theta.slice(), g, context);
      const P = run.preconditioner?.() ?? new Float64Array(2);
      return [
        equals("√v̂ of the first coordinate, H = diag(1, 100), θ = (1, 0.01)", P[0], 1, 1e-7),
        equals("√v̂ of the second coordinate", P[1], 1, 1e-7, curvature[1]),
      ];
    },
  },
  {
    id: "H17",
    statement: "The adaptive step divides by (G + ε)^{1/2}.",
    correct: "The standard step divides by √v̂ + ε, which differs at small gradients.",
    verdict: "false",
    kind: "exact",
    check: () => {
      const epsilon = 1e-8;
      const run = adam({ stepSize: 1, epsilon }).start(1);
      run.step(new Float64Array(1), new Float64Array(1), { stepSize: 1 } as Parameters<typeof run.step>[2]);
      const factor = 1 / (run.preconditioner?.()?.[0] ?? Number.NaN);
      return [equals("factor on the gradient at G = 0, ε = 1e-8", factor, 1e8, 1, 1 / Math.sqrt(0 + epsilon))];
    },
  },
  {
    id: "H18",
    statement: "The Fisher matrix is closely related to the Hessian for certain losses.",
    correct:
      "It equals the Gauss–Newton matrix for softmax cross-entropy; H = GGN + residual, and the residual of a linear model is zero.",
    verdict: "true with conditions",
    kind: "exact",
    check: ({ rng }) => {
      const { net, params, data } = smallCase(rng, [3, 4, 3], "tanh", "cross-entropy", 10);
      const expected = labelExpectation(net, params, data);
      const linear = smallCase(rng.fork("linear"), [3, 3], "tanh", "cross-entropy", 10);
      const residual = toDense(hessianResidual(linear.net, linear.params, linear.data)).data.reduce(
        (most, value) => Math.max(most, Math.abs(value)),
        0,
      );
      return [
        equals(
          "Fisher as an expectation over labels against the GGN",
          relativeDifference(expected, toDense(ggn(net, params, data))),
          0,
          1e-12,
        ),
        equals(
          "Fisher operator against the GGN",
          relativeDifference(toDense(fisher(net, params, data)), toDense(ggn(net, params, data))),
          0,
          1e-12,
        ),
        equals("largest entry of H − GGN for a linear model", residual, 0, 1e-14),
        between(
          "‖H − GGN‖ over ‖GGN‖ of the nonlinear model, largest entries",
          relativeDifference(toDense(hessian(net, params, data)), toDense(ggn(net, params, data))),
          1e-3,
          1e3,
        ),
      ];
    },
  },
  {
    id: "H19",
    statement: "Batch normalisation reduces internal covariate shift and leads to a better-conditioned Hessian.",
    correct:
      "True as a mechanism: it makes the network blind to shifts of its inputs, which inflate the largest eigenvalue without it.",
    verdict: "true with conditions",
    kind: "exact",
    check: ({ rng }) => {
      const top = (normalised: boolean, shift: number, draw: number): number => {
        const stream = rng.fork(draw);
        const hidden = [1, 2, 3].flatMap(() => [
          dense({ outputs: 10 }),
          ...(normalised ? [batchNorm()] : []),
          activationLayer("relu"),
        ]);
        const net = sequential([...hidden, dense({ outputs: 3 })], { inputShape: [5], loss: "cross-entropy" });
        const params = initialize(net, "he", stream.fork("parameters"));
        const data = blobs(stream.fork("blobs"), 60, 5, 3, shift);
        const start = stream.fork("start");
        return eigsh(hessian(net, params, data), { count: 1, rng: start, tolerance: 1e-10 }).values[0];
      };
      const reference = top(true, 0, 0);
      const ratios = Array.from({ length: 9 }, (_, draw) => top(false, 5, draw) / top(false, 0, draw));
      return [
        equals("λ_max with batch normalisation, shift 2 over shift 0", top(true, 2, 0) / reference, 1, 1e-6),
        equals("λ_max with batch normalisation, shift 5 over shift 0", top(true, 5, 0) / reference, 1, 1e-6),
        // Over 150 draws the median is 5.8 and the quartiles 4.1 and 10.7: a median of nine has the standard error 0.3 in
        // its logarithm, and the range is three of these. The four recorded draws give 9.9, 13.0, 5.7 and 4.1.
        between("λ_max without, shift 5 over shift 0, median of 9 draws", medianOf(ratios), 2.4, 14.1),
      ];
    },
  },
  {
    id: "H20",
    statement: "Residual connections reduce extreme eigenvalues.",
    correct: "The largest eigenvalue at initialisation rises; what improves is the speed of training.",
    verdict: "false",
    kind: "statistical",
    check: ({ rng }) => {
      const top = (skip: boolean, seed: number): number => {
        const block = [dense({ outputs: 10 }), activationLayer("tanh")];
        // The first of the eight hidden layers changes the width and has no skip.
        const hidden = Array.from({ length: 7 }, () => (skip ? [residual(block)] : block)).flat();
        const net = sequential([...block, ...hidden, dense({ outputs: 3 })], {
          inputShape: [5],
          loss: "cross-entropy",
        });
        const stream = rng.fork(seed);
        const params = initialize(net, "xavier", stream.fork("parameters"));
        return eigsh(hessian(net, params, blobs(stream.fork("blobs"), 60, 5, 3)), {
          count: 1,
          rng: stream,
          tolerance: 1e-6,
        }).values[0];
      };
      const ratios = Array.from({ length: 9 }, (_, seed) => top(true, seed) / top(false, seed));
      // "Reduce" means a ratio of at most 1. Over 150 draws the median is 5.8 and the quartiles 4.2 and 7.4: a median of
      // nine has the standard error 0.18 in its logarithm, and the range is three of these (recorded medians: 24.3/3.05).
      return [between("median ratio of λ_max, residual over plain, depth 8, 9 draws", medianOf(ratios), 3.4, 9.8, 1)];
    },
  },
  {
    id: "H21",
    statement: "Proper initialisation (Xavier) controls the initial spectrum.",
    correct:
      "True: the largest eigenvalue at initialisation grows strongly with the gain; at gain 3 its median is near 20 and single draws spread from 8 to 66 (5 to 95 %).",
    verdict: "true",
    kind: "statistical",
    check: ({ rng }) => {
      const median = (gain: number, draws: number): number =>
        initializationEffect({ gains: [gain], draws, denseLimit: 0, rng: rng.fork(draws) }).records[0].largest.median;
      // The recorded 34.9 at gain 3 is the middle of three draws: 19.6, 35.9, 34.9. Over 900 draws of the same recipe the
      // median is 20.3, the quartiles are 13.8 and 31.4, and 90 % of the medians of three lie in 11 to 42. The logarithm
      // of a median of N draws has the standard error 0.8/√N, so that a median of nine often falls below 17.4 although
      // the true median lies above it, by 0.15 in logarithms: with 301 draws this is three standard errors.
      return [
        between("median λ_max at gain 0.1, 31 draws", median(0.1, 31), 0.17, 0.51),
        between("median λ_max at gain 1, 31 draws", median(1, 31), 1.4, 4.2),
        between("median λ_max at gain 3, 301 draws", median(3, 301), 17.4, 52.4),
      ];
    },
  },
  {
    id: "H22",
    statement: "Overparameterisation creates many near-zero eigenvalues.",
    correct: "True of the Gauss–Newton matrix: its rank is at most n C whatever the width.",
    verdict: "true",
    kind: "exact",
    check: ({ rng }) =>
      [2, 5, 10, 30].map((width) => {
        const { net, params, data } = smallCase(rng, [3, width, 2], "tanh", "mse", 8);
        const values = valuesOf(toDense(ggn(net, params, data)));
        const rank = values.filter((value) => value > 1e-10 * values[values.length - 1]).length;
        return equals(
          `rank of the GGN, width ${width}, p = ${net.parameterCount}, nC = 16`,
          rank,
          Math.min(net.parameterCount, 16),
          0,
        );
      }),
  },
  {
    id: "H23",
    statement: "Monitor gradient norms to detect ill-conditioning.",
    correct: "The gradient norm does not identify κ: the worse conditioned of two problems has the smaller gradient.",
    verdict: "false",
    kind: "exact",
    check: () => {
      const theta = Float64Array.of(1, 1);
      const gradientNorm = (h: Float64Array): number => norm(theta.map((value, i) => h[i] * value));
      const [round, narrow] = [Float64Array.of(1, 1), Float64Array.of(1, 1e-4)];
      // Read as a detector, the gradient norm would have to rise with κ: by the factor κ itself for a linear gauge.
      return [
        equals("‖g‖ at κ = 1", gradientNorm(round), Math.SQRT2, 1e-12),
        equals("‖g‖ at κ = 10⁴ over ‖g‖ at κ = 1", gradientNorm(narrow) / gradientNorm(round), Math.SQRT1_2, 1e-8, 1e4),
      ];
    },
  },
  {
    id: "H24",
    statement: "Gradient clipping prevents explosion in high-curvature directions.",
    correct: "The iterates stay bounded, in a cycle of width ηc: they do not converge.",
    verdict: "true with conditions",
    kind: "exact",
    check: () => {
      const net = mlp({ sizes: [1, 1], bias: false }); // loss λθ²/2 with λ = 4 from one input of 2
      const data = { inputs: [[2]], targets: [0] };
      const late: number[] = [];
      const run = (clip: object): Float64Array =>
        train(net, data, {
          optimizer: gradientDescent({ stepSize: 1 }),
          steps: 200,
          params: Float64Array.of(0.33),
          onStep: ({ step, params }) => {
            if (step >= 100) late.push(Math.abs(params[0]));
          },
          ...clip,
        }).params;
      run({ clip: 0.1 });
      const free = train(net, data, {
        optimizer: gradientDescent({ stepSize: 1 }),
        steps: 10,
        params: Float64Array.of(1),
      }).params;
      return [
        // Every gradient is clipped: 0.33, 0.23, 0.13, 0.03, −0.07, 0.03, …
        equals("late max |θ| with ηλ = 4, c = 0.1, from 0.33", Math.max(...late), 0.07, 1e-12),
        equals("|θ_10/θ_0| without clipping", Math.abs(free[0]), pow(3, 10), 1e-6),
      ];
    },
  },
  {
    id: "H25",
    statement: "Learning-rate schedules adapt to the changing spectrum.",
    correct: "True: lowering the step size ends the oscillation at the edge of stability.",
    verdict: "true",
    kind: "iterative",
    check: () => {
      const { net, params, data } = edgeRecipe(2);
      const losses: number[] = [];
      train(net, data, {
        optimizer: gradientDescent({ stepSize: 0.6 }),
        steps: 3000,
        params,
        schedule: (step) => (step < 2000 ? 1 : 0.25),
        onStep: ({ loss }) => losses.push(loss),
      });
      const rising = (from: number, to: number): number => {
        let count = 0;
        for (let i = from + 1; i < to; i++) if (losses[i] > losses[i - 1]) count++;
        return count / (to - from - 1);
      };
      return [
        equals("share of steps that raise the loss, steps 1000 to 2000", rising(1000, 2000), 0.4044, 5e-3),
        equals("the same from 100 steps after the step size was quartered", rising(2100, 3000), 0, 0),
      ];
    },
  },
  {
    id: "H26",
    statement: "Early stopping stops before sharp regions are entered.",
    correct: "Progressive sharpening exists at small steps: the sharpness grows along the run.",
    verdict: "true with conditions",
    kind: "iterative",
    check: ({ rng }) => {
      const { net, params, data } = edgeRecipe(1);
      const report = edgeOfStability(net, data, {
        optimizer: gradientDescent({ stepSize: 0.05 }),
        steps: 4000,
        every: 200,
        params,
        rng,
      });
      return [
        equals("sharpness at the start", report.initialSharpness, 6.1452560553497, 1e-6),
        equals("largest sharpness along the run", report.largestSharpness, 11.766, 0.05),
      ];
    },
  },
  {
    id: "H27",
    statement: "Weight decay improves conditioning by bounding the eigenvalues.",
    correct:
      "H + μI raises both ends: κ improves for positive semidefinite H, λ_max grows, and an indefinite H stays indefinite for μ < |λ_min|.",
    verdict: "false",
    kind: "exact",
    check: () => {
      const shifted = (values: readonly number[]): Float64Array =>
        valuesOf(toDense(diagonal(values.map((value) => value + 0.5))));
      const psd = shifted([5, 0]);
      return [
        equals("κ of diag(5, 0) + ½ I", psd[1] / psd[0], 11, 1e-12),
        equals("λ_max (a bound on the eigenvalues would leave at most 5)", psd[1], 5.5, 1e-12, 5),
        equals("λ_min of diag(2, −1) + ½ I", shifted([2, -1])[0], -0.5, 1e-12),
      ];
    },
  },
  {
    id: "H28",
    statement: "The neural tangent kernel limit means a constant Hessian spectrum.",
    correct:
      "The tangent kernel (and for mse the Gauss–Newton matrix) becomes constant as the width grows; its drift falls like 1/width for antisymmetric starts.",
    verdict: "true with conditions",
    kind: "statistical",
    check: ({ rng }) => {
      const widths = [50, 200, 800];
      const drifts = widths.map((width) => kernelDrift(rng, 2 * width, 100));
      const slope = log(drifts[2] / drifts[0]) / log(widths[2] / widths[0]);
      return [
        between("drift ‖ΔK‖/‖K‖ at width 800", drifts[2], 0, 0.02),
        between("log-log slope of the drift in the width", slope, -1.3, -0.6),
      ];
    },
  },
  {
    id: "H29",
    statement: "Double descent is linked to the eigenvalues of the Hessian.",
    correct:
      "True: at as many parameters as samples the smallest nonzero eigenvalue nearly vanishes and the test error peaks.",
    verdict: "true",
    kind: "statistical",
    check: ({ rng }) => {
      const at = (features: number, draws: number): DoubleDescentRecord =>
        doubleDescent({ samples: 60, features: [features], model: "random features", draws, rng: rng.fork(features) })
          .records[0];
      const [few, equal, many] = [at(10, 31), at(60, 201), at(240, 31)];
      // Over 150 draws the error at p = n has the median 34 and the quartiles 13 and 159, so that its logarithm is known
      // to 2.4/√draws: 201 draws put the lower end of the range three standard errors away.
      return [
        between("median test error at p = n, 201 draws", equal.median, 20, 200),
        between("test error at p = n over that at p = n/6", equal.median / few.median, 20, 200),
        between("test error at p = n over that at p = 4n", equal.median / many.median, 30, 300),
        between(
          "smallest nonzero eigenvalue at p = n over that at p = 4n",
          equal.smallestEigenvalue / many.smallestEigenvalue,
          0,
          1e-3,
        ),
      ];
    },
  },
  {
    id: "H30",
    statement: "The noise covariance of stochastic gradients relates to the Hessian.",
    correct: "For well-specified regression at the optimum it is s² H, s² the noise variance.",
    verdict: "true with conditions",
    kind: "statistical",
    check: ({ rng }) => {
      const [n, d, s] = [5000, 6, 0.7];
      const net = mlp({ sizes: [d, 1], bias: false });
      const inputs = normal(rng, n, d);
      const teacher = normal(rng, d, 1);
      const targets = matmul(inputs, teacher);
      for (let i = 0; i < n; i++) targets.data[i] += s * rng.normal();
      const { params } = train(
        net,
        { inputs, targets },
        { optimizer: gradientDescent({ stepSize: 0.9 }), steps: 60, params: new Float64Array(d) },
      );
      const C = toDense(gradientCovariance(net, params, { inputs, targets }));
      const H = toDense(hessian(net, params, { inputs, targets }));
      const difference = C.data.map((value, e) => value - s * s * H.data[e]);
      return [between("‖C − s²H‖_F over s²‖H‖_F", norm(difference) / (s * s * norm(H.data)), 0, 0.1)];
    },
  },
  {
    id: "H31",
    statement: "The Hessian often has low effective rank despite its dimension.",
    correct: "True: the participation ratio of its eigenvalues is a few, out of 143.",
    verdict: "true",
    kind: "statistical",
    check: ({ rng }) => {
      const values = trainedSpectrum(rng);
      const power = (k: number): number => values.reduce((sum, value) => sum + pow(Math.abs(value), k), 0);
      return [
        equals("number of parameters", values.length, 143, 0),
        // Recorded 2.06 and 10.1; 40 draws of this recipe spread from 1.2 to 4.1 and from 4.0 to 16.6, 90 % of them so:
        between("(Σλ²)²/Σλ⁴", square(power(2)) / power(4), 1.37, 4.03),
        between("(Σ|λ|)²/Σλ²", square(power(1)) / power(2), 5.2, 16),
      ];
    },
  },
  {
    id: "H32",
    statement: "Spectral density estimation shows the eigenvalue distribution.",
    correct:
      "True: stochastic Lanczos quadrature of 40 steps and 10 probes is within 0.05 of the exact smoothed distribution (Kolmogorov distance).",
    verdict: "true",
    kind: "statistical",
    check: ({ rng }) => {
      const { net, params, data } = trainedClassifier(rng);
      const H = hessian(net, params, data);
      const values = valuesOf(toDense(H));
      const width = 0.01 * (values[values.length - 1] - values[0]);
      const { nodes, weights } = spectralDensity(H, {
        probes: 10,
        steps: 40,
        rng: rng.fork("probes"),
        bandwidth: width,
      });
      const uniform = new Float64Array(values.length).fill(1 / values.length);
      const distance = smoothedDistance(values, uniform, nodes, weights, width);
      return [between("Kolmogorov distance, both smoothed by 1 % of the range", distance, 0, 0.05)];
    },
  },
];

/** (1/n) Σ_i Σ_c p_ic ∇ℓ(x_i, c) ∇ℓ(x_i, c)ᵀ by gradients of every label: the definition of the Fisher matrix. */
function labelExpectation(
  net: Parameters<typeof predict>[0],
  params: Float64Array,
  data: { readonly inputs: Matrix },
): Matrix {
  const p = softmax(predict(net, params, data.inputs));
  const order = net.parameterCount;
  const sum = new Float64Array(order * order);
  for (let i = 0; i < p.rows; i++) {
    const row = { rows: 1, cols: net.inputs, data: data.inputs.data.slice(i * net.inputs, (i + 1) * net.inputs) };
    for (let c = 0; c < p.cols; c++) {
      const target = {
        rows: 1,
        cols: p.cols,
        data: Float64Array.from({ length: p.cols }, (_, k) => (k === c ? 1 : 0)),
      };
      const g = gradient(net, params, { inputs: row, targets: target });
      const weight = p.data[i * p.cols + c] / p.rows;
      for (let a = 0; a < order; a++) for (let b = 0; b < order; b++) sum[a * order + b] += weight * g[a] * g[b];
    }
  }
  return { rows: order, cols: order, data: sum };
}

/** Blobs as the reference recipe has them: random labels, unit spread around normal centres. */
function blobs(rng: Rng, n: number, d: number, classes: number, shift = 0): { inputs: Matrix; targets: number[] } {
  const centres = normal(rng, classes, d);
  const targets = Array.from({ length: n }, () => Math.floor(classes * rng.uniform()));
  const inputs = normal(rng, n, d);
  targets.forEach((c, i) => {
    for (let j = 0; j < d; j++) inputs.data[i * d + j] += centres.data[c * d + j] + shift;
  });
  return { inputs, targets };
}

function trainedClassifier(rng: Rng) {
  const net = mlp({ sizes: [6, 14, 3], activation: "tanh", loss: "cross-entropy" });
  const data = blobs(rng.fork("blobs"), 60, 6, 3);
  const { params } = train(net, data, {
    optimizer: gradientDescent({ stepSize: 0.5 }),
    steps: 200,
    rng: rng.fork("train"),
    initialization: "lecun",
  });
  return { net, params, data };
}

function trainedSpectrum(rng: Rng): Float64Array {
  const { net, params, data } = trainedClassifier(rng);
  return valuesOf(toDense(hessian(net, params, data)));
}

/** Kolmogorov distance of two weighted point measures after convolution with a Gaussian. */
function smoothedDistance(a: Float64Array, wa: Float64Array, b: Float64Array, wb: Float64Array, width: number): number {
  const cdf = (points: Float64Array, weights: Float64Array, x: number): number =>
    points.reduce((sum, point, i) => sum + weights[i] * normalCdf((x - point) / width), 0);
  const low = Math.min(a[0], ...b) - 5 * width;
  const high = Math.max(a[a.length - 1], ...b) + 5 * width;
  let worst = 0;
  for (let k = 0; k <= 400; k++) {
    const x = low + ((high - low) * k) / 400;
    worst = Math.max(worst, Math.abs(cdf(a, wa, x) - cdf(b, wb, x)));
  }
  return worst;
}

/** ‖K_t − K_0‖_F/‖K_0‖_F of an antisymmetric tanh network of the given width after gradient descent. */
function kernelDrift(rng: Rng, width: number, steps: number): number {
  const { net, params, data, stepSize } = antisymmetricRun(rng, width);
  const K0 = empiricalNtk(net, params, data.inputs).gram().data;
  const after = train(net, data, { optimizer: gradientDescent({ stepSize }), steps, params }).params;
  const K = empiricalNtk(net, after, data.inputs).gram().data;
  return norm(K.map((value, e) => value - K0[e])) / norm(K0);
}
