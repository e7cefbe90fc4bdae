import { type Tagged, defined, square, undefinedBecause } from "../core/index.js";
import type { Rng } from "../random/index.js";
import {
  type PhaseClassification,
  type PowerLawFit,
  chooseRank,
  classifyPhase,
  fitMarchenkoPastur,
  fitPowerLaw,
} from "../rmt/index.js";
import { effectiveRank, stableRank } from "../spectra/index.js";
import type { AnalyzeSettings } from "./analyze-options.js";
import { product, requireGeometry } from "./convolution-geometry.js";
import type { ConvolutionNorm } from "./convolution-norm.js";
import { type ConvolutionSpectrum, convolutionSpectrum, hasSymbol } from "./convolution-spectrum.js";
import type { AssumedGeometry } from "./layer-geometry.js";
import type { LayerMatrix, LayerPart, LayoutChoice } from "./layer-matrices.js";
import { warningsOf } from "./layer-warnings.js";
import { weightWatcherAliases } from "./weight-watcher.js";
import type { LayerValues, LayerReport } from "./layer-record.js";

/** Relative residual of operator norms in reports: six digits are more than the unknown geometry deserves. */
const OPERATOR_TOLERANCE = 1e-6;

/** Iterations that the cost estimate of an operator spectrum assumes, each with two products. */
const ASSUMED_PRODUCTS = 60;

/** Leading values of an operator whose spectrum is not computed whole. */
const LEADING = 4;

/** Largest min(rows, cols) of an operator that is assembled for its whole spectrum. */
const DENSE_OPERATOR = 512;

/** Describes one layer from its singular values. The entries are needed for the baseline and absent for huge layers. */
export function reportLayer(
  head: {
    readonly name: string;
    readonly dtype: string;
    readonly shape: readonly number[];
    readonly layout: LayoutChoice;
    readonly tied: readonly string[];
  },
  layer: Pick<LayerPart, "part" | "kind" | "rows" | "cols">,
  content: LayerMatrix | null,
  values: LayerValues,
  assumed: AssumedGeometry | null,
  settings: AnalyzeSettings,
): LayerReport {
  const { singularValues, reliableAbove, method } = values;
  const { rows, cols } = layer;
  const first = singularValues[0];
  const count = singularValues.length;
  const root = Math.sqrt(Math.max(rows, cols));
  const numericalRank = singularValues.filter((value) => value > reliableAbove).length;
  const smallest = singularValues[count - 1];
  // s/√N squared: s² alone overflows for weights of 1e200.
  const eigenvalues = singularValues.map((value) => (value / root) * (value / root));
  const ifNonzero = <T>(compute: () => T): Tagged<T> =>
    first > 0 ? defined(compute()) : undefinedBecause("zero matrix");
  const groups = assumed?.geometry.groups ?? 1;
  const ofOneMatrix = <T>(compute: () => Tagged<T>): Tagged<T> => {
    if (first === 0) return undefinedBecause("zero matrix");
    return groups === 1
      ? compute()
      : undefinedBecause(`block diagonal in ${groups} groups: no law of a single matrix applies`);
  };
  const bulk = ofOneMatrix(() =>
    attempt(() => {
      const kept = eigenvalues.map((value, i) => (method === "svd" || singularValues[i] > reliableAbove ? value : 0));
      return fitMarchenkoPastur(kept, { rows, cols });
    }),
  );
  const rng = settings.rng?.fork(`${head.name}/${layer.part ?? ""}`) ?? null;
  const phase = ofOneMatrix(() => phaseOf(content, rng, settings));
  // The phase has fitted the tail and tested it by bootstrap already.
  const tail = ofOneMatrix(() =>
    phase.defined
      ? phase.value.tail
      : fitTail(
          eigenvalues.filter((_, i) => singularValues[i] > reliableAbove),
          rng,
          settings,
        ),
  );
  const shape = { rows, cols };
  const operatorSpectrum = operatorSpectrumOf(content, assumed, rng, settings);
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
      first === 0
        ? 0
        : first * Math.sqrt(singularValues.reduce((sum, value) => sum + (value / first) * (value / first), 0)),
    nuclearNorm: singularValues.reduce((sum, value) => sum + value, 0),
    numericalRank,
    conditionNumber: ifNonzero(() => (numericalRank < count ? Infinity : first / smallest)),
    stableRank: stableRank(singularValues),
    effectiveRank: effectiveRank(singularValues),
    rankForEnergy90: ifNonzero(() => energyRank(singularValues, 0.9)),
    optimalRank: ofOneMatrix(() => defined(chooseRank(singularValues, shape).rank)),
    operatorNorm: operatorSpectrum.defined ? defined(normOf(operatorSpectrum.value)) : operatorSpectrum,
    operatorSpectrum,
    geometryGuesses: assumed?.guesses ?? [],
    bulk,
    tail,
    phase,
    aliases: weightWatcherAliases(singularValues, shape, numericalRank, tail, bulk, phase),
  };
  return { ...report, warnings: warningsOf(report) };
}

/** Smallest number of values that keep a share of Σ s². */
function energyRank(singularValues: Float64Array, energy: number): number {
  const length = singularValues.length;
  return chooseRank(singularValues, { rows: length, cols: length }, { method: "energy", energy }).rank;
}

function normOf({ singularValues, residualNorms, ...spectrum }: ConvolutionSpectrum): ConvolutionNorm {
  const { upperBound, method, status, matvecs, inputSize, outputSize, padding, stride, dilation, groups, transposed } =
    spectrum;
  const geometry = { inputSize, outputSize, padding, stride, dilation, groups, transposed };
  return { norm: singularValues[0], residual: residualNorms[0], upperBound, method, status, matvecs, ...geometry };
}

/** A fit that refuses its input becomes an undefined quantity with the reason. */
function attempt<T>(compute: () => T): Tagged<T> {
  try {
    return defined(compute());
  } catch (error) {
    return undefinedBecause(error instanceof Error ? error.message : String(error));
  }
}

function fitTail(values: Float64Array, rng: Rng | null, settings: AnalyzeSettings): Tagged<PowerLawFit> {
  return attempt(() =>
    fitPowerLaw(values, rng === null ? {} : { bootstrap: { replicates: settings.replicates, rng: rng.fork("tail") } }),
  );
}

function phaseOf(content: LayerMatrix | null, rng: Rng | null, settings: AnalyzeSettings): Tagged<PhaseClassification> {
  if (rng === null) return undefinedBecause("no rng was given for the permuted baseline");
  if (content === null) return undefinedBecause("read in tiles: the entries were not kept for a permuted baseline");
  const { matrix } = content;
  if (matrix.data.length > settings.phaseLimit)
    return undefinedBecause(`more than phaseLimit = ${settings.phaseLimit} entries`);
  if (Math.min(matrix.rows, matrix.cols) < 10) return undefinedBecause("fewer than 10 singular values");
  const { signal } = settings.running;
  return attempt(() =>
    classifyPhase(
      matrix,
      { rng: rng.fork("phase"), draws: settings.draws },
      { replicates: settings.replicates, ...(signal === undefined ? {} : { signal }) },
    ),
  );
}

function operatorSpectrumOf(
  content: LayerMatrix | null,
  assumed: AssumedGeometry | null,
  rng: Rng | null,
  settings: AnalyzeSettings,
): Tagged<ConvolutionSpectrum> {
  if (assumed === null) return undefinedBecause("not a convolution");
  if (content === null || content.kernel === null) return undefinedBecause("read in tiles: the entries were not kept");
  if (rng === null) return undefinedBecause("no rng was given for the iteration");
  const { kernel } = content;
  const stencil = requireGeometry(kernel, assumed.geometry, "operatorSpectrum");
  const { groups, stride } = stencil.geometry;
  const positions = product(stencil.narrow);
  const outs = kernel.outChannels / groups;
  const ins = kernel.inChannels * product(stride);
  const budget = settings.operatorBudget;
  // Multiply-adds: 2 m n² for the values of an m x n matrix; the symbol has complex entries and half the frequencies.
  const symbolWork = 8 * positions * groups * Math.max(outs, ins) * Math.min(outs, ins) * Math.min(outs, ins);
  const narrowSide = positions * outs;
  const wideSide = product(stencil.wide) * kernel.inChannels;
  const denseWork = 2 * groups * Math.max(narrowSide, wideSide) * square(Math.min(narrowSide, wideSide));
  const iterationWork = ASSUMED_PRODUCTS * 2 * positions * kernel.data.length;
  const bySymbol = hasSymbol(stencil) && symbolWork <= budget;
  const densely = denseWork <= budget;
  if (!bySymbol && !densely && iterationWork > budget) {
    return undefinedBecause(
      `about ${iterationWork.toExponential(1)} multiply-adds, more than operatorBudget = ${budget.toExponential(1)}`,
    );
  }
  const { signal } = settings.running;
  return attempt(() =>
    convolutionSpectrum(kernel, {
      ...assumed.geometry,
      rng: rng.fork("operator"),
      tolerance: OPERATOR_TOLERANCE,
      count: LEADING,
      symbolLimit: bySymbol ? Number.MAX_SAFE_INTEGER : 0,
      denseLimit: densely ? DENSE_OPERATOR : 0,
      ...(signal === undefined ? {} : { signal }),
    }),
  );
}
