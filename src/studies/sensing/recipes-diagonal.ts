// Longer than usual because it is one list: the recipes that run in diagonal coordinates, each with table and figure.
import { diagonalFlow, mirrorLimit, type SpectralActivationName } from "../../sensing/index.js";
import { fillNormal } from "../../random/index.js";
import {
  activationExperiment,
  balanced,
  boxExperiment,
  deficientExperiment,
  driftExperiment,
  neuronExperiment,
  noiseExperiment,
  overshootExperiment,
  rateExperiment,
  stepExperiment,
  trajectoryProblems,
  violationExperiment,
  violations,
  zeroTargetExperiment,
} from "./diagonal-experiments.js";
import { deficientProblem, distance } from "./problems.js";
import { atLeast, atMost, equals, numbers, type Recipe, recipeRecord, type RecipeSeries } from "./recipe.js";

const mode = (alphaTrainable: boolean): string => (alphaTrainable ? "α trained" : "α fixed");
/** Every n-th entry, for figures. */
const thin = (values: readonly number[], n: number): number[] => values.filter((_, i) => i % n === 0);

/** E2: exponential rates with their exact constants. */
export const ratesRecipe: Recipe = {
  id: "E2",
  title: "Exponential rates",
  run() {
    const cases = [
      ["tanh", false, 1.601652],
      ["tanh", true, 1.946385],
      ["identity", false, 1.699694],
      ["softsat", false, 0.279796],
    ] as const;
    const results = cases.map(([activation, trained]) => rateExperiment(activation, trained));
    return recipeRecord({
      id: "E2",
      title: ratesRecipe.title,
      question: "Does the loss fall exponentially, and at which rate?",
      answer:
        "Yes for full column rank and positive targets: at 2 λ_min of the limiting kernel, inside a two-sided envelope all along.",
      comparisons: results.flatMap((result, i) => [
        equals(
          `${result.activation}, ${mode(result.alphaTrainable)}: predicted rate`,
          result.predicted,
          cases[i][2],
          2e-6,
        ),
        equals(
          `${result.activation}, ${mode(result.alphaTrainable)}: measured over predicted`,
          result.measured / result.predicted,
          1,
          0.03,
        ),
        equals(`${result.activation}, ${mode(result.alphaTrainable)}: envelope holds`, result.envelope ? 1 : 0, 1, 0),
      ]),
      table: {
        columns: ["activation", "α", "rate predicted", "rate measured", "envelope"],
        rows: results.map((r) => [
          r.activation,
          mode(r.alphaTrainable),
          r.predicted,
          r.measured,
          r.envelope ? "holds" : "violated",
        ]),
      },
      figure: {
        title: "Loss and the upper end of its envelope",
        xLabel: "time",
        yLabel: "loss",
        xScale: "linear",
        yScale: "log",
        series: results.flatMap((r) => [
          { name: `${r.activation}, ${mode(r.alphaTrainable)}`, x: thin(r.times, 10), y: thin(r.loss, 10) },
          { name: `${r.activation}, ${mode(r.alphaTrainable)}: envelope`, x: thin(r.times, 10), y: thin(r.upper, 10) },
        ]),
      },
    });
  },
};

/** E3: h does not increase monotonically. */
export const monotonicityRecipe: Recipe = {
  id: "E3",
  title: "Overshoot",
  run() {
    const expected = {
      identityfalse: 0,
      identitytrue: 0.001433566,
      positivefalse: 0.02876374,
      positivetrue: 0.08437809,
    };
    const cases = (["identity", "positive"] as const).flatMap((M) =>
      [false, true].map((t) => overshootExperiment(M, t)),
    );
    return recipeRecord({
      id: "E3",
      title: monotonicityRecipe.title,
      question: "Does h increase strictly until it reaches σ*?",
      answer: "Only for diagonal M and fixed α; otherwise it overshoots by up to 8 per cent and comes back.",
      comparisons: cases.map((c) =>
        equals(
          `overshoot, M ${c.M}, ${mode(c.alphaTrainable)}`,
          Math.max(...c.overshoot),
          expected[`${c.M}${c.alphaTrainable}`],
          1e-7,
        ),
      ),
      table: {
        columns: ["M", "α", "overshoot 1", "overshoot 2", "overshoot 3"],
        rows: cases.map((c) => [c.M, mode(c.alphaTrainable), ...c.overshoot]),
      },
      figure: {
        title: "h against time, M entrywise positive, α trained; targets 1.2, 0.6, 0.1",
        xLabel: "time",
        yLabel: "h",
        xScale: "linear",
        yScale: "linear",
        series: cases[3].h.map((h, i) => ({
          name: `h${i + 1}`,
          x: thin(cases[3].times, 20).slice(0, 101),
          y: thin(h, 20).slice(0, 101),
        })),
      },
    });
  },
};

/** E4: sublinear approach to a zero target. */
export const zeroTargetRecipe: Recipe = {
  id: "E4",
  title: "A target of zero",
  run() {
    const result = zeroTargetExperiment();
    return recipeRecord({
      id: "E4",
      title: zeroTargetRecipe.title,
      question: "Is convergence exponential for low-rank targets?",
      answer: "Not from a balanced start: the coordinates with target 0 fall like 1/(2 α t); u² ≠ v² restores a rate.",
      comparisons: [
        equals("h t at t = 2000", result.limit, 0.332926, 1e-5),
        equals("its limit 1/(2 α)", result.limit, 1 / 3, 1e-3),
        equals("unbalanced: rate α² c M", result.rate, 0.4725, 1e-3),
      ],
      table: {
        columns: ["t", "h balanced", "h t"],
        rows: result.times.map((t, i) => [t, result.balanced[i], result.balanced[i] * t]),
      },
      figure: {
        title: "The coordinate with target 0",
        xLabel: "time",
        yLabel: "h",
        xScale: "log",
        yScale: "log",
        series: [
          { name: "balanced u = v", x: result.times.slice(1), y: result.balanced.slice(1) },
          { name: "unbalanced", x: result.unbalancedTimes.slice(1), y: result.unbalanced.slice(1) },
        ],
      },
    });
  },
};

/** E5 and E5b: what replaces σ* when the measurements do not determine it. */
export const deficientRecipe: Recipe = {
  id: "E5",
  title: "Rank-deficient commuting measurements",
  run() {
    const scales = [1e-1, 1e-2, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12];
    const sweep = (activation: SpectralActivationName): number[] =>
      scales.map((w0) => mirrorLimit(deficientProblem(activation, false), balanced([1], [w0], 3)).nuclearNorm);
    const identitySweep = sweep("identity");
    const tanhSweep = sweep("tanh");
    const trained = [
      ["identity", 1e-2, 1.311896],
      ["identity", 1e-6, 1.279846],
      ["tanh", 1e-6, 1.281655],
    ] as const;
    const l1 = trained.map(([activation, w0]) => deficientExperiment(activation, [1], [w0]).l1);
    const box = [1e-2, 1e-6, 1e-12].map((w0) => boxExperiment(w0).l1);
    const optimum = 1.268181818181818;
    return recipeRecord({
      id: "E5",
      title: deficientRecipe.title,
      question: "Which interpolant does the flow choose when B does not have full column rank?",
      answer:
        "It depends on the initial scale; as that goes to zero the nuclear norm tends to the optimum, unless the optimum lies outside the box of a bounded γ with fixed α.",
      comparisons: [
        equals("α fixed, identity, w0 = 0.1", identitySweep[0], 1.32433059, 1e-7),
        equals("α fixed, identity, w0 = 1e-8", identitySweep[4], 1.27363851, 1e-7),
        atLeast("still above the optimum at w0 = 1e-12", identitySweep[6] - optimum, 1e-4),
        ...trained.map(([activation, w0, expected], i) =>
          equals(`α trained, ${activation}, w0 = ${w0}`, l1[i], expected, 1e-6),
        ),
        equals("box: l1 at w0 = 1e-12 (optimum 1.5, regression 1.8)", box[2], 1.903795, 1e-3),
      ],
      table: {
        columns: ["w0", "l1, identity", "l1, tanh", "optimum", "linear regression"],
        rows: scales.map((w0, i) => [w0, identitySweep[i], tanhSweep[i], optimum, 1.3296]),
      },
      figure: {
        title: "Excess of the nuclear norm over its minimum",
        xLabel: "initial scale w0",
        yLabel: "‖X‖_* − optimum",
        xScale: "log",
        yScale: "log",
        series: [
          { name: "identity", x: scales, y: identitySweep.map((v) => v - optimum) },
          { name: "tanh", x: scales, y: tanhSweep.map((v) => v - optimum) },
        ],
      },
    });
  },
};

/** E8: boundedness of γ is not what matters, γ(0) = 0 is. */
export const activationsRecipe: Recipe = {
  id: "E8",
  title: "Activations",
  run() {
    const names: readonly SpectralActivationName[] = ["tanh", "identity", "softsat", "expsat", "sig0", "sigmoid"];
    const results = names.flatMap((name) =>
      [1, 2].flatMap((K) =>
        [true, false].flatMap((t) => [0.25, 0].map((sigma3) => activationExperiment(name, K, t, sigma3))),
      ),
    );
    const good = results.filter((r) => r.activation !== "sigmoid");
    const worst = (sigma3: number): number => Math.max(...good.filter((r) => r.sigma3 === sigma3).map((r) => r.loss));
    const sigmoid = results.filter((r) => r.activation === "sigmoid" && r.sigma3 === 0.25 && !r.alphaTrainable);
    return recipeRecord({
      id: "E8",
      title: activationsRecipe.title,
      question: "Must γ be bounded, and is any differentiable, bounded, non-decreasing γ good enough?",
      answer: "Neither: the unbounded identity converges like the others, and the sigmoid fails because γ(0) ≠ 0.",
      comparisons: [
        atMost("γ(0) = 0, all targets positive: worst loss", worst(0.25), 1e-12),
        atMost("γ(0) = 0, a zero target: worst loss at T = 300", worst(0), 5e-6),
        atLeast(
          "a zero target: best loss at T = 300 (sublinear)",
          Math.min(...good.filter((r) => r.sigma3 === 0).map((r) => r.loss)),
          1e-7,
        ),
        atLeast("sigmoid, α fixed: best loss", Math.min(...sigmoid.map((r) => r.loss)), 1e-2),
      ],
      table: {
        columns: ["activation", "K", "α", "σ3", "loss at T = 300", "largest error"],
        rows: results.map((r) => [r.activation, r.K, mode(r.alphaTrainable), r.sigma3, r.loss, r.error]),
      },
      figure: {
        title: "Loss at T = 300, α fixed, K = 1",
        xLabel: "activation (in the order of the table)",
        yLabel: "loss",
        xScale: "linear",
        yScale: "log",
        series: [0.25, 0].map((sigma3) => {
          const rows = results.filter((r) => r.K === 1 && !r.alphaTrainable && r.sigma3 === sigma3);
          return { name: `σ3 = ${sigma3}`, x: rows.map((_, i) => i + 1), y: rows.map((r) => Math.max(r.loss, 1e-30)) };
        }),
      },
    });
  },
};

/** E9: the local answer to the learning-rate question. */
export const stepSizeRecipe: Recipe = {
  id: "E9",
  title: "Step sizes",
  run() {
    const trained = stepExperiment(true);
    const fixed = stepExperiment(false);
    const figure = (r: typeof trained, name: string): RecipeSeries[] =>
      r.runs.map((run) => ({
        name: `${name}, ${run.multiple} η_crit`,
        x: numbers(run.at),
        y: run.loss.map((l) => Math.max(l, 1e-34)),
      }));
    const run = (r: typeof trained, multiple: number): (typeof trained.runs)[number] =>
      r.runs.find((x) => x.multiple === multiple)!;
    return recipeRecord({
      id: "E9",
      title: stepSizeRecipe.title,
      question: "What is the optimal learning rate?",
      answer:
        "Locally 2/(λ_min + λ_max), stable below 2/λ_max. Beyond it the iteration leaves: to a flatter minimum when α is trained, into a permanent oscillation when α is fixed and balanced.",
      comparisons: [
        equals("η_crit, α trained", trained.critical, 0.3903729, 1e-6),
        equals("η_crit, α fixed", fixed.critical, 0.7059735, 1e-6),
        equals("best step, α trained", trained.best, 0.3280572, 1e-6),
        atMost("0.98 η_crit converges, α trained", run(trained, 0.98).finalLoss, 1e-20),
        atLeast("1.02 η_crit leaves the neighbourhood: largest loss", run(trained, 1.02).largestLoss, 1e-4),
        atMost("1.02 η_crit, α trained: settles again", run(trained, 1.02).finalLoss, 1e-20),
        equals("1.02 η_crit, α trained: η λ_max at the flatter minimum", run(trained, 1.02).product, 1.968, 2e-3),
        equals("1.02 η_crit, α fixed: oscillates at loss", run(fixed, 1.02).finalLoss, 0.01306338, 1e-4),
      ],
      table: {
        columns: ["α", "η / η_crit", "loss after 20000 steps", "largest loss", "η λ_max at the end"],
        rows: [trained, fixed].flatMap((r) =>
          r.runs.map((x) => [mode(r.alphaTrainable), x.multiple, x.finalLoss, x.largestLoss, x.product]),
        ),
      },
      figure: {
        title: "Loss of gradient descent started near the minimum",
        xLabel: "step",
        yLabel: "loss",
        xScale: "linear",
        yScale: "log",
        series: [...figure(trained, "α trained"), ...figure(fixed, "α fixed")],
      },
    });
  },
};

/** E12: more neurons. */
export const neuronsRecipe: Recipe = {
  id: "E12",
  title: "Number of neurons",
  run() {
    const K = [1, 2, 4, 8];
    const each = neuronExperiment(false, false);
    const shared = neuronExperiment(false, true);
    const trainedEach = neuronExperiment(true, false);
    const trainedShared = neuronExperiment(true, true);
    return recipeRecord({
      id: "E12",
      title: neuronsRecipe.title,
      question: "Do more neurons slow convergence?",
      answer: "The opposite for equal α_k; for a fixed sum α/K each the time is multiplied by exactly K.",
      comparisons: [
        equals("K = 1", each[0], 13.58924, 2e-3),
        equals("K = 8, α = 1.5 each", each[3], 8.883639, 1e-3),
        equals("K = 8, α = 1.5/8 each: time over K = 1", shared[3] / shared[0], 8, 1e-6),
        equals("K = 2, α = 1.5/2 each: time over K = 1", shared[1] / shared[0], 2, 1e-6),
      ],
      table: {
        columns: ["K", "α = 1.5 each", "α = 1.5/K each", "trained, 1.5 each", "trained, 1.5/K each"],
        rows: K.map((k, i) => [k, each[i], shared[i], trainedEach[i], trainedShared[i]]),
      },
      figure: {
        title: "Time to loss 1e-10",
        xLabel: "neurons",
        yLabel: "time",
        xScale: "log",
        yScale: "log",
        series: [
          { name: "1.5 each", x: K, y: each },
          { name: "1.5/K each", x: K, y: shared },
        ],
      },
    });
  },
};

/** E13: what finite steps change. */
export const driftRecipe: Recipe = {
  id: "E13",
  title: "Drift of the invariants",
  run() {
    const etas = [0.1, 0.05, 0.025, 0.0125];
    const drift = etas.map((eta) => driftExperiment(eta).drift[0]);
    const expected = [-0.02956533, -0.01371779, -0.006610483, -0.003245095];
    return recipeRecord({
      id: "E13",
      title: driftRecipe.title,
      question: "Does gradient descent behave like the flow?",
      answer: "It keeps the singular vectors but not u² − v², which drifts in proportion to the step.",
      comparisons: [
        ...etas.map((eta, i) => equals(`drift at η = ${eta}`, drift[i], expected[i], 1e-8)),
        equals("halving the step: last ratio", drift[2] / drift[3], 2, 0.05),
      ],
      table: { columns: ["η", "drift of u² − v²"], rows: etas.map((eta, i) => [eta, drift[i]]) },
      figure: {
        title: "Drift over a total time of 200",
        xLabel: "step η",
        yLabel: "|drift|",
        xScale: "log",
        yScale: "log",
        series: [{ name: "first coordinate", x: etas, y: drift.map(Math.abs) }],
      },
    });
  },
};

/** E14: noise. */
export const noiseRecipe: Recipe = {
  id: "E14",
  title: "Noise and the sign constraint",
  run({ rng }) {
    // Enough noise that plain least squares wants a negative coordinate: the target has two zeros.
    const stream = rng.fork("E14");
    const [m, d] = [12, 4];
    const B = { rows: m, cols: d, data: fillNormal(stream, new Float64Array(m * d)).map((x) => 0.5 * x) };
    const sigma = [1, 0.7, 0, 0];
    const y = Float64Array.from({ length: m }, (_, i) =>
      sigma.reduce((sum, s, j) => sum + s * B.data[i * d + j], 0.3 * stream.normal()),
    );
    const result = noiseExperiment(B, y);
    return recipeRecord({
      id: "E14",
      title: noiseRecipe.title,
      question: "Where does the flow go when the data are inconsistent?",
      answer:
        "From balanced starts to the non-negative least-squares solution: the active constraints are approached exponentially, a target of exactly zero sublinearly.",
      comparisons: [atMost("largest distance to non-negative least squares", distance(result.h, result.nnls), 1e-2)],
      table: {
        columns: ["coordinate", "flow at T = 600", "non-negative least squares", "least squares"],
        rows: result.h.map((h, i) => [i + 1, h, result.nnls[i], result.leastSquares[i]]),
      },
      figure: {
        title: "The flow and the two least-squares solutions",
        xLabel: "coordinate",
        yLabel: "h",
        xScale: "linear",
        yScale: "linear",
        series: [
          { name: "flow", x: result.h.map((_, i) => i + 1), y: result.h },
          { name: "non-negative least squares", x: result.nnls.map((_, i) => i + 1), y: result.nnls },
          { name: "least squares", x: result.leastSquares.map((_, i) => i + 1), y: result.leastSquares },
        ],
      },
    });
  },
};

/** E15: the second assumption. */
export const violationsRecipe: Recipe = {
  id: "E15",
  title: "Starts above the target, saturated, out of reach",
  run() {
    const results = Object.keys(violations).flatMap((name) =>
      [false, true].map((trained) => ({ name, trained, ...violationExperiment(name, trained) })),
    );
    const of = (name: string, trained: boolean): number =>
      results.find((r) => r.name === name && r.trained === trained)!.loss;
    return recipeRecord({
      id: "E15",
      title: violationsRecipe.title,
      question: "Is h(0) <= σ* needed?",
      answer:
        "No: starts above the target converge. What fails is a target out of reach of fixed α, and saturation with trained α.",
      comparisons: [
        ...["above", "saturated", "mixed"].map((name) => atMost(`${name}, α fixed`, of(name, false), 1e-20)),
        atMost("above, α trained", of("above", true), 1e-20),
        equals("saturated, α trained: stuck", of("saturated", true), 0.03817923, 4e-4),
        equals("unreachable, α fixed", of("unreachable", false), 0.02657963, 3e-4),
        atMost("unreachable for fixed α, reached with trained α", of("unreachable", true), 1e-20),
      ],
      table: {
        columns: ["start", "α", "loss at T = 400", "largest error"],
        rows: results.map((r) => [r.name, mode(r.trained), r.loss, r.error]),
      },
      figure: {
        title: "Loss at T = 400",
        xLabel: "start (in the order of the table)",
        yLabel: "loss",
        xScale: "linear",
        yScale: "log",
        series: [false, true].map((trained) => {
          const rows = results.filter((r) => r.trained === trained);
          return { name: mode(trained), x: rows.map((_, i) => i + 1), y: rows.map((r) => Math.max(r.loss, 1e-32)) };
        }),
      },
    });
  },
};

/** E16: conserved quantities. */
export const invariantsRecipe: Recipe = {
  id: "E16",
  title: "Invariants of the flow",
  run() {
    const results = trajectoryProblems().map(({ name, problem, start }) => ({
      name,
      run: diagonalFlow(problem, start, { t1: 8, record: 81 }),
    }));
    return recipeRecord({
      id: "E16",
      title: invariantsRecipe.title,
      question: "What does the flow conserve?",
      answer: "u² − v² in every coordinate, and α²/2 − Σ P(w) per neuron when α is trained.",
      comparisons: results.flatMap(({ name, run }) => [
        atMost(`${name}: drift of u² − v²`, run.invariants.balance, 1e-11),
        ...(run.invariants.alpha === null
          ? []
          : [atMost(`${name}: drift of the α invariant`, run.invariants.alpha, 1e-11)]),
      ]),
      table: {
        columns: ["trajectory", "drift of u² − v²", "drift of α²/2 − Σ P"],
        rows: results.map(({ name, run }) => [name, run.invariants.balance, run.invariants.alpha ?? "α fixed"]),
      },
      figure: {
        title: "α along the flow: what h gains, α²/2 gains through P",
        xLabel: "time",
        yLabel: "α of the first neuron",
        xScale: "linear",
        yScale: "linear",
        series: results.map(({ name, run }) => ({ name, x: numbers(run.at), y: run.states.map((s) => s.alpha[0]) })),
      },
    });
  },
};

/** E18: integrators. */
export const integratorsRecipe: Recipe = {
  id: "E18",
  title: "Integrators",
  run() {
    const { problem, start } = trajectoryProblems()[0];
    const exact = diagonalFlow(problem, start, {
      t1: 8,
      record: 2,
      tolerance: { relative: 1e-14, absolute: 1e-16 },
    }).finalH;
    const tolerances = [1e-4, 1e-6, 1e-8, 1e-10, 1e-12];
    const results = (["dopri5", "dop853"] as const).flatMap((method) =>
      tolerances.map((relative) => {
        const run = diagonalFlow(problem, start, {
          t1: 8,
          record: [8],
          method,
          tolerance: { relative, absolute: relative * 1e-2 },
        });
        return { method, relative, effort: run.convergence.matvecs, error: distance(run.finalH, exact) };
      }),
    );
    const at = (method: string, relative: number): (typeof results)[number] =>
      results.find((r) => r.method === method && r.relative === relative)!;
    return recipeRecord({
      id: "E18",
      title: integratorsRecipe.title,
      question: "Which integrator, at which tolerance?",
      answer: "dop853 at 1e-12 gives errors of 1e-13 for some 750 evaluations; dopri5 is cheaper only above 1e-7.",
      comparisons: [
        atMost("dop853 at 1e-12: error", at("dop853", 1e-12).error, 1e-12),
        atMost("dop853 at 1e-12: evaluations", at("dop853", 1e-12).effort, 900),
        atMost("dopri5 at 1e-8: error", at("dopri5", 1e-8).error, 2e-8),
        atMost("dopri5 at 1e-8: evaluations", at("dopri5", 1e-8).effort, 450),
      ],
      table: {
        columns: ["method", "relative tolerance", "evaluations", "error at T = 8"],
        rows: results.map((r) => [r.method, r.relative, r.effort, r.error]),
      },
      figure: {
        title: "Error against effort",
        xLabel: "evaluations",
        yLabel: "error at T = 8",
        xScale: "log",
        yScale: "log",
        series: (["dopri5", "dop853"] as const).map((method) => {
          const rows = results.filter((r) => r.method === method);
          return { name: method, x: rows.map((r) => r.effort), y: rows.map((r) => Math.max(r.error, 1e-17)) };
        }),
      },
    });
  },
};
