// The U rows of the claims ledger that concern training and curvature (source note S0). One entry per row: the file is long because the ledger is.
import { type Matrix, norm, square, pow, log2, log, sin, hypot } from "../../core/index.js";
import { classifyCriticalPoint, empiricalNtk, hessian } from "../../curvature/index.js";
import { rfft } from "../../fft/index.js";
import { ntk } from "../../kernels/index.js";
import { eigsh } from "../../krylov/index.js";
import { eigh, matmul, orthogonalMatrix, svd } from "../../linalg/index.js";
import { chainBackward, chainForward, gradient, initialize, mlp, type Network, predict } from "../../networks/index.js";
import { toDense } from "../../operators/index.js";
import type { Rng } from "../../random/index.js";
import { adam, edgeOfStability, gradientDescent, train } from "../../training/index.js";
import type { ClaimDefinition } from "./claim.js";
import {
  between,
  conjugateGradientSteps,
  descentRatio,
  equals,
  medianOf,
  normal,
  productNetwork,
  smallCase,
  spaced,
  stepsUntil,
} from "./quadratics.js";
import { antisymmetricRun, edgeRecipe } from "./recipes.js";

const valuesOf = (A: Matrix): Float64Array => eigh(A, { vectors: false, triangle: "lower" }).values;

export const trainingClaims: readonly ClaimDefinition[] = [
  {
    id: "U01",
    statement: "Training needs at least Ω(λ_max/λ_min) iterations.",
    correct:
      "Gradient descent needs O(κ log 1/ε) in the worst case over starts; single starts and accelerated methods need far fewer.",
    verdict: "true with conditions",
    kind: "exact",
    check: () => {
      const kappa = 100;
      const eigenvalues = spaced(1, kappa, 50);
      const descent = (theta: Float64Array, g: Float64Array): void =>
        theta.forEach((_, i) => (theta[i] -= (2 / (kappa + 1)) * g[i]));
      const eta = 4 / square(Math.sqrt(kappa) + 1);
      const gamma = square((Math.sqrt(kappa) - 1) / (Math.sqrt(kappa) + 1));
      const velocity = new Float64Array(50);
      const heavyBall = (theta: Float64Array, g: Float64Array): void =>
        theta.forEach((_, i) => {
          velocity[i] = gamma * velocity[i] + eta * g[i];
          theta[i] -= velocity[i];
        });
      // Started in one eigenvector, gradient descent with η = 1/λ is done in one step whatever κ is.
      const single = stepsUntil([1000], 1e-6, (theta, g) => theta.forEach((_, i) => (theta[i] -= g[i] / 1000)), 10);
      return [
        equals("gradient descent, best step, κ = 100", stepsUntil(eigenvalues, 1e-6, descent, 1e5), 611, 2),
        equals("heavy ball, κ = 100", stepsUntil(eigenvalues, 1e-6, heavyBall, 1e5), 85, 2),
        equals("conjugate gradients, κ = 100", conjugateGradientSteps(eigenvalues, 1e-6, "error"), 35, 2),
        equals("start in the top eigenvector, κ = 1000", single, 1, 0, 1000),
      ];
    },
  },
  {
    id: "U02",
    statement: "The Rademacher complexity is at most O(∏‖W_l‖₂/√n).",
    correct:
      "A rank-type factor is needed: with orthonormal points the complexity stays above 0.2 for every n while the bound falls.",
    verdict: "false",
    kind: "exact",
    check: () =>
      [32, 128].map((n) =>
        // The source's bound is ∏‖W‖₂ max‖x‖/√n = 1/√n here.
        // Exactly 1/4 + 1/(2n): half of the entries of a Hadamard column are positive, and all of those of the first.
        equals(
          `(1/n) Σ ε_i f(x_i), n = ${n}, every layer of spectral norm 1`,
          hadamardCorrelation(n),
          0.25 + 0.5 / n,
          1e-15,
          1 / Math.sqrt(n),
        ),
      ),
  },
  {
    id: "U03",
    statement: "Learning is fast when the gradient is aligned with the top eigenvectors.",
    correct: "True: mode i shrinks by (1 − ηλ_i) per step, its loss by the square.",
    verdict: "true",
    kind: "exact",
    check: () =>
      [10, 1, 0.1].map((lambda, i) =>
        equals(
          `loss ratio after 10 steps from e_${i + 1}, η = 0.1`,
          square(descentRatio([lambda], 0.1, 10)),
          [0, 0.1216, 0.8179][i],
          1e-4,
        ),
      ),
  },
  {
    id: "U16",
    statement: "A large ‖W‖₂ means a risk of exploding gradients.",
    correct:
      "It depends on all singular values: Gaussian layers of variance 1/n have norms near 2 and leave the signal's size alone.",
    verdict: "true with conditions",
    kind: "statistical",
    check: ({ rng }) => {
      const chains = [1, 1.5, 0.5].map((variance) =>
        signalThroughLayers(rng.fork(`variance ${variance}`), 100, 30, variance),
      );
      return [
        between("median log norm after 30 layers, variance 1/n", chains[0].logNorm, -1.5, 1),
        between("log of the product of the spectral norms, variance 1/n", chains[0].logProduct, 19, 21),
        between("median log norm, variance 1.5/n", chains[1].logNorm, 4.5, 7.3),
        between("median log norm, variance 0.5/n", chains[2].logNorm, -12, -9.3),
      ];
    },
  },
  {
    id: "U17",
    statement: "A small spectral norm means vanishing gradients.",
    correct: "True if every layer's largest singular value is below one: the signal falls at least as fast as s₁^L.",
    verdict: "true",
    kind: "exact",
    check: ({ rng }) => {
      let x = normal(rng, 20, 1);
      const start = norm(x.data);
      for (let l = 0; l < 30; l++)
        x = matmul(orthogonalMatrix(rng, 20), { ...x, data: x.data.map((value) => 0.9 * value) });
      return [equals("signal after 30 scaled orthogonal layers", norm(x.data) / start, pow(0.9, 30), 1e-12)];
    },
  },
  {
    id: "U18",
    statement: "A clustered spectrum means multiple learning timescales.",
    correct: "One tight cluster is one timescale; several separated clusters are several.",
    verdict: "false",
    kind: "exact",
    check: () => {
      const steps = (eigenvalues: readonly number[]): number => conjugateGradientSteps(eigenvalues, 1e-10, "error");
      const spread = steps(spaced(1, 101, 50));
      // If clustering meant many timescales, the clustered spectrum would need at least as many steps as the spread one.
      return [
        equals("conjugate-gradient steps, one cluster [1, 1.01]", steps(spaced(1, 1.01, 50)), 4, 1, spread),
        equals("two clusters", steps([...spaced(1, 1.01, 25), ...spaced(100, 101, 25)]), 11, 1),
        equals("evenly spread over [1, 101]", spread, 44, 1),
      ];
    },
  },
  {
    id: "U19",
    statement: "Gradient descent iterates θ − ηHθ.",
    correct: "Only with the minimiser at the origin; in general θ − ηH(θ − θ*).",
    verdict: "true with conditions",
    kind: "exact",
    check: () => {
      const net = mlp({ sizes: [1, 1], bias: false }); // loss (θ − 3)²/2
      const data = { inputs: [[1]], targets: [3] };
      const { params } = train(net, data, {
        optimizer: gradientDescent({ stepSize: 0.5 }),
        steps: 3,
        params: Float64Array.of(1),
      });
      return [equals("θ after 3 steps with θ* = 3, η = ½, from 1", params[0], 3 - 2 * pow(0.5, 3), 1e-15, pow(0.5, 3))];
    },
  },
  {
    id: "U20",
    statement: "‖θ_t − θ*‖² ≤ (1 − ηλ_min)^{2t} ‖θ_0 − θ*‖² for η < 2/λ_max.",
    correct: "The rate is max(|1 − ηλ_min|, |1 − ηλ_max|); the source's holds iff η ≤ 2/(λ_min + λ_max).",
    verdict: "false",
    kind: "exact",
    check: () => [
      equals("‖θ_50‖/‖θ_0‖, λ = (1, 10), η = 0.19", descentRatio([1, 10], 0.19, 50), 0.003644, 1e-6, pow(1 - 0.19, 50)),
      equals(
        "‖θ_50‖/‖θ_0‖, η = 0.1 (the source's range)",
        Number(descentRatio([1, 10], 0.1, 50) <= pow(0.9, 50)),
        1,
        0,
      ),
    ],
  },
  {
    id: "U21",
    statement: "Convergence requires η < 2/λ_max.",
    correct: "True, strictly: at equality the top mode oscillates for ever.",
    verdict: "true",
    kind: "exact",
    check: () =>
      [0.199, 0.2, 0.201].map((eta, i) =>
        equals(
          `‖θ_50‖/‖θ_0‖, λ = (1, 10), η = ${eta}`,
          descentRatio([1, 10], eta, 50),
          [0.4278, 0.7071, 1.163][i],
          1e-3,
        ),
      ),
  },
  {
    id: "U28",
    statement: "K_NTK(x, x') = ∇f(x)ᵀ∇f(x').",
    correct: "True, per pair of outputs; the matrix is positive semidefinite.",
    verdict: "true",
    kind: "exact",
    check: ({ rng }) => {
      const { net, params, data } = smallCase(rng, [3, 6, 2], "tanh", "mse", 8);
      const K = empiricalNtk(net, params, data.inputs).gram();
      const values = valuesOf(K);
      const first = gradientOfOutput(net, params, data.inputs, 0, 0);
      const second = gradientOfOutput(net, params, data.inputs, 1, 1);
      const inner = first.reduce((sum, value, i) => sum + value * second[i], 0);
      return [
        between("λ_min/λ_max", values[0] / values[values.length - 1], -1e-12, 1),
        equals("entry ((x₀, f₀), (x₁, f₁)) against the gradients", K.data[3], inner, 1e-12),
      ];
    },
  },
  {
    id: "U29",
    statement: "K = Σ λ_i φ_i φ_iᵀ.",
    correct: "True (Mercer, with respect to a measure); for the matrix K/n by its eigenvectors.",
    verdict: "true",
    kind: "exact",
    check: ({ rng }) => {
      const { net, params, data } = smallCase(rng, [3, 8, 1], "tanh", "mse", 10);
      const K = empiricalNtk(net, params, data.inputs).gram();
      const { values, vectors } = eigh(K);
      const scaled = { ...vectors, data: vectors.data.map((value, e) => value * values[e % 10]) };
      const back = matmul(scaled, vectors, { transposeB: true });
      const error = back.data.reduce((worst, value, e) => Math.max(worst, Math.abs(value - K.data[e])), 0);
      return [equals("largest error of the reconstruction over λ_max", error / values[9], 0, 1e-12)];
    },
  },
  {
    id: "U30",
    statement: "Mode i of the tangent kernel is learned at a rate proportional to λ_i.",
    correct: "In the linear regime: the residual's mode decays as (1 − ηλ_i/n)^t; finite width deviates slowly.",
    verdict: "true with conditions",
    kind: "statistical",
    check: ({ rng }) => [
      between("largest deviation of six modes after 10 steps, width 4000", modeDeviation(rng, 4000, 10), 0, 0.03),
    ],
  },
  {
    id: "U31",
    statement: "Networks learn low frequencies first.",
    correct: "A tendency, robust in this recipe: the order of the five frequencies is kept.",
    verdict: "true with conditions",
    kind: "statistical",
    check: ({ rng }) => {
      const first = frequencyTimes(rng);
      const ordered = first.every((step, i) => i === 0 || step > first[i - 1]);
      return [
        equals("frequencies 1, 3, 5, 7, 9 are learned in this order (1 = yes)", Number(ordered), 1, 0),
        between("step of frequency 9 over step of frequency 1", first[4] / Math.max(1, first[0]), 5, 1e6),
      ];
    },
  },
  {
    id: "U32",
    statement: "λ_k ∝ k^{−α} for frequency k.",
    correct:
      "For ReLU with bias on the circle k^{−2}; without bias odd k ≥ 3 vanish; analytic activations decay geometrically.",
    verdict: "true with conditions",
    kind: "exact",
    check: () => {
      const biased = circleSpectrum("relu", true);
      const plain = circleSpectrum("relu", false);
      const smooth = circleSpectrum("erf", false);
      return [
        equals("log-log slope between 16 and 64, ReLU with bias", log2(biased[64] / biased[16]) / 2, -2.006, 5e-3),
        equals(
          "largest odd coefficient k ≥ 3 over the first, ReLU without bias",
          Math.max(...[3, 5, 7, 9].map((k) => Math.abs(plain[k]))) / plain[1],
          0,
          1e-16,
        ),
        equals("λ_13/λ_11, erf (a power law would give (11/13)^α near 1)", smooth[13] / smooth[11], 0.1326, 5e-5),
      ];
    },
  },
  {
    id: "U33",
    statement: "W_SN = W/‖W‖₂ makes the discriminator 1-Lipschitz.",
    correct:
      "If all layers are normalised and the activations are 1-Lipschitz (and convolutions by their operator norm).",
    verdict: "true with conditions",
    kind: "exact",
    check: ({ rng }) => {
      const { net, params, data } = smallCase(rng, [5, 12, 12, 1], "tanh", "mse", 50);
      const normalised = params.slice();
      for (const { role, offset, length, shape } of net.blocks) {
        if (role !== "weight") continue;
        const { singularValues } = svd(
          { rows: shape[0], cols: shape[1], data: params.slice(offset, offset + length) },
          { vectors: "none" },
        );
        for (let i = offset; i < offset + length; i++) normalised[i] /= singularValues[0];
      }
      return [
        between(
          "largest local Jacobian norm, all layers normalised",
          largestInputGradient(net, normalised, data.inputs),
          0,
          1 + 1e-12,
        ),
        between(
          "the same before, as a control",
          largestInputGradient(
            net,
            params.map((value) => 3 * value),
            data.inputs,
          ),
          1,
          1e3,
        ),
      ];
    },
  },
  {
    id: "U34",
    statement: "The Hessian spectrum is a bulk and a few outliers.",
    correct: "True as a tendency; at initialisation with a common mean feature the outliers number C − 1.",
    verdict: "true",
    kind: "statistical",
    check: ({ rng }) => {
      const runs = 60;
      let hits = 0;
      for (let run = 0; run < runs; run++) hits += Number(gapAtClassesMinusOne(rng.fork(run), 2 + (run % 5)));
      // Over 500 runs of this recipe the share is 0.976 (0.94 for two classes, 0.97 to 1 for three to six): of 20 runs fewer than 18 hit
      // with probability 0.012, of 60 fewer than 54 with 0.0005.
      return [between("share of 60 runs with the largest gap at C − 1", hits / runs, 0.9, 1)];
    },
  },
  {
    id: "U35",
    statement: "Positive eigenvalues: near a minimum.",
    correct: "A minimum needs a vanishing gradient and no negative eigenvalue; positive ones exist everywhere.",
    verdict: "false",
    kind: "exact",
    check: () => {
      const { net, data } = productNetwork();
      const params = Float64Array.of(0.5, 0.5);
      const { spectrum } = classifyCriticalPoint(net, params, data);
      return [
        equals("positive eigenvalue at (½, ½) of (w₁w₂ − 1)²/2", spectrum.largest, 0.75, 1e-15),
        equals("gradient norm there (0 at a minimum)", norm(gradient(net, params, data)), 0.375 * Math.SQRT2, 1e-15, 0),
      ];
    },
  },
  {
    id: "U36",
    statement: "Negative eigenvalues: saddle points.",
    correct: "Only at critical points with eigenvalues of both signs.",
    verdict: "true with conditions",
    kind: "exact",
    check: () => {
      const { net, data } = productNetwork();
      const off = classifyCriticalPoint(net, Float64Array.of(0.5, 0.5), data);
      const origin = classifyCriticalPoint(net, Float64Array.of(0, 0), data);
      return [
        equals("λ_min at (½, ½), which is not critical", off.spectrum.smallest, -0.25, 1e-15),
        equals("(½, ½) is a saddle (1 = yes)", Number(off.kind === "saddle"), 0, 0),
        equals("(0, 0) is a saddle (1 = yes)", Number(origin.kind === "saddle"), 1, 0),
        equals("λ_min at (0, 0)", origin.spectrum.smallest, -1, 1e-15),
      ];
    },
  },
  {
    id: "U37",
    statement: "Training operates near ηλ_max ≈ 2.",
    correct: "Full-batch gradient descent after progressive sharpening does; small steps stay below.",
    verdict: "true with conditions",
    kind: "iterative",
    check: ({ rng }) => {
      const late = (seed: number, stepSize: number): number => {
        const { net, params, data } = edgeRecipe(seed);
        const report = edgeOfStability(net, data, {
          optimizer: gradientDescent({ stepSize }),
          steps: 4000,
          every: 200,
          params,
          rng,
        });
        return report.lateMeanProduct.defined ? report.lateMeanProduct.value : Number.NaN;
      };
      return [
        between("late mean of ηλ_max, seed 2, η = 0.6", late(2, 0.6), 1.85, 2.15),
        between("late mean of ηλ_max, seed 3, η = 0.6", late(3, 0.6), 1.85, 2.15),
        equals("late mean of ηλ_max, seed 1, η = 0.05", late(1, 0.05), 0.583, 2e-3),
      ];
    },
  },
  {
    id: "U41",
    statement: "Early in training all eigenvalues grow, then they stabilise, late the spectrum compresses.",
    correct:
      "The late compression is real for cross-entropy; not all eigenvalues grow early, and the largest may fall.",
    verdict: "false",
    kind: "statistical",
    check: ({ rng }) => {
      // Nine runs, fixed in advance. Over 40 runs the share that grows early lies between 0.55 and 0.76 (median 0.70) and the late ratio of
      // λ_max between 0.04 and 0.82 (median 0.24): single runs spread widely, medians of nine do not.
      const runs = Array.from({ length: 9 }, (_, run) => spectrumPhases(rng.fork(run), [0, 20, 500, 2000]));
      const growing = (from: number): number =>
        medianOf(
          runs.map(
            (phases) => phases[from + 1].filter((value, i) => value > phases[from][i]).length / phases[from].length,
          ),
        );
      const top = (values: Float64Array): number => values[values.length - 1];
      return [
        between("share of eigenvalues that grow in the first 20 steps, median of 9 runs", growing(0), 0.5, 0.85, 1),
        between("share that grow between steps 500 and 2000, median of 9 runs", growing(2), 0, 0.5),
        between(
          "λ_max after 2000 steps over that after 20, median of 9 runs",
          medianOf(runs.map((phases) => top(phases[3]) / top(phases[1]))),
          0,
          0.7,
        ),
      ];
    },
  },
  {
    id: "U42",
    statement: "The convergence rate is proportional to 1/κ.",
    correct: "True for gradient descent: 1 − rate is 1/κ at η = 1/λ_max, 2/(κ + 1) at the best step.",
    verdict: "true",
    kind: "exact",
    check: () =>
      [10, 100, 1000].flatMap((kappa) => {
        const fitted = (stepSize: number): number => {
          const t = 20 * kappa;
          return 1 - pow(descentRatio([1, kappa], stepSize, t), 1 / t) * (stepSize === 1 / kappa ? pow(2, 0.5 / t) : 1);
        };
        return [
          equals(`1 − rate at η = 1/λ_max, κ = ${kappa}`, fitted(1 / kappa), 1 / kappa, 0.02 / kappa),
          equals(
            `1 − rate at η = 2/(λ_min + λ_max), κ = ${kappa}`,
            fitted(2 / (kappa + 1)),
            2 / (kappa + 1),
            0.04 / (kappa + 1),
          ),
        ];
      }),
  },
  {
    id: "U45",
    statement: "λ_max(K_NTK) is the dominant learning rate.",
    correct: "It is the speed of the fastest mode; the largest stable step size is 2n/λ_max(K).",
    verdict: "true with conditions",
    kind: "exact",
    check: ({ rng }) => {
      const { net, params, data } = smallCase(rng, [4, 30, 1], "tanh", "mse", 20);
      const values = valuesOf(empiricalNtk(net, params, data.inputs).gram());
      const top = values[values.length - 1];
      // Residual modes of the linearised model, all started at one.
      const residual = (factor: number): number =>
        descentRatio(
          Array.from(values, (value) => value / 20),
          (factor * 2 * 20) / top,
          600,
        );
      return [
        between("residual after 600 steps at 0.99 of 2n/λ_max", residual(0.99), 0, 1),
        equals("growth per step at 1.01 of 2n/λ_max", pow(residual(1.01) * Math.sqrt(20), 1 / 600), 1.02, 1e-3),
      ];
    },
  },
];

/** (1/n) Σ ε_i f(x_i) for n orthonormal points with alternating signs and W a Hadamard matrix/√m on the columns of sign +. */
export function hadamardCorrelation(n: number): number {
  const m = n / 2;
  const net = mlp({ sizes: [n, m, 1], activation: "relu", bias: false });
  const params = new Float64Array(net.parameterCount);
  const ones = (i: number, j: number): number => {
    let bits = i & j;
    let parity = 0;
    for (; bits > 0; bits >>= 1) parity ^= bits & 1;
    return parity === 0 ? 1 : -1;
  };
  for (let k = 0; k < m; k++) {
    for (let column = 0; column < m; column++) params[k * n + 2 * column] = ones(k, column) / Math.sqrt(m);
    params[m * n + k] = 1 / Math.sqrt(m);
  }
  const points = { rows: n, cols: n, data: new Float64Array(n * n) };
  for (let i = 0; i < n; i++) points.data[i * n + i] = 1;
  const outputs = predict(net, params, points).data;
  return outputs.reduce((sum, value, i) => sum + (i % 2 === 0 ? value : -value), 0) / n;
}

/** Median log norm of a unit signal through random layers, and the log of the product of their spectral norms (first chain). */
function signalThroughLayers(
  rng: Rng,
  width: number,
  depth: number,
  variance: number,
): { logNorm: number; logProduct: number } {
  const deviation = Math.sqrt(variance / width);
  const norms: number[] = [];
  let logProduct = 0;
  for (let chain = 0; chain < 9; chain++) {
    let x = normal(rng, width, 1);
    const start = norm(x.data);
    for (let l = 0; l < depth; l++) {
      const W = normal(rng, width, width);
      for (let e = 0; e < W.data.length; e++) W.data[e] *= deviation;
      if (chain === 0) logProduct += log(svd(W, { vectors: "none" }).singularValues[0]);
      x = matmul(W, x);
    }
    norms.push(log(norm(x.data) / start));
  }
  return { logNorm: norms.sort((a, b) => a - b)[4], logProduct };
}

/** ∂f_k(x_i)/∂θ by a backward pass of one sample. */
function gradientOfOutput(net: Network, params: Float64Array, inputs: Matrix, i: number, k: number): Float64Array {
  const one = { rows: 1, cols: net.inputs, data: inputs.data.slice(i * net.inputs, (i + 1) * net.inputs) };
  const cotangent = {
    rows: 1,
    cols: net.outputs,
    data: Float64Array.from({ length: net.outputs }, (_, c) => (c === k ? 1 : 0)),
  };
  const out = new Float64Array(net.parameterCount);
  chainBackward(chainForward(net.chain, params, one), cotangent, out, false);
  return out;
}

/** Largest ‖∂f/∂x‖ of a network with one output over the given points. */
function largestInputGradient(net: Network, params: Float64Array, inputs: Matrix): number {
  const cotangent = { rows: inputs.rows, cols: 1, data: new Float64Array(inputs.rows).fill(1) };
  const { input } = chainBackward(chainForward(net.chain, params, inputs), cotangent, null, true);
  let worst = 0;
  for (let i = 0; i < inputs.rows; i++) {
    worst = Math.max(worst, norm((input as Matrix).data.slice(i * inputs.cols, (i + 1) * inputs.cols)));
  }
  return worst;
}

/** Largest |c_i(t)/c_i(0) − (1 − ηλ_i/n)^t| over three leading and three middle modes of an antisymmetric wide network. */
function modeDeviation(rng: Rng, width: number, steps: number): number {
  const { net, params, data, stepSize, modes: spectrum } = antisymmetricRun(rng, width);
  const { inputs, targets } = data;
  const { values, vectors } = spectrum;
  const n = inputs.rows;
  const project = (theta: Float64Array): Float64Array => {
    const f = predict(net, theta, inputs).data;
    return Float64Array.from({ length: n }, (_, mode) =>
      targets.data.reduce((sum, y, i) => sum + vectors.data[i * n + mode] * (f[i] - y), 0),
    );
  };
  const before = project(params);
  const after = project(
    train(net, { inputs, targets }, { optimizer: gradientDescent({ stepSize }), steps, params }).params,
  );
  const modes = [n - 1, n - 2, n - 3, n / 2 + 1, n / 2, n / 2 - 1];
  return Math.max(
    ...modes.map((mode) => Math.abs(after[mode] / before[mode] - pow(1 - (stepSize * values[mode]) / n, steps))),
  );
}

/** First recorded step at which the residual's Fourier coefficient at k = 1, 3, 5, 7, 9 is below a fifth of the target's. */
function frequencyTimes(rng: Rng): number[] {
  const frequencies = [1, 3, 5, 7, 9];
  const points = 128;
  const net = mlp({ sizes: [1, 128, 128, 1], activation: "tanh" });
  const phases = frequencies.map(() => 2 * Math.PI * rng.uniform());
  const inputs = { rows: points, cols: 1, data: Float64Array.from({ length: points }, (_, i) => (2 * i) / points - 1) };
  const targets = Float64Array.from({ length: points }, (_, i) =>
    frequencies.reduce((sum, k, j) => sum + sin((2 * Math.PI * k * i) / points + phases[j]), 0),
  );
  const amplitude = (values: Float64Array, k: number): number => {
    const { re, im } = rfft(values);
    return hypot(re[k], im[k]);
  };
  const goals = frequencies.map((k) => amplitude(targets, k) / 5);
  const first = frequencies.map(() => Infinity);
  train(
    net,
    { inputs, targets: { rows: points, cols: 1, data: targets } },
    {
      optimizer: adam({ stepSize: 1e-3 }),
      steps: 4000,
      params: initialize(net, "lecun", rng, { biasDeviation: 1 }),
      stop({ step, params }) {
        if (step % 20 !== 0) return false;
        const residual = predict(net, params, inputs).data.map((value, i) => targets[i] - value);
        frequencies.forEach((k, i) => {
          if (first[i] === Infinity && amplitude(residual, k) < goals[i]) first[i] = step;
        });
        return first.every(Number.isFinite);
      },
    },
  );
  return first;
}

/** Fourier coefficients of the closed two-layer tangent kernel on the circle, 4096 points. */
function circleSpectrum(activation: "relu" | "erf", bias: boolean): Float64Array {
  const kernel = ntk({ depth: 2, activation, ...(bias ? { biasVariance: 1 } : {}) });
  const points = 4096;
  const samples = Float64Array.from({ length: points }, (_, i) => {
    const theta = (2 * Math.PI * i) / points;
    return kernel.profile(theta <= Math.PI ? theta : 2 * Math.PI - theta);
  });
  return rfft(samples).re.map((value) => value / points);
}

/** Whether the largest ratio among the first 2C Hessian eigenvalues stands at C − 1, at a mean-feature initialisation. */
function gapAtClassesMinusOne(rng: Rng, classes: number): boolean {
  const n = 25 * classes;
  const centres = normal(rng, classes, 8);
  const targets = Array.from({ length: n }, () => Math.floor(classes * rng.uniform()));
  const inputs = normal(rng, n, 8);
  targets.forEach((c, i) => {
    for (let j = 0; j < 8; j++) inputs.data[i * 8 + j] += centres.data[c * 8 + j] + 1.5;
  });
  const net = mlp({ sizes: [8, 20, classes], activation: "relu", loss: "cross-entropy" });
  const params = initialize(net, "he", rng);
  for (let i = net.blocks[2].offset; i < net.parameterCount; i++) params[i] *= 0.1;
  const { values } = eigsh(hessian(net, params, { inputs, targets }), { count: 2 * classes, rng, tolerance: 1e-6 });
  let best = 0;
  let index = 0;
  for (let k = 1; k < values.length; k++) {
    const ratio = values[k - 1] / values[k];
    if (ratio > best) {
      best = ratio;
      index = k;
    }
  }
  return index === classes - 1;
}

/** Hessian spectra of a 5-12-3 tanh classifier at the given steps of gradient descent. */
function spectrumPhases(rng: Rng, steps: readonly number[]): Float64Array[] {
  const net = mlp({ sizes: [5, 12, 3], activation: "tanh", loss: "cross-entropy" });
  const centres = normal(rng, 3, 5);
  const inputs = normal(rng, 60, 5);
  const targets = Array.from({ length: 60 }, (_, i) => i % 3);
  targets.forEach((c, i) => {
    for (let j = 0; j < 5; j++) inputs.data[i * 5 + j] += centres.data[c * 5 + j];
  });
  let params = initialize(net, "lecun", rng.fork("parameters"));
  return steps.map((step, i) => {
    const more = step - (steps[i - 1] ?? 0);
    params = train(
      net,
      { inputs, targets },
      { optimizer: gradientDescent({ stepSize: 0.3 }), steps: more, params },
    ).params;
    return valuesOf(toDense(hessian(net, params, { inputs, targets })));
  });
}
