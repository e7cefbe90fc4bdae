// Longer than usual because it is one list: the recipes that run on matrices, each with table and figure.
import { square } from "../../core/index.js";
import { normalMatrix } from "../../random/index.js";
import {
  completionExperiment,
  depthThree,
  enginesExperiment,
  entrywiseExperiment,
  gaussianBaselines,
  jumpExperiment,
  methodResult,
  type MethodResult,
  networkRun,
  nonSpectralExperiment,
  nuclearNormOf,
  spectralInitExperiment,
  structureExperiment,
} from "./matrix-experiments.js";
import { distance, gaussianProblem, glyphProblem } from "./problems.js";
import { atLeast, atMost, equals, numbers, type Recipe, recipeRecord } from "./recipe.js";
import { orthogonalMatrix } from "../../linalg/index.js";

/** E1: what spectral initialisation is. */
export const spectralInitRecipe: Recipe = {
  id: "E1",
  title: "Spectral initialisation",
  run() {
    const result = spectralInitExperiment();
    return recipeRecord({
      id: "E1",
      title: spectralInitRecipe.title,
      question: "Does U Vᵀ have the singular vectors of the measurements?",
      answer: "Yes to rounding, with singular values u ∘ v, and Γ acts on them alone.",
      comparisons: [
        atMost(
          "singular values against sorted u ∘ v",
          Math.max(...result.products.map((p, k) => distance(p, result.singularValues[k]))),
          1e-13,
        ),
        atMost("largest off-diagonal entry", result.offDiagonal, 1e-15),
        atMost("Γ(U Vᵀ) against Φ γ(u ∘ v) Ψᵀ", result.imageError, 1e-13),
      ],
      table: {
        columns: ["neuron", "index", "u ∘ v", "singular value"],
        rows: result.products.flatMap((p, k) => p.map((w, i) => [k + 1, i + 1, w, result.singularValues[k][i]])),
      },
      figure: {
        title: "Singular values at the start",
        xLabel: "index",
        yLabel: "singular value",
        xScale: "linear",
        yScale: "log",
        series: result.singularValues.map((s, k) => ({ name: `neuron ${k + 1}`, x: s.map((_, i) => i + 1), y: s })),
      },
    });
  },
};

/** E6: commuting measurements with other starts. */
export const nonSpectralRecipe: Recipe = {
  id: "E6",
  title: "Starts that are not spectral",
  run() {
    const schemes = ["spectral", "identity", "random"] as const;
    const scales = [0.3, 0.1, 0.01];
    const results = schemes.flatMap((scheme) =>
      scales.map((epsilon) => ({ scheme, epsilon, ...nonSpectralExperiment(scheme, epsilon) })),
    );
    const of = (scheme: string, epsilon: number): (typeof results)[number] =>
      results.find((r) => r.scheme === scheme && r.epsilon === epsilon)!;
    return recipeRecord({
      id: "E6",
      title: nonSpectralRecipe.title,
      question: "What if measurements commute but the start is not spectral?",
      answer:
        "The diagonal converges to σ* and the nuclear norm to its minimum, but the singular vectors do not: the error stays near 0.4 at every scale.",
      comparisons: [
        atMost("spectral start: off-diagonal part", of("spectral", 0.1).offDiagonal, 1e-13),
        equals("identity start, ε = 0.01: off-diagonal part", of("identity", 0.01).offDiagonal, 0.360208, 1e-4),
        equals("random start, ε = 0.01: off-diagonal part", of("random", 0.01).offDiagonal, 0.402263, 1e-4),
        atMost("identity start: diagonal error", of("identity", 0.01).diagonalError, 1e-8),
        equals("identity start, ε = 0.01: nuclear norm", of("identity", 0.01).nuclearNorm, 2.05, 1e-5),
        atLeast("identity start: relative error", of("identity", 0.01).relativeError, 0.38),
      ],
      table: {
        columns: ["start", "ε", "off-diagonal", "diagonal error", "nuclear norm", "relative error"],
        rows: results.map((r) => [r.scheme, r.epsilon, r.offDiagonal, r.diagonalError, r.nuclearNorm, r.relativeError]),
      },
      figure: {
        title: "Relative error against the initial scale",
        xLabel: "initial scale ε",
        yLabel: "relative error",
        xScale: "log",
        yScale: "log",
        series: schemes.map((scheme) => ({
          name: scheme,
          x: scales,
          y: scales.map((e) => of(scheme, e).relativeError),
        })),
      },
    });
  },
};

const methodColumns = ["method", "nuclear norm", "gap", "relative error", "effective rank", "rank at 1e-3", "loss"];
const methodRow = (name: string, r: MethodResult): (string | number)[] => [
  name,
  r.nuclearNorm,
  r.gap ?? "not computed",
  r.relativeError,
  r.effectiveRank,
  r.rank,
  r.loss,
];

/** E7: Gaussian measurements. */
export const gaussianRecipe: Recipe = {
  id: "E7",
  title: "Gaussian measurements",
  run(context) {
    const problem = gaussianProblem();
    const { regression, nuclear, gap, dual } = gaussianBaselines(problem);
    const record = [0, 10, 20, 50, 100, 200, 500, 1000, 2000, 3000];
    const runs = [
      ["tanh", 0.01],
      ["tanh", 0.1],
      ["tanh", 0.3],
      ["identity", 0.01],
    ] as const;
    const networks = runs.map(([activation, epsilon], i) => {
      context.onProgress?.({ phase: "E7", done: i, total: runs.length + 2 });
      const run = networkRun(problem, activation, epsilon, 0.3, 3000, record);
      return { name: `SNN ${activation}, ε = ${epsilon}`, run, result: methodResult(problem, run.X, dual) };
    });
    const deep = depthThree(problem, 0.1, 0.3, 3000, dual);
    const deepTiny = depthThree(problem, 1e-4, 0.3, 3000, dual);
    return recipeRecord({
      id: "E7",
      title: gaussianRecipe.title,
      question: "What does the network do when the measurements share no singular vectors?",
      answer:
        "From small starts it comes near the nuclear-norm minimum without reaching it; the non-linearity adds nothing, and depth three from a fair start recovers better.",
      comparisons: [
        equals("linear regression: relative error", regression.relativeError, 0.5943998, 1e-6),
        equals("nuclear-norm minimum", nuclear.nuclearNorm, 0.9936195, 1e-6),
        atMost("gap of the nuclear-norm program", Math.abs(gap), 1e-9),
        equals("SNN tanh, ε = 0.01: nuclear norm", networks[0].result.nuclearNorm, 0.9979426, 2e-6),
        equals("SNN tanh, ε = 0.01: relative error", networks[0].result.relativeError, 0.0617096, 2e-6),
        equals("SNN identity, ε = 0.01: relative error", networks[3].result.relativeError, 0.0560103, 2e-6),
        equals("SNN tanh, ε = 0.3: relative error", networks[2].result.relativeError, 0.2822328, 1e-5),
        equals("depth 3, ε = 0.1: relative error", deep.relativeError, 0.0278, 1e-4),
        atLeast("depth 3, ε = 1e-4: never leaves zero", deepTiny.relativeError, 0.999),
      ],
      table: {
        columns: methodColumns,
        rows: [
          methodRow("linear regression", regression),
          methodRow("nuclear-norm minimum", nuclear),
          ...networks.map(({ name, result }) => methodRow(name, result)),
          methodRow("depth 3, ε = 0.1", deep),
          methodRow("depth 3, ε = 1e-4", deepTiny),
        ],
      },
      figure: {
        title: "Effective rank along gradient descent",
        xLabel: "step + 1",
        yLabel: "effective rank",
        xScale: "log",
        yScale: "linear",
        series: networks.map(({ name, run }) => ({
          name,
          x: numbers(run.history.at).map((s) => s + 1),
          y: numbers(run.history.effectiveRank),
        })),
      },
    });
  },
};

/** E10: nuclear norm or rank? */
export const completionRecipe: Recipe = {
  id: "E10",
  title: "Nuclear norm or rank",
  run() {
    const cases = [
      ["identity", false, 1, 0.1, 0.01],
      ["identity", false, 1, 0.01, 0.01],
      ["tanh", false, 8, 0.1, 0.002],
      ["tanh", true, 1, 0.1, 0.01],
      ["tanh", true, 1, 0.01, 0.01],
      ["identity", true, 1, 0.01, 0.01],
    ] as const;
    const results = cases.map((c) => completionExperiment(c[0], c[1], c[2], c[3], c[4]));
    return recipeRecord({
      id: "E10",
      title: completionRecipe.title,
      question: "Completing [[1, 2], [2, x]]: does the network minimise the nuclear norm (x = 1) or the rank (x = 4)?",
      answer:
        "Rank while γ is not saturated; something in between when it saturates and α is trained. Neither describes it in general.",
      comparisons: [
        equals("identity, ε = 0.01: x", results[1].x, 4, 1e-4),
        equals("identity, ε = 0.01: nuclear norm (the optimum is 4)", results[1].nuclearNorm, 5, 1e-4),
        equals("tanh, α = 8 fixed: x", results[2].x, 4.000328, 1e-4),
        equals("tanh, α trained, ε = 0.1: x", results[3].x, 2.136173, 2e-4),
        equals("tanh, α trained, ε = 0.1: nuclear norm", results[3].nuclearNorm, 4.158232, 4e-4),
      ],
      table: {
        columns: ["activation", "α", "start of α", "ε", "x", "nuclear norm", "effective rank"],
        rows: results.map((r, i) => [
          cases[i][0],
          cases[i][1] ? "trained" : "fixed",
          cases[i][2],
          cases[i][3],
          r.x,
          r.nuclearNorm,
          r.effectiveRank,
        ]),
      },
      figure: {
        title: "Completed entry; rank one at 4, nuclear norm at 1, Frobenius norm at 0",
        xLabel: "case (in the order of the table)",
        yLabel: "x",
        xScale: "linear",
        yScale: "linear",
        series: [{ name: "completed entry", x: results.map((_, i) => i + 1), y: results.map((r) => r.x) }],
      },
    });
  },
};

/** E11: a glyph. */
export const glyphRecipe: Recipe = {
  id: "E11",
  title: "A glyph",
  run({ signal, onProgress }) {
    const running = {
      ...(signal === undefined ? {} : { signal }),
      ...(onProgress === undefined ? {} : { onProgress }),
    };
    const problem = glyphProblem(nuclearNormOf);
    const { regression, nuclear, dual } = gaussianBaselines(problem);
    const tanh = networkRun(problem, "tanh", 0.03, 0.5, 3000, 24, running);
    const plain = networkRun(problem, "identity", 0.03, 0.5, 3000, 24, running);
    const deep = depthThree(problem, 0.1, 0.3, 6000, dual);
    const results: readonly (readonly [string, MethodResult, number])[] = [
      ["linear regression", regression, 0.6152148],
      ["nuclear-norm minimum", nuclear, 0.1317424],
      ["SNN tanh", methodResult(problem, tanh.X, dual), 0.1967559],
      ["SNN identity", methodResult(problem, plain.X, dual), 0.1942151],
      ["depth 3", deep, 0.1582434],
    ];
    return recipeRecord({
      id: "E11",
      title: glyphRecipe.title,
      question: "How do the methods compare on a picture sensed with noise?",
      answer:
        "Nuclear norm first, then depth 3, then the networks with and without non-linearity, linear regression far behind.",
      comparisons: results.map(([name, r, expected]) =>
        equals(`${name}: relative error`, r.relativeError, expected, 1e-3 * expected),
      ),
      table: {
        columns: [...methodColumns, "PSNR / dB"],
        rows: results.map(([name, r]) => [...methodRow(name, r), r.psnr]),
      },
      figure: {
        title: "Nuclear norm along gradient descent (truth: 1)",
        xLabel: "step + 1",
        yLabel: "nuclear norm",
        xScale: "log",
        yScale: "linear",
        series: [
          { name: "tanh", x: numbers(tanh.history.at).map((s) => s + 1), y: numbers(tanh.history.nuclearNorm) },
          { name: "identity", x: numbers(plain.history.at).map((s) => s + 1), y: numbers(plain.history.nuclearNorm) },
        ],
      },
    });
  },
};

/** E17: entrywise non-linearity. */
export const entrywiseRecipe: Recipe = {
  id: "E17",
  title: "Entrywise non-linearity",
  run() {
    const steps = [50, 250, 2000, 20_000];
    const results = (["tanh", "relu"] as const).map((name) => ({
      name,
      at: steps.map((s) => entrywiseExperiment(name, s)),
    }));
    const last = results.map(({ at }) => at[at.length - 1]);
    return recipeRecord({
      id: "E17",
      title: entrywiseRecipe.title,
      question: "What if γ acts on the entries instead of the singular values?",
      answer: "The singular vectors drift: little for tanh (4 per cent), completely for relu.",
      comparisons: [
        equals("tanh: off-diagonal part", last[0].offDiagonal, 0.0359625, 1e-4),
        equals("tanh: relative error", last[0].relativeError, 0.0359858, 1e-4),
        equals("relu: off-diagonal part", last[1].offDiagonal, 0.867, 0.05),
        equals("relu: relative error", last[1].relativeError, 1.64, 0.09),
      ],
      table: {
        columns: ["non-linearity", "steps", "loss", "off-diagonal", "nuclear norm", "relative error"],
        rows: results.flatMap(({ name, at }) =>
          at.map((r, i) => [name, steps[i], r.loss, r.offDiagonal, r.nuclearNorm, r.relativeError]),
        ),
      },
      figure: {
        title: "Off-diagonal part",
        xLabel: "step",
        yLabel: "‖offdiag‖ / ‖X‖",
        xScale: "log",
        yScale: "log",
        series: results.map(({ name, at }) => ({ name, x: steps, y: at.map((r) => r.offDiagonal) })),
      },
    });
  },
};

/** E19: two engines. */
export const enginesRecipe: Recipe = {
  id: "E19",
  title: "Matrices against diagonals",
  run() {
    const result = enginesExperiment();
    return recipeRecord({
      id: "E19",
      title: enginesRecipe.title,
      question: "Do the matrices follow the vector equations?",
      answer: "Yes: same trajectory to the tolerance of the integrator, off-diagonal entries at rounding.",
      comparisons: [
        atMost("largest difference of h", result.difference, 1e-7),
        atMost("largest off-diagonal entry", result.offDiagonal, 1e-14),
      ],
      table: { columns: ["t", "h1", "h2", "h3"], rows: result.times.map((t, i) => [t, ...result.h.map((h) => h[i])]) },
      figure: {
        title: "h of the vector equations",
        xLabel: "time",
        yLabel: "h",
        xScale: "linear",
        yScale: "linear",
        series: result.h.map((h, i) => ({ name: `h${i + 1}`, x: result.times, y: h })),
      },
    });
  },
};

/** E20: γ(0) ≠ 0. */
export const jumpRecipe: Recipe = {
  id: "E20",
  title: "γ(0) ≠ 0",
  run({ rng }) {
    const stream = rng.fork("E20");
    const first = orthogonalMatrix(stream.fork("first"), 3);
    const second = orthogonalMatrix(stream.fork("second"), 3);
    const G = normalMatrix(stream.fork("direction"), 3, 3);
    const scales = [1e-1, 1e-2, 1e-3, 1e-4, 1e-5];
    const results = scales.map((epsilon) => jumpExperiment(first, second, G, epsilon));
    const apart = Math.sqrt(first.data.reduce((sum, x, i) => sum + square(x - second.data[i]), 0));
    return recipeRecord({
      id: "E20",
      title: jumpRecipe.title,
      question: "Why must γ(0) be zero?",
      answer:
        "Otherwise Γ jumps at every rank-deficient matrix and its derivative grows like γ(0)/s: gradients blow up exactly where training starts.",
      comparisons: [
        equals("jump at ε = 1e-5 over γ(0) ‖Q₁ − Q₂‖", results[4].jump / (0.5 * apart), 1, 1e-4),
        equals(
          "sigmoid: growth of the derivative from ε = 1e-4 to 1e-5",
          results[4].sigmoid / results[3].sigmoid,
          10,
          1e-3,
        ),
        equals(
          "tanh: derivative at ε = 1e-5 over ‖G‖",
          results[4].tanh / Math.sqrt(G.data.reduce((sum, x) => sum + x * x, 0)),
          1,
          1e-8,
        ),
      ],
      table: {
        columns: ["ε", "jump", "‖DΓ‖ sigmoid", "‖DΓ‖ tanh"],
        rows: results.map((r) => [r.epsilon, r.jump, r.sigmoid, r.tanh]),
      },
      figure: {
        title: "Derivative of the spectral map near zero",
        xLabel: "scale ε",
        yLabel: "‖DΓ*[G]‖",
        xScale: "log",
        yScale: "log",
        series: [
          { name: "sigmoid", x: scales, y: results.map((r) => r.sigmoid) },
          { name: "tanh", x: scales, y: results.map((r) => r.tanh) },
        ],
      },
    });
  },
};

/** E21: structure. */
export const structureRecipe: Recipe = {
  id: "E21",
  title: "Structure of commuting problems",
  run({ rng }) {
    const s = structureExperiment(rng.fork("E21"));
    const rows: readonly (readonly [string, number])[] = [
      ["commutativity defect, commuting family", s.defectCommuting],
      ["commutativity defect, Gaussian family", s.defectGaussian],
      ["change of the nuclear norm within the family of minimisers", s.normChange],
      ["distance within that family", s.familyDistance],
      ["change of the data by an off-diagonal part", s.offDiagonalDataChange],
      ["error that part costs every method", s.unavoidableError],
      ["off-diagonal residual of recovered Φ, Ψ", s.recovery],
      ["dead coordinate at the end", s.deadValue],
      ["loss with a dead coordinate", s.deadLoss],
    ];
    return recipeRecord({
      id: "E21",
      title: structureRecipe.title,
      question: "What do commuting measurements determine?",
      answer:
        "The diagonal in Φ, Ψ and nothing else: the nuclear-norm minimiser is not unique, and off-diagonal parts of the truth are invisible.",
      comparisons: [
        atMost("commutativity defect, commuting family", s.defectCommuting, 1e-13),
        equals("commutativity defect, Gaussian family", s.defectGaussian, 1.3164293733721, 1e-10),
        atMost("change of the nuclear norm within the family of minimisers", s.normChange, 1e-12),
        atMost("change of the data within it", s.dataChange, 1e-12),
        atLeast("distance within that family", s.familyDistance, 0.1),
        atMost("change of the data by an off-diagonal part", s.offDiagonalDataChange, 1e-12),
        equals("error that part costs every method", s.unavoidableError, 0.8190364704639, 1e-10),
        atMost("off-diagonal residual of recovered Φ, Ψ", s.recovery, 1e-10),
        equals("dead coordinate stays", s.deadValue, 0, 0),
        equals("loss with a dead coordinate", s.deadLoss, 0.013646138305867, 1e-10),
      ],
      table: { columns: ["quantity", "value"], rows },
      figure: {
        title: "Quantities that are zero in exact arithmetic",
        xLabel: "quantity (defect, norm change, data change, invisible part, recovery)",
        yLabel: "value",
        xScale: "linear",
        yScale: "log",
        series: [
          {
            name: "measured",
            x: [1, 2, 3, 4, 5],
            y: [s.defectCommuting, s.normChange, s.dataChange, s.offDiagonalDataChange, s.recovery].map((v) =>
              Math.max(v, 1e-17),
            ),
          },
        ],
      },
    });
  },
};
