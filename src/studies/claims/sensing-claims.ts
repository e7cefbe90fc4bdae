// Longer than usual because it is one list: forty claims of one source note, in the order of its table.
import { fromRows, identity, exp, log, tanh } from "../../core/index.js";
import { orthogonalMatrix } from "../../linalg/index.js";
import { normalMatrix } from "../../random/index.js";
import {
  diagonalFlow,
  diagonalProblem,
  diagonalState,
  diagonalSteps,
  gaussianMeasurements,
  localSteps,
  mirrorLimit,
  nuclearNormMinimization,
  sensingGradient,
  sensingMetrics,
  spectralMap,
  spectralNetwork,
} from "../../sensing/index.js";
import * as diagonal from "../sensing/diagonal-experiments.js";
import * as full from "../sensing/matrix-experiments.js";
import { commutingProblem, deficientProblem, distance, gaussianProblem, glyphProblem } from "../sensing/problems.js";
import { atLeast, atMost, equals } from "../sensing/recipe.js";
import type { ClaimDefinition } from "./claim.js";

/** E7 runs of 3000 steps, summarised: several claims read the same deterministic run, which is made once. */
const gaussianNetwork = /* @__PURE__ */ (() => {
  const made = new Map<string, full.MethodResult>();
  return (epsilon: number, activation: "tanh" | "identity" = "tanh"): full.MethodResult => {
    const key = `${activation} ${epsilon}`;
    const known = made.get(key);
    if (known !== undefined) return known;
    const problem = gaussianProblem();
    const result = full.methodResult(problem, full.networkRun(problem, activation, epsilon, 0.3, 3000).X);
    made.set(key, result);
    return result;
  };
})();

/** Spectral relu: γ(s) = max(s, 0) on singular values. */
const relu = { name: "relu", value: (x: number): number => Math.max(x, 0), derivative: (): number => 1 };

/** The l¹ optimum of the rank-deficient problem, from its vertex: B restricted to the last two coordinates. */
function basisPursuitValue(): number {
  const { coefficients: B, y } = deficientProblem("identity", false);
  const [b, c, e, f] = [B.data[1], B.data[2], B.data[4], B.data[5]];
  const det = b * f - c * e;
  return Math.abs((y[0] * f - c * y[1]) / det) + Math.abs((b * y[1] - y[0] * e) / det);
}

/** Claims S01 to S40 on spectral neural networks and matrix sensing. */
export const sensingClaims: readonly ClaimDefinition[] = [
  {
    id: "S01",
    statement: "Spectral networks factorise matrices through singular values and vectors (U, Σ, Vᵀ).",
    correct:
      "X = Σ α_k Γ(U_k V_kᵀ): no factor is an SVD factor, the decomposition is computed inside Γ; gradients come from divided differences.",
    verdict: "false",
    kind: "exact",
    check: ({ rng }) => {
      const stream = rng.fork("S01");
      const A = gaussianMeasurements({ rows: 4, cols: 3, count: 5, rng: stream });
      const y = normalMatrix(stream, 5, 1).data;
      const network = spectralNetwork({ rows: 4, cols: 3, widths: 2 });
      const theta = normalMatrix(stream, network.parameterCount, 1).data;
      const { gradient } = sensingGradient(network, A, y, theta);
      // Directional derivative along the gradient of U_0 by a fourth-order difference.
      const direction = gradient.u[0].data;
      const at = (t: number): number => {
        const moved = theta.slice();
        direction.forEach((g, i) => (moved[i] += t * g));
        return sensingGradient(network, A, y, moved).loss;
      };
      const squared = direction.reduce((sum, g) => sum + g * g, 0);
      const h = 1e-3 / Math.sqrt(squared);
      const slope = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
      const orthogonality = Math.abs(network.parameterCount - (2 * (4 + 3) * 3 + 2));
      return [
        equals("derivative along the gradient over its squared norm", slope / squared, 1, 1e-8),
        equals("parameters beyond the factors U, V and α", orthogonality, 0, 0, 2 * 3),
      ];
    },
  },
  {
    id: "S02",
    statement: "Spectral γ preserves the singular vectors during training.",
    correct:
      "Only for measurements with common singular vectors and a spectral start with the same G_k for U_k and V_k.",
    verdict: "true with conditions",
    kind: "iterative",
    check: () => [
      atMost("spectral start: largest off-diagonal entry", full.enginesExperiment().offDiagonal, 1e-14),
      equals(
        "identity start: off-diagonal part",
        full.nonSpectralExperiment("identity", 0.1).offDiagonal,
        0.3600643,
        1e-4,
        0,
      ),
    ],
  },
  {
    id: "S03",
    statement: "Γ(U_k V_kᵀ) = Φ γ(ū_k v̄_k) Ψᵀ.",
    correct: "Yes, with the odd extension of γ for negative products and γ(0) = 0.",
    verdict: "true with conditions",
    kind: "exact",
    check: () => {
      const signed = spectralMap(
        fromRows([
          [-2, 0],
          [0, 0.5],
        ]),
        "softsat",
      ).value.data;
      return [
        atMost("error of the identity, E1", full.spectralInitExperiment().imageError, 1e-13),
        equals("a negative diagonal entry: sgn(w) γ(|w|)", signed[0], -2 / 3, 1e-15, -2 / (1 - 2)),
      ];
    },
  },
  {
    id: "S04",
    statement: "The dynamics reduce to vectors.",
    correct: "Exactly, for commuting measurements and a spectral start; also for gradient descent with any step.",
    verdict: "true",
    kind: "iterative",
    check: () => [atMost("matrices against vectors, flow to T = 8", full.enginesExperiment().difference, 1e-7)],
  },
  {
    id: "S05",
    statement: "The dynamics are available in closed form.",
    correct:
      "As a closed system of equations; an explicit solution exists only in cases such as γ = identity, diagonal M, balanced, α fixed.",
    verdict: "true with conditions",
    kind: "iterative",
    check: () => {
      const [c, s, w0, t] = [1.3, 0.9, 0.01, 2];
      const problem = diagonalProblem(
        fromRows([[Math.sqrt(c)]]),
        { sigma: Float64Array.of(s) },
        { activation: "identity", alphaTrainable: false },
      );
      const run = diagonalFlow(problem, diagonalState(1, [1], Math.sqrt(w0)), {
        t1: t,
        tolerance: { relative: 1e-13, absolute: 1e-15 },
      });
      const logistic = s / (1 + (s / w0 - 1) * exp(-2 * c * s * t));
      return [equals("flow against the logistic solution", run.finalH[0], logistic, 1e-12)];
    },
  },
  {
    id: "S06",
    statement: "The measurement matrices commute.",
    correct: "They share singular vectors: all A_i A_jᵀ and A_iᵀ A_j are symmetric; they need not commute as matrices.",
    verdict: "true with conditions",
    kind: "exact",
    check: ({ rng }) => {
      const s = full.structureExperiment(rng.fork("S06"));
      return [
        atMost("defect of a family with common singular vectors", s.defectCommuting, 1e-13),
        equals("defect of Gaussian matrices", s.defectGaussian, 1.3164293733721, 1e-10),
      ];
    },
  },
  {
    id: "S07",
    statement: "It suffices that γ is differentiable, non-decreasing and bounded in [0, 1].",
    correct: "γ(0) = 0 and γ′ > 0 are needed: the sigmoid satisfies the statement and fails.",
    verdict: "false",
    kind: "iterative",
    check: ({ rng }) => {
      const stream = rng.fork("S07");
      const Q = orthogonalMatrix(stream.fork("Q"), 3);
      const R = orthogonalMatrix(stream.fork("R"), 3);
      const G = normalMatrix(stream.fork("G"), 3, 3);
      const [a, b] = [1e-4, 1e-5].map((epsilon) => full.jumpExperiment(Q, R, G, epsilon).sigmoid);
      const sigmoid = diagonal.activationExperiment("sigmoid", 1, false, 0.25).loss;
      const loss = diagonal.activationExperiment("tanh", 1, false, 0.25).loss;
      return [
        {
          name: "loss of the sigmoid at T = 300",
          measured: sigmoid,
          expected: { minimum: 1e-3 },
          tolerance: 0,
          source: 0,
        },
        atMost("loss of tanh", loss, 1e-12),
        equals("growth of ‖DΓ‖ when s falls tenfold", b / a, 10, 0.01, 1),
      ];
    },
  },
  {
    id: "S08",
    statement: "With an entrywise relu the singular vectors drift and the theory fails.",
    correct: "Yes; with an entrywise tanh they drift little (3.6 per cent).",
    verdict: "true",
    kind: "iterative",
    check: () => [
      equals("relu: off-diagonal part", full.entrywiseExperiment("relu", 20_000).offDiagonal, 0.867, 0.05),
      equals("tanh: off-diagonal part", full.entrywiseExperiment("tanh", 20_000).offDiagonal, 0.0359625, 1e-4),
    ],
  },
  {
    id: "S09",
    statement: "A near-zero spectral start gives h(0) < σ*.",
    correct: "Only <=: entries that start at zero are dead for ever, and h(0) < 0 is impossible where σ*_i = 0.",
    verdict: "true with conditions",
    kind: "iterative",
    check: ({ rng }) => {
      const s = full.structureExperiment(rng.fork("S09"));
      return [
        equals("a dead coordinate after T = 50", s.deadValue, 0, 0),
        equals("loss that remains", s.deadLoss, 0.013646138305867, 1e-10),
      ];
    },
  },
  {
    id: "S10",
    statement: "h increases strictly until it reaches σ*.",
    correct: "Only for diagonal M and α fixed; otherwise it overshoots.",
    verdict: "false",
    kind: "iterative",
    check: () => [
      equals(
        "overshoot, M entrywise positive, α trained",
        Math.max(...diagonal.overshootExperiment("positive", true).overshoot),
        0.08437809,
        1e-7,
        0,
      ),
      atMost("overshoot, M = I, α fixed", Math.max(...diagonal.overshootExperiment("identity", false).overshoot), 1e-9),
    ],
  },
  {
    id: "S11",
    statement: "h converges exponentially to σ*.",
    correct:
      "For full column rank, reachable σ*_i > 0 (or u² ≠ v²): loss rate 2 λ_min(𝒦 M); a balanced coordinate with σ*_i = 0 falls like 1/(2 α t).",
    verdict: "true with conditions",
    kind: "iterative",
    check: () => {
      const rate = diagonal.rateExperiment("tanh", true);
      return [
        equals("measured rate over 2 λ_min", rate.measured / rate.predicted, 1, 0.03),
        equals("σ*_i = 0: h t at t = 2000", diagonal.zeroTargetExperiment().limit, 1 / 3, 1e-3, 0),
      ];
    },
  },
  {
    id: "S12",
    statement: "The exponential rate is optimal (lower bound).",
    correct:
      "The loss lies between L(0) exp(−2 ∫ λ_max) and L(0) exp(−2 ∫ λ_min); the asymptotic rate is exactly 2 λ_min at the limit.",
    verdict: "true",
    kind: "iterative",
    check: () => {
      const rates = (["tanh", "identity", "softsat"] as const).map((name) => diagonal.rateExperiment(name, false));
      return rates.flatMap((rate) => [
        equals(`${rate.activation}: envelope holds to t = 15`, rate.envelope ? 1 : 0, 1, 0),
        equals(`${rate.activation}: measured rate over predicted`, rate.measured / rate.predicted, 1, 0.03),
      ]);
    },
  },
  {
    id: "S13",
    statement: "The inequality h(0) <= σ* (second assumption) is needed.",
    correct: "Not needed: with α fixed the flow converges globally from any start that is not dead.",
    verdict: "false",
    kind: "iterative",
    check: () =>
      ["above", "saturated", "mixed"].map((name) => ({
        name: `start ${name}: loss at T = 400`,
        measured: diagonal.violationExperiment(name, false).loss,
        expected: { maximum: 1e-20 },
        tolerance: 0,
        // The statement predicts that such a start stays away from σ*: the loss at its own h(0).
        source: diagonalFlow(
          diagonalProblem(identity(3), { sigma: Float64Array.of(1, 0.6, 0.25) }, { alphaTrainable: false }),
          diagonalState(3, [diagonal.violations[name].alpha], diagonal.violations[name].u),
          { t1: 1e-9, record: 2 },
        ).finalLoss,
      })),
  },
  {
    id: "S14",
    statement: "Without spectral initialisation, convergence to σ* fails.",
    correct: "The diagonal converges to σ* and the nuclear norm to its minimum; the singular vectors and X do not.",
    verdict: "true with conditions",
    kind: "iterative",
    check: () => {
      const r = full.nonSpectralExperiment("identity", 0.01);
      return [
        atMost("diagonal error", r.diagonalError, 1e-8),
        equals("nuclear norm", r.nuclearNorm, 2.05, 1e-5),
        equals("relative error of X", r.relativeError, 0.3861, 1e-3),
      ];
    },
  },
  {
    id: "S15",
    statement: "X_∞ = Φ diag(σ*) Ψᵀ satisfies the optimality conditions of the nuclear-norm program.",
    correct:
      "For full column rank trivially, by any ν with Bᵀν = 1; otherwise X_∞ is another point, which depends on the start.",
    verdict: "true with conditions",
    kind: "iterative",
    check: () => {
      const problem = commutingProblem();
      const { dualValue, gap } = nuclearNormMinimization(problem.measurements, problem.y);
      // Row 0 of B is (1, 1, 1, 1): ν = e₀ is a certificate, with dual value y₀.
      const limit = mirrorLimit(deficientProblem("identity", false), diagonal.balanced([1], [0.1], 3));
      return [
        equals("y₀, the value that ν = e₀ certifies", problem.y[0], 2.05, 1e-12),
        equals("dual optimum", dualValue, 2.05, 1e-9),
        atMost("gap", Math.abs(gap), 1e-9),
        equals("rank deficient: first coordinate of the limit (σ used: 0.2)", limit.h[0], 0.352935141, 1e-8),
        equals(
          "rank deficient: nuclear norm over its minimum",
          limit.nuclearNorm / basisPursuitValue(),
          1.0442749,
          1e-6,
        ),
      ];
    },
  },
  {
    id: "S16",
    statement: "X_∞ has the minimum nuclear norm among all feasible matrices.",
    correct:
      "Under the conditions of the previous row, as one of many minimisers: Φ S Ψᵀ with S positive semi-definite and diag S = σ* has the same norm and data.",
    verdict: "true with conditions",
    kind: "exact",
    check: ({ rng }) => {
      const s = full.structureExperiment(rng.fork("S16"));
      return [
        atMost("change of the nuclear norm within the family", s.normChange, 1e-12),
        atMost("change of the data within the family", s.dataChange, 1e-12),
        atLeast("distance within the family", s.familyDistance, 0.1),
      ];
    },
  },
  {
    id: "S17",
    statement: "Spectral networks converge to the nuclear-norm minimiser in matrix sensing.",
    correct:
      "Only for commuting measurements of full column rank with a spectral start, or as the start goes to zero inside the box; not for general measurements.",
    verdict: "false",
    kind: "iterative",
    check: () => {
      const { nuclear } = full.gaussianBaselines();
      const completion = full.completionExperiment("identity", false, 1, 0.01, 0.01);
      return [
        equals(
          "Gaussian A: nuclear norm of the network",
          gaussianNetwork(0.01).nuclearNorm,
          0.9979426,
          2e-6,
          nuclear.nuclearNorm,
        ),
        equals("box: nuclear norm of the limit, optimum 1.5", diagonal.boxExperiment(1e-12).l1, 1.9038, 1e-3, 1.5),
        equals("completion: nuclear norm, optimum 4", completion.nuclearNorm, 5, 1e-4, 4),
      ];
    },
  },
  {
    id: "S18",
    statement: "The best approximation, or the ground truth, is reached.",
    correct: "The projection onto the span of φ_i ψ_iᵀ is reached; it is X* only if X* is diagonal in Φ, Ψ.",
    verdict: "true with conditions",
    kind: "exact",
    check: ({ rng }) => {
      const s = full.structureExperiment(rng.fork("S18"));
      return [
        atMost("change of the data by an off-diagonal part of X*", s.offDiagonalDataChange, 1e-12),
        equals("relative error that it costs", s.unavoidableError, 0.8190364704639, 1e-10),
      ];
    },
  },
  {
    id: "S19",
    statement: "Without shared singular vectors X_∞ may be non-optimal.",
    correct: "Yes.",
    verdict: "true",
    kind: "iterative",
    check: () => {
      const excess = gaussianNetwork(0.01).nuclearNorm - full.gaussianBaselines().nuclear.nuclearNorm;
      return [equals("nuclear norm above the optimum", excess, 0.0043, 1e-4)];
    },
  },
  {
    id: "S20",
    statement: "Spectral networks reach a lower nuclear norm than linear regression.",
    correct:
      "For non-commuting measurements and small starts; equal for commuting ones of full rank; higher for large starts.",
    verdict: "true with conditions",
    kind: "iterative",
    check: () => {
      const { regression } = full.gaussianBaselines();
      return [
        equals("Gaussian A, ε = 0.01", gaussianNetwork(0.01).nuclearNorm, 0.9979426, 2e-6),
        equals("linear regression", regression.nuclearNorm, 1.5313821, 1e-6),
        equals(
          "commuting, full rank: difference",
          full.nonSpectralExperiment("spectral", 0.1).nuclearNorm - 2.05,
          0,
          1e-8,
        ),
        atLeast("Gaussian A, ε = 1", gaussianNetwork(1).nuclearNorm, 2),
      ];
    },
  },
  {
    id: "S21",
    statement: "Spectral networks reconstruct better than linear regression.",
    correct: "Under the same conditions.",
    verdict: "true with conditions",
    kind: "iterative",
    check: () => [
      equals("Gaussian A, ε = 0.01: relative error", gaussianNetwork(0.01).relativeError, 0.0617096, 2e-6),
      equals("linear regression: relative error", full.gaussianBaselines().regression.relativeError, 0.5943998, 1e-6),
      atLeast("Gaussian A, ε = 1: relative error", gaussianNetwork(1).relativeError, 1),
    ],
  },
  {
    id: "S22",
    statement: "Spectral networks reconstruct better than depth-3 factorisation.",
    correct:
      "Not with a fair start: depth 3 from 0.1 I recovers better; from 1e-4 I it never leaves zero within the budget, which produced the ranking.",
    verdict: "false",
    kind: "iterative",
    check: () => {
      const problem = gaussianProblem();
      const deep = full.depthThree(problem, 0.1, 0.3, 3000).relativeError;
      const tiny = full.depthThree(problem, 1e-4, 0.3, 3000).relativeError;
      const network = gaussianNetwork(0.01).relativeError;
      return [
        // The source's ranking needs a ratio above one; its own start gives it.
        {
          name: "error of depth 3 over error of the network",
          measured: deep / network,
          expected: { maximum: 1 },
          tolerance: 0,
          source: tiny / network,
        },
        equals("depth 3 from 0.1 I: relative error", deep, 0.0278, 1e-4, tiny),
      ];
    },
  },
  {
    id: "S23",
    statement: "The method is validated on MNIST.",
    correct:
      "One digit serves as X*, sensed by Gaussian matrices, compared with linear regression only; a drawn glyph shows the same with all baselines.",
    verdict: "true with conditions",
    kind: "iterative",
    check: () => {
      const problem = glyphProblem(full.nuclearNormOf);
      const { regression, nuclear } = full.gaussianBaselines(problem);
      const network = full.methodResult(problem, full.networkRun(problem, "tanh", 0.03, 0.5, 3000).X);
      return [
        equals("network: relative error", network.relativeError, 0.1967559, 2e-4),
        equals("linear regression", regression.relativeError, 0.6152148, 6e-4),
        equals("nuclear-norm minimum", nuclear.relativeError, 0.1317424, 2e-4),
      ];
    },
  },
  {
    id: "S24",
    statement: "A larger K is more expressive.",
    correct:
      "It only raises the cap Σ α sup γ of fixed α; one neuron with trained α suffices under commuting measurements.",
    verdict: "true with conditions",
    kind: "iterative",
    check: () => [
      equals(
        "K = 1, α = 0.8 fixed, target 1: loss",
        diagonal.violationExperiment("unreachable", false).loss,
        0.02657963,
        3e-4,
      ),
      atMost("K = 1, α trained: loss", diagonal.violationExperiment("unreachable", true).loss, 1e-20),
    ],
  },
  {
    id: "S25",
    statement: "A larger K slows convergence.",
    correct: "The opposite for equal α_k; exactly K times slower for α/K each.",
    verdict: "true with conditions",
    kind: "iterative",
    check: () => {
      const each = diagonal.neuronExperiment(false, false);
      const shared = diagonal.neuronExperiment(false, true);
      return [
        equals("time for K = 8 over K = 1, α = 1.5 each", each[3] / each[0], 0.65373, 1e-4),
        equals("time for K = 8 over K = 1, α = 1.5/8 each", shared[3] / shared[0], 8, 1e-4),
      ];
    },
  },
  {
    id: "S26",
    statement: "The theory covers gradient flow only; finite learning rates behave differently.",
    correct: "The reduction to vectors holds for descent too; the invariants drift in proportion to η.",
    verdict: "true",
    kind: "iterative",
    check: () => {
      const [a, b] = [0.025, 0.0125].map((eta) => diagonal.driftExperiment(eta).drift[0]);
      return [equals("drift at η = 0.0125", b, -0.003245095, 1e-8), equals("ratio when η is halved", a / b, 2, 0.05)];
    },
  },
  {
    id: "S27",
    statement: "The optimal learning rate is an open question.",
    correct: "Locally it is 2/(λ_min + λ_max) of J Jᵀ/N, with stability below 2/λ_max; no global optimum exists.",
    verdict: "true with conditions",
    kind: "iterative",
    check: () => {
      const r = diagonal.stepExperiment(true, [0.98, 1.02]);
      return [
        equals("critical step", r.critical, 0.3903729, 1e-6),
        equals("best local step", r.best, 0.3280572, 1e-6),
        atMost("0.98 of the critical step: largest loss", r.runs[0].largestLoss, 1e-7),
        atLeast("1.02 of the critical step: largest loss", r.runs[1].largestLoss, 1e-4),
      ];
    },
  },
  {
    id: "S28",
    statement: "Moderate learning rates may alter the implicit regularisation.",
    correct: "Yes: the invariants drift, and beyond 2/λ_max the iteration moves to a flatter minimum.",
    verdict: "true",
    kind: "iterative",
    check: () => {
      const run = diagonal.stepExperiment(true, [1.1]).runs[0];
      return [
        equals("1.1 of the critical step: η λ_max at the new minimum", run.product, 1.923, 2e-3),
        atMost("its loss", run.finalLoss, 1e-20),
        atLeast("|drift of u² − v²| at η = 0.1", Math.abs(diagonal.driftExperiment(0.1).drift[0]), 0.02),
      ];
    },
  },
  {
    id: "S29",
    statement: "Drift of the singular vectors points to the initialisation or to the activation.",
    correct: "Yes.",
    verdict: "true",
    kind: "iterative",
    check: () => [
      equals("random start: off-diagonal part", full.nonSpectralExperiment("random", 0.1).offDiagonal, 0.4083803, 1e-4),
      equals(
        "entrywise tanh: off-diagonal part",
        full.entrywiseExperiment("tanh", 20_000).offDiagonal,
        0.0359625,
        1e-4,
      ),
    ],
  },
  {
    id: "S30",
    statement: "If h does not converge to σ*, the second assumption is violated or the measurements do not commute.",
    correct:
      "The causes are: out of reach of fixed α, dead or saturated coordinates, column rank, negative targets, γ(0) ≠ 0; not h(0) > σ*.",
    verdict: "false",
    kind: "iterative",
    check: () => [
      // The source's diagnosis predicts success where its assumptions hold: loss zero.
      equals(
        "assumptions hold, target out of reach: loss",
        diagonal.violationExperiment("unreachable", false).loss,
        0.02657963,
        3e-4,
        0,
      ),
      atMost("assumption violated (start above): loss", diagonal.violationExperiment("above", false).loss, 1e-20),
    ],
  },
  {
    id: "S31",
    statement: "A nuclear norm far from the optimum means the learning rate was too high or γ unbounded.",
    correct:
      "It means a large start, rank deficiency or the box of a bounded γ; the unbounded identity does as well as tanh.",
    verdict: "false",
    kind: "iterative",
    check: () => {
      const small = gaussianNetwork(0.01).nuclearNorm;
      return [
        equals("same step and γ, ε = 0.3: nuclear norm", gaussianNetwork(0.3).nuclearNorm, 1.3817367, 2e-6, small),
        equals("unbounded γ, ε = 0.01", gaussianNetwork(0.01, "identity").nuclearNorm, 0.9972797, 2e-6),
      ];
    },
  },
  {
    id: "S32",
    statement: "Boundedness of γ (third assumption) is necessary.",
    correct: "It is not; boundedness with fixed α can even break optimality, by the box.",
    verdict: "false",
    kind: "iterative",
    check: () => {
      const unbounded = diagonal.activationExperiment("identity", 1, false, 0.25);
      return [
        // If boundedness were necessary the identity would stay where it began.
        {
          name: "identity: largest error at T = 300",
          measured: unbounded.error,
          expected: { maximum: 1e-9 },
          tolerance: 0,
          source: 1 - 1.5 * 0.01,
        },
        equals(
          "bounded γ, α fixed: nuclear norm where the optimum is 1.5",
          diagonal.boxExperiment(1e-12).l1,
          1.9038,
          1e-3,
          1.5,
        ),
      ];
    },
  },
  {
    id: "S33",
    statement: "Relu is an unbounded alternative non-linearity.",
    correct: "Singular values are non-negative: the spectral relu is the identity map.",
    verdict: "false",
    kind: "exact",
    check: ({ rng }) => {
      const W = normalMatrix(rng.fork("S33"), 5, 4);
      const entrywise = W.data.map((x) => Math.max(x, 0));
      const change = distance(spectralMap(W, relu).value.data, W.data);
      return [
        {
          name: "largest |Γ(W) − W|",
          measured: change,
          expected: { maximum: 1e-14 },
          tolerance: 0,
          source: distance(entrywise, W.data),
        },
      ];
    },
  },
  {
    id: "S34",
    statement: "The exponential result depends critically on quasi-commutativity.",
    correct: "Its proof does; locally any measurements with J Jᵀ > 0 give the loss rate 2 λ_min(J Jᵀ/N).",
    verdict: "true with conditions",
    kind: "iterative",
    check: () => {
      const problem = gaussianProblem();
      const run = full.networkRun(problem, "tanh", 0.3, 0.3, 3000, [2000, 3000]);
      const { loss } = run.history;
      const n = loss.length;
      const measured = log(loss[n - 2] / loss[n - 1]) / (0.3 * 1000);
      const predicted = localSteps(run.network, problem.measurements, run.parameters).lossRate;
      return [
        equals("predicted rate", predicted, 0.0196, 1e-4),
        equals("measured rate over predicted", measured / predicted, 1, 0.1),
      ];
    },
  },
  {
    id: "S35",
    statement: "The performance for non-commuting measurements is open.",
    correct: "From small starts the result is near the nuclear-norm minimum, and the non-linearity is of no benefit.",
    verdict: "true with conditions",
    kind: "iterative",
    check: () => [
      equals("tanh, ε = 0.01: relative error", gaussianNetwork(0.01).relativeError, 0.0617096, 2e-6),
      equals("identity, ε = 0.01: relative error", gaussianNetwork(0.01, "identity").relativeError, 0.0560103, 2e-6),
      equals("nuclear-norm minimum: relative error", full.gaussianBaselines().nuclear.relativeError, 0.0566873, 2e-6),
    ],
  },
  {
    id: "S36",
    statement: "Minimising the nuclear norm minimises the rank.",
    correct: "It is a relaxation: for [[1, 2], [2, x]] the optimum 4 is at x = 1, rank 2; rank one (x = 4) has norm 5.",
    verdict: "false",
    kind: "exact",
    check: () => {
      const nuclear = (x: number): number =>
        sensingMetrics(
          fromRows([
            [1, 2],
            [2, x],
          ]),
        ).nuclearNorm;
      const rank = sensingMetrics(
        fromRows([
          [1, 2],
          [2, 1],
        ]),
        { rankTolerance: 1e-10 },
      ).numericalRank;
      return [
        equals("nuclear norm at x = 1", nuclear(1), 4, 1e-12, nuclear(4)),
        equals("rank of the nuclear-norm minimiser", rank, 2, 0, 1),
        equals("nuclear norm of the rank-one completion", nuclear(4), 5, 1e-12, nuclear(1)),
      ];
    },
  },
  {
    id: "S37",
    statement: "Rank minimisation or the effective rank may explain the bias.",
    correct: "For unsaturated γ the flow finds rank one; with saturation and trained α it stops in between.",
    verdict: "true with conditions",
    kind: "iterative",
    check: () => [
      equals(
        "unsaturated: effective rank",
        full.completionExperiment("identity", false, 1, 0.01, 0.01).effectiveRank,
        1,
        1e-5,
      ),
      equals(
        "saturated, α trained: effective rank",
        full.completionExperiment("tanh", true, 1, 0.1, 0.01).effectiveRank,
        1.451584,
        2e-4,
      ),
    ],
  },
  {
    id: "S38",
    statement: "A near-zero spectral start is hard to obtain in practice.",
    correct:
      "Φ and Ψ follow from a random combination of the A_i; a small start costs a time of ln(1/ε) only (for depth 3 it is 1/ε).",
    verdict: "true with conditions",
    kind: "iterative",
    check: ({ rng }) => {
      const [c, s] = [1.3, 0.9];
      const problem = diagonalProblem(
        fromRows([[Math.sqrt(c)]]),
        { sigma: Float64Array.of(s) },
        { activation: "identity", alphaTrainable: false },
      );
      const escape = (eps: number): number =>
        diagonalFlow(problem, diagonalState(1, [1], eps), {
          t1: 100,
          lossTolerance: (c * s * s) / 8,
          coordinates: "logarithm",
          record: [0],
        }).time;
      return [
        atMost("residual of recovered Φ, Ψ", full.structureExperiment(rng.fork("S38")).recovery, 1e-10),
        equals("escape time from ε = 1e-4", escape(1e-4), log(s / 1e-8 - 1) / (2 * c * s), 1e-8),
        equals("added by another factor of ten", escape(1e-4) - escape(1e-3), log(100) / (2 * c * s), 1e-5),
      ];
    },
  },
  {
    id: "S39",
    statement: "Spectral networks are more tractable than entrywise ones.",
    correct: "A qualitative statement.",
    verdict: "not testable",
    kind: "exact",
    reason: "tractability is a judgement, not a number",
    check: () => [],
  },
  {
    id: "S40",
    statement: "The numerical section verifies the theorem.",
    correct:
      "Its setting (not near zero, noise, sorted coefficients, four layers) is outside the theorem: the start violates h(0) <= σ*, and sorting makes M ill-conditioned.",
    verdict: "false",
    kind: "statistical",
    check: ({ rng }) => {
      const stream = rng.fork("S40");
      const [n, m, K] = [10, 75, 1];
      // u, v uniform on [0, 1] and four of ten targets zero: the share of coordinates with h(0) > σ*.
      const start = {
        u: new Float64Array(K * n).map(() => stream.uniform()),
        v: new Float64Array(K * n).map(() => stream.uniform()),
      };
      const above = [6, 7, 8, 9].filter((i) => tanh(start.u[i] * start.v[i]) > 0).length;
      const condition = (sorted: boolean): number => {
        const B = normalMatrix(stream.fork("B"), m, n);
        if (sorted) for (let i = 0; i < m; i++) B.data.subarray(i * n, (i + 1) * n).sort();
        const problem = diagonalProblem(
          B,
          { sigma: new Float64Array(n) },
          { activation: "identity", alphaTrainable: false },
        );
        // With γ = identity, α = 1, u = v = √½ the kernel is the identity and the spectrum that of M.
        const { largest, smallest } = diagonalSteps(problem, diagonalState(n, [1], Math.SQRT1_2));
        return largest / smallest;
      };
      return [
        {
          name: "coordinates with target 0 that start above it",
          measured: above,
          expected: 4,
          tolerance: 0,
          source: 0,
        },
        atLeast("condition of M, sorted coefficients", condition(true), 200),
        atMost("condition of M, unsorted", condition(false), 10),
      ];
    },
  },
];
