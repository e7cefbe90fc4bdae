import {
  defined,
  type Matrix,
  requireInteger,
  requireNumber,
  requireOptions,
  requirePositive,
  type Tagged,
  undefinedBecause,
  UnsupportedError,
  pow,
  square,
  log,
} from "../core/index.js";
import {
  argmaxRows,
  type DataLike,
  loss as lossOf,
  type Network,
  predict,
  requireData,
  requireParameters,
} from "../networks/index.js";
import type { Rng } from "../random/index.js";
import { pacBayes, type PacBayesBound } from "./pac-bayes.js";
import { effectiveWeights, homogeneousWeights, isContractive, layerNorms, pathNorm } from "./weights.js";

/** Options of {@link generalizationBounds}. */
export interface GeneralizationBoundOptions {
  /** Margin γ > 0 (default: the median of the positive margins). */
  readonly margin?: number;
  /** Failure probability δ of the PAC-Bayes bound in (0, 1) (default 0.05). */
  readonly delta?: number;
  /** PAC-Bayes prior mean, chosen without the data: usually the initialisation. Without it that bound is left out. */
  readonly prior?: Float64Array;
  /** Standard deviations σ of prior and posterior to choose from; the choice is paid for by a union bound. */
  readonly deviations?: readonly number[];
  /** Weight draws for the posterior's training error (default 20). */
  readonly draws?: number;
  /** Randomness of the draws. */
  readonly rng?: Rng;
}

/** One complexity and what it would promise. */
export interface GeneralizationBound {
  /** Theorem it belongs to. */
  readonly name: string;
  /** Formula of the complexity, in words. */
  readonly formula: string;
  /** The complexity term, or the reason why there is none. */
  readonly complexity: Tagged;
  /** Margin error plus complexity, which the theorem bounds the test error by up to the constants and logarithms left out. */
  readonly total: Tagged;
  /** True when `total` is at least 1: it then says nothing, since every error is at most 1. */
  readonly vacuous: boolean;
  /** True when constants or logarithms are left out. */
  readonly upToConstants: boolean;
}

/** Norm-based and PAC-Bayes statements about a classifier, with everything that went into them. */
export interface GeneralizationReport {
  /** Margins f_y − max_{c≠y} f_c of the samples. */
  readonly margins: Float64Array;
  /** The margin γ that was used. */
  readonly margin: number;
  /** Mean of the ramp loss at γ: 1 below 0, 0 above γ, linear between. */
  readonly rampError: number;
  /** Share of samples with margin below γ, an upper bound of the ramp loss. */
  readonly marginError: number;
  /** Share of samples with margin <= 0. */
  readonly trainingError: number;
  /** √(Σ‖x_i‖²), max ‖x_i‖ and the largest modulus of an entry, with the constant unit where biases are absorbed. */
  readonly inputNorms: { readonly frobenius: number; readonly largest: number; readonly entry: number };
  /** ∏ ‖W_l‖₂. */
  readonly spectralProduct: number;
  /** ℓ1 path norm. */
  readonly pathNormL1: number;
  /** ℓ2 path norm. */
  readonly pathNormL2: number;
  /** Bartlett's R_A = ∏ s_l (Σ (‖W_lᵀ‖_{2,1}/s_l)^{2/3})^{3/2} with reference matrices 0. */
  readonly bartlettNorm: number;
  /** The bounds. */
  readonly bounds: readonly GeneralizationBound[];
  /** The PAC-Bayes bound with its prior and posterior, or why it is absent. */
  readonly pacBayes: Tagged<PacBayesBound>;
  /** What the theorems assume. */
  readonly assumptions: readonly string[];
}

/**
 * Evaluates generalisation bounds of a classifier: Bartlett, Neyshabur, Golowich, path norms, and a PAC-Bayes bound.
 *
 * Relation: with s_l = ‖W_l‖₂, n samples, margin γ, X the inputs, B = max‖x_i‖, d layers of width at most h:
 * Bartlett ‖X‖_F R_A/(γ n); Neyshabur √(B² d² h ln(dh) ∏ s² Σ‖W‖_F²/s² / (γ² n)); Golowich B(√(2 d ln 2) + 1) ∏‖W‖_F/(γ √n);
 * path 2^{d−1} (ℓ1 path norm) max|x| √(2 ln(2D))/(γ √n). These carry no leading constants or logarithms and are complexities, not error rates; the PAC-Bayes
 * bound is complete. Bounds of 1 and more are marked vacuous, the
 * PAC-Bayes bound already from the error of guessing, 1 − 1/outputs, on.
 * Biases are absorbed by a constant input 1, which changes the norms and not the function.
 *
 * @param data labelled data of at least two classes
 * @throws {UnsupportedError} for layers other than dense and activation, or a single output
 *
 * Cost: one SVD per layer, a forward pass, and `draws` forward passes per deviation for PAC-Bayes.
 * @see [bartlett2017]
 * @see [neyshabur2018]
 * @see [golowich2018]
 * @see [neyshabur2015]
 *
 * @example
 * ```ts
 * import { generalizationBounds } from "eigenscope/curvature";
 * import { mlp } from "eigenscope/networks";
 * const net = mlp({ sizes: [2, 2], bias: false, loss: "cross-entropy" });
 * const report = generalizationBounds(net, Float64Array.of(1, 0, 0, 1), { inputs: [[3, 1], [0, 2]], targets: [0, 1] }, { margin: 1 });
 * console.log(report.trainingError, report.spectralProduct, report.bounds.every((bound) => bound.vacuous)); // 0 1 true
 * ```
 */
export function generalizationBounds(
  net: Network,
  params: Float64Array,
  data: DataLike,
  options: GeneralizationBoundOptions = {},
): GeneralizationReport {
  const caller = "generalizationBounds";
  requireOptions(options, ["margin", "delta", "prior", "deviations", "draws", "rng"], caller);
  requireParameters(net, params, caller);
  if (net.outputs < 2) {
    throw new UnsupportedError({
      function: caller,
      argument: "net",
      expected: "a classifier with at least two outputs",
      got: `${net.outputs} output`,
      remedy: "margins compare the outputs of classes",
    });
  }
  const { inputs, targets } = requireData(net, data, lossOf("cross-entropy"), caller);
  const collected = effectiveWeights(net, params, caller);
  const { weights, augmented } = homogeneousWeights(collected);
  const margins = marginsOf(predict(net, params, inputs), argmaxRows(targets));
  const margin =
    options.margin === undefined ? defaultMargin(margins) : requirePositive(options.margin, "margin", caller);
  const n = inputs.rows;
  const rampError = margins.reduce((sum, m) => sum + Math.min(1, Math.max(0, 1 - m / margin)), 0) / n;
  const trainingError = margins.filter((m) => m <= 0).length / n;
  const norms = weights.map(layerNorms);
  const spectralProduct = norms.reduce((product, layer) => product * layer.spectral, 1);
  const frobeniusProduct = norms.reduce((product, layer) => product * layer.frobenius, 1);
  const inputNorms = normsOfInputs(inputs, augmented);
  // Written without dividing by s_l, so that a layer of zeros gives 0 and not NaN.
  const spread = norms.reduce(
    (sum, layer) => sum + (layer.spectral === 0 ? 0 : pow(layer.rowSum / layer.spectral, 2 / 3)),
    0,
  );
  const bartlettNorm = spectralProduct * pow(spread, 1.5);
  const pathNormL1 = pathNorm(weights, 1);
  const pathNormL2 = pathNorm(weights, 2);
  const d = weights.length;
  const h = Math.max(...weights.map((W) => Math.max(W.rows, W.cols)));
  const ratioSum = norms.reduce(
    (sum, layer) => sum + (layer.spectral === 0 ? 0 : square(layer.frobenius / layer.spectral)),
    0,
  );
  const neyshaburCore =
    inputNorms.largest * inputNorms.largest * (d * d) * h * log(d * h) * (spectralProduct * spectralProduct) * ratioSum;

  const bound = (
    name: string,
    formula: string,
    complexity: number,
    admitted: (activation: string) => boolean,
    needs: string,
  ): GeneralizationBound => {
    const outside = collected.activations.find((activation) => !admitted(activation));
    if (outside !== undefined) {
      const reason = `the theorem needs ${needs}, and ${outside} is not`;
      return {
        name,
        formula,
        complexity: undefinedBecause(reason),
        total: undefinedBecause(reason),
        vacuous: true,
        upToConstants: true,
      };
    }
    const total = rampError + complexity;
    return {
      name,
      formula,
      complexity: defined(complexity),
      total: defined(total),
      vacuous: !(total < 1),
      upToConstants: true,
    };
  };
  const isRelu = (activation: string): boolean => activation === "relu";
  const isHomogeneous = (activation: string): boolean => isRelu(activation) || ["abs", "identity"].includes(activation);
  return {
    margins,
    margin,
    rampError,
    marginError: margins.filter((m) => m < margin).length / n,
    trainingError,
    inputNorms,
    spectralProduct,
    pathNormL1,
    pathNormL2,
    bartlettNorm,
    bounds: [
      bound(
        "Bartlett, Foster and Telgarsky 2017",
        "‖X‖_F R_A/(γ n)",
        (inputNorms.frobenius * bartlettNorm) / (margin * n),
        isContractive,
        "1-Lipschitz activations with φ(0) = 0",
      ),
      bound(
        "Neyshabur, Bhojanapalli and Srebro 2018",
        "√(B² d² h ln(dh) ∏s² Σ‖W‖_F²/s²)/(γ √n)",
        Math.sqrt(neyshaburCore / n) / margin,
        isRelu,
        "ReLU activations",
      ),
      bound(
        "Golowich, Rakhlin and Shamir 2018",
        "B(√(2 d ln 2) + 1) ∏‖W‖_F/(γ √n)",
        (inputNorms.largest * (Math.sqrt(2 * Math.LN2 * d) + 1) * frobeniusProduct) / (margin * Math.sqrt(n)),
        isHomogeneous,
        "1-Lipschitz positive-homogeneous activations",
      ),
      bound(
        "Neyshabur, Tomioka and Srebro 2015",
        "2^(d−1) (ℓ1 path norm) max|x| √(2 ln(2D))/(γ √n), D the input width",
        (pow(2, d - 1) * pathNormL1 * inputNorms.entry * Math.sqrt(2 * log(2 * weights[0].cols))) /
          (margin * Math.sqrt(n)),
        isRelu,
        "ReLU activations",
      ),
    ],
    pacBayes: pacBayesOf(net, params, inputs, argmaxRows(targets), options),
    assumptions: [
      "samples are independent draws from the distribution of the test data",
      "norm-based values leave out leading constants and logarithms: they compare networks, they are not error rates",
      augmented ? "biases are absorbed by a constant input 1" : "the network has no biases",
      "Bartlett's reference matrices are 0",
    ],
  };
}

/** f_y − max_{c≠y} f_c of each row. */
function marginsOf(outputs: Matrix, labels: Int32Array): Float64Array {
  const { rows, cols, data } = outputs;
  return Float64Array.from({ length: rows }, (_, i) => {
    let rival = -Infinity;
    for (let c = 0; c < cols; c++) if (c !== labels[i]) rival = Math.max(rival, data[i * cols + c]);
    return data[i * cols + labels[i]] - rival;
  });
}

function defaultMargin(margins: Float64Array): number {
  const positive = margins.filter((m) => m > 0).sort();
  return positive.length === 0 ? 1 : positive[Math.floor(positive.length / 2)];
}

function normsOfInputs(inputs: Matrix, augmented: boolean): { frobenius: number; largest: number; entry: number } {
  let total = 0;
  let largest = 0;
  for (let i = 0; i < inputs.rows; i++) {
    let squares = augmented ? 1 : 0;
    for (let j = 0; j < inputs.cols; j++)
      squares += inputs.data[i * inputs.cols + j] * inputs.data[i * inputs.cols + j];
    total += squares;
    largest = Math.max(largest, squares);
  }
  const entry = inputs.data.reduce((top, value) => Math.max(top, Math.abs(value)), augmented ? 1 : 0);
  return { frobenius: Math.sqrt(total), largest: Math.sqrt(largest), entry };
}

function pacBayesOf(
  net: Network,
  params: Float64Array,
  inputs: Matrix,
  labels: Int32Array,
  options: GeneralizationBoundOptions,
): Tagged<PacBayesBound> {
  const caller = "generalizationBounds";
  if (options.prior === undefined)
    return undefinedBecause("no prior was given: pass { prior: initial parameters, rng }");
  const prior = requireParameters(net, options.prior, caller, "prior");
  if (options.rng === undefined) return undefinedBecause("the posterior's error is estimated by draws: pass { rng }");
  const delta = requireNumber(options.delta ?? 0.05, "delta", caller, Number.MIN_VALUE, 1 - 2 ** -53);
  const draws = requireInteger(options.draws ?? 20, "draws", caller, 1);
  const deviations = options.deviations ?? [0.003, 0.01, 0.03, 0.1, 0.3];
  deviations.forEach((value, i) => requirePositive(value, `deviations[${i}]`, caller));
  return defined(pacBayes({ net, params, prior, inputs, labels, delta, draws, deviations, rng: options.rng }));
}
