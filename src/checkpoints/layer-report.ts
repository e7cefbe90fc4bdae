import { type Matrix, type Tagged, defined, undefinedBecause, square, pow } from "../core/index.js";
import type { Rng } from "../random/index.js";
import {
  type MarchenkoPasturFit,
  type PhaseClassification,
  type PowerLawFit,
  chooseRank,
  classifyPhase,
  fitMarchenkoPastur,
  fitPowerLaw,
} from "../rmt/index.js";
import { effectiveRank, stableRank } from "../spectra/index.js";
import { type ConvolutionNorm, convolutionNorm } from "./convolution-norm.js";
import type { LayerKind, LayerMatrix, LayoutChoice } from "./layer-matrices.js";
import { type WeightWatcherAliases, weightWatcherAliases } from "./weight-watcher.js";

/** Singular values with how far they can be trusted. */
export interface LayerValues {
  /** Descending. */
  readonly singularValues: Float64Array;
  /** "svd", or "gram": eigenvalues of a Gram matrix, whose small values are noise. */
  readonly method: "svd" | "gram";
  /** Values below it are not determined: a few n ε s_1 for "svd", √ε s_1 for "gram". */
  readonly reliableAbove: number;
}

/** One row of the per-layer table. */
export interface LayerReport extends LayerValues {
  /** Name of the tensor. */
  readonly name: string;
  /** Part of a packed tensor, or null. */
  readonly part: string | null;
  /** What the layer is. */
  readonly kind: LayerKind;
  /** Element type in the file. */
  readonly dtype: string;
  /** Shape in the file. */
  readonly shape: readonly number[];
  /** Rows of the analysed matrix (outputs). */
  readonly rows: number;
  /** Columns of the analysed matrix (inputs, times kernel taps). */
  readonly cols: number;
  /** Layout used, with its origin. */
  readonly layout: LayoutChoice;
  /** rows · cols. */
  readonly parameters: number;
  /** Names of identical tensors that were counted here once. */
  readonly tied: readonly string[];
  /** ‖W‖₂ of the matrix; for convolutions of the reshaped kernel. */
  readonly spectralNorm: number;
  /** ‖W‖_F. */
  readonly frobeniusNorm: number;
  /** Σ s. */
  readonly nuclearNorm: number;
  /** Values above reliableAbove. */
  readonly numericalRank: number;
  /** s_1 / s_min over all values, Infinity when the rank is not full; undefined for a zero matrix. */
  readonly conditionNumber: Tagged;
  /** ‖W‖_F² / ‖W‖₂². */
  readonly stableRank: Tagged;
  /** exp of the entropy of s / Σ s. */
  readonly effectiveRank: Tagged;
  /** Smallest rank that keeps 90% of Σ s². */
  readonly rankForEnergy90: Tagged;
  /** Rank by the Gavish–Donoho threshold for unknown noise. */
  readonly optimalRank: Tagged;
  /** Norm of the true convolution with its padding and stride; undefined for other layers. */
  readonly operatorNorm: Tagged<ConvolutionNorm>;
  /** Marchenko–Pastur bulk with spikes, of s²/max(rows, cols). */
  readonly bulk: Tagged<MarchenkoPasturFit>;
  /** Power-law tail of s²/max(rows, cols). */
  readonly tail: Tagged<PowerLawFit>;
  /** Phase against the permuted baseline; undefined without rng. */
  readonly phase: Tagged<PhaseClassification>;
  /** The columns of WeightWatcher, where they mean the same. */
  readonly aliases: WeightWatcherAliases;
  /** Findings in words a person can act on. */
  readonly warnings: readonly string[];
}

/** What the report of a layer needs to know. */
export interface LayerSettings {
  /** Stream for bootstrap, permutations and iterations, or null. */
  readonly rng: Rng | null;
  /** Bootstrap replicates. */
  readonly replicates: number;
  /** Permuted copies. */
  readonly draws: number;
  /** Geometry of convolutions. */
  readonly convolution: {
    readonly inputSize: number;
    readonly padding: "zero" | "circular" | "valid";
    readonly stride: number;
  };
  /** Largest number of multiply-adds for one operator norm. */
  readonly operatorBudget: number;
  /** Layers with more entries get no permuted baseline. */
  readonly phaseLimit: number;
}

/** Relative residual of operator norms in reports: six digits are more than the unknown geometry deserves. */
const OPERATOR_TOLERANCE = 1e-6;

/** Iterations that the cost estimate of an operator norm assumes, each with two products. */
const ASSUMED_PRODUCTS = 60;

/** Describes one layer from its singular values. The matrix is needed for the baseline and may be absent for huge layers. */
export function reportLayer(
  head: {
    readonly name: string;
    readonly dtype: string;
    readonly shape: readonly number[];
    readonly layout: LayoutChoice;
    readonly tied: readonly string[];
  },
  layer: Pick<LayerMatrix, "part" | "kind" | "kernel"> & {
    readonly rows: number;
    readonly cols: number;
    readonly matrix: Matrix | null;
  },
  values: LayerValues,
  settings: LayerSettings,
): LayerReport {
  const { singularValues, reliableAbove, method } = values;
  const { rows, cols } = layer;
  const first = singularValues[0];
  const count = singularValues.length;
  const long = Math.max(rows, cols);
  const numericalRank = singularValues.filter((value) => value > reliableAbove).length;
  const smallest = singularValues[count - 1];
  // s/√N squared: s² alone overflows for weights of 1e200.
  const eigenvalues = singularValues.map((value) => square(value / Math.sqrt(long)));
  const ifNonzero = <T>(compute: () => T): Tagged<T> =>
    first > 0 ? defined(compute()) : undefinedBecause("zero matrix");
  const bulk = attempt(() => {
    if (method === "gram")
      return fitMarchenkoPastur(
        eigenvalues.map((value, i) => (singularValues[i] > reliableAbove ? value : 0)),
        { rows, cols },
      );
    return fitMarchenkoPastur(eigenvalues, { rows, cols });
  });
  const rng = settings.rng?.fork(`${head.name}/${layer.part ?? ""}`) ?? null;
  const phase = phaseOf(layer.matrix, rng, settings);
  // The phase has fitted the tail and tested it by bootstrap already.
  const tail = phase.defined
    ? phase.value.tail
    : fitTail(
        eigenvalues.filter((_, i) => singularValues[i] > reliableAbove),
        rng,
        settings,
      );
  const report = {
    ...head,
    part: layer.part,
    kind: layer.kind,
    rows,
    cols,
    parameters: rows * cols,
    ...values,
    spectralNorm: first,
    frobeniusNorm:
      first === 0 ? 0 : first * Math.sqrt(singularValues.reduce((sum, value) => sum + square(value / first), 0)),
    nuclearNorm: singularValues.reduce((sum, value) => sum + value, 0),
    numericalRank,
    conditionNumber: ifNonzero(() => (numericalRank < count ? Infinity : first / smallest)),
    stableRank: stableRank(singularValues),
    effectiveRank: effectiveRank(singularValues),
    rankForEnergy90: ifNonzero(
      () => chooseRank(singularValues, { rows, cols }, { method: "energy", energy: 0.9 }).rank,
    ),
    optimalRank: ifNonzero(() => chooseRank(singularValues, { rows, cols }).rank),
    operatorNorm: operatorNormOf(layer, rng, settings),
    bulk,
    tail,
    phase,
    aliases: weightWatcherAliases(singularValues, { rows, cols }, tail, bulk),
  };
  return { ...report, warnings: warningsOf(report) };
}

/** A fit that refuses its input becomes an undefined quantity with the reason. */
function attempt<T>(compute: () => T): Tagged<T> {
  try {
    return defined(compute());
  } catch (error) {
    return undefinedBecause(error instanceof Error ? error.message : String(error));
  }
}

function fitTail(values: Float64Array, rng: Rng | null, settings: LayerSettings): Tagged<PowerLawFit> {
  return attempt(() =>
    fitPowerLaw(values, rng === null ? {} : { bootstrap: { replicates: settings.replicates, rng: rng.fork("tail") } }),
  );
}

function phaseOf(matrix: Matrix | null, rng: Rng | null, settings: LayerSettings): Tagged<PhaseClassification> {
  if (rng === null) return undefinedBecause("no rng was given for the permuted baseline");
  if (matrix === null || matrix.data.length > settings.phaseLimit)
    return undefinedBecause(`more than phaseLimit = ${settings.phaseLimit} entries`);
  return attempt(() =>
    classifyPhase(matrix, { rng: rng.fork("phase"), draws: settings.draws }, { replicates: settings.replicates }),
  );
}

function operatorNormOf(
  layer: Pick<LayerMatrix, "kernel">,
  rng: Rng | null,
  settings: LayerSettings,
): Tagged<ConvolutionNorm> {
  const { kernel } = layer;
  if (kernel === null) return undefinedBecause("not a convolution");
  if (rng === null) return undefinedBecause("no rng was given for the iteration");
  const { inputSize, padding, stride } = settings.convolution;
  const positions = pow(inputSize, kernel.kernelSize.length);
  const work = ASSUMED_PRODUCTS * 2 * positions * kernel.data.length;
  if (work > settings.operatorBudget)
    return undefinedBecause(
      `about ${work.toExponential(1)} multiply-adds, more than operatorBudget = ${settings.operatorBudget.toExponential(1)}`,
    );
  return attempt(() =>
    convolutionNorm(kernel, { inputSize, padding, stride, rng: rng.fork("operator"), tolerance: OPERATOR_TOLERANCE }),
  );
}

function warningsOf(report: Omit<LayerReport, "warnings">): string[] {
  const warnings: string[] = [];
  const { conditionNumber, numericalRank, singularValues, tail, bulk, kind, operatorNorm, layout } = report;
  if (report.spectralNorm === 0) return ["all weights are zero: the layer passes nothing on"];
  if (conditionNumber.defined && conditionNumber.value === Infinity) {
    warnings.push(
      `rank ${numericalRank} of ${singularValues.length}: some directions are dead; the layer can be factored without loss`,
    );
  }
  if (report.method === "gram")
    warnings.push(
      `singular values below ${report.reliableAbove.toExponential(1)} come from a Gram matrix and are noise`,
    );
  if (tail.defined && tail.value.verdict === "not supported by the data") {
    warnings.push(`alpha = ${tail.value.alpha.toFixed(2)} means nothing here: ${tail.value.reasons.join("; ")}`);
  } else if (tail.defined && tail.value.verdict === "undecided") {
    warnings.push(`alpha = ${tail.value.alpha.toFixed(2)} is undecided: ${tail.value.reasons.join("; ")}`);
  }
  if (bulk.defined && bulk.value.bulkCount >= 20 && bulk.value.bulkAccepted && bulk.value.spikes.length === 0) {
    warnings.push("the spectrum is that of random weights: nothing learned is visible in it");
  }
  if (kind === "convolution" && operatorNorm.defined && operatorNorm.value.status !== "converged") {
    warnings.push(
      `the operator norm is a lower estimate (${operatorNorm.value.status}, residual ${operatorNorm.value.residual.toExponential(1)})`,
    );
  }
  if (layout.from === "guessed" && layout.reason.includes("do not tell") && kind === "convolution")
    warnings.push(`layout ${layout.layout} is a guess: ${layout.reason}`);
  return warnings;
}
