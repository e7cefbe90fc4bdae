import { type Matrix, type Tagged, defined, undefinedBecause, cos } from "../../core/index.js";
import type { Network } from "../../networks/index.js";
import { type MarchenkoPasturFit, fitMarchenkoPastur } from "../../rmt/index.js";
import { type MatrixSpectrum, matrixSpectrum } from "../../spectra/index.js";
import type { TrainingPart } from "./training-part.js";

/** The Marchenko–Pastur bulk of a matrix, in units of its singular values. */
export interface SingularBulk {
  /** Fitted variance of the entries of the noise. */
  readonly variance: number;
  /** Standard error of the variance. */
  readonly standardError: number;
  /** Upper edge: the 95 % quantile of the largest singular value of pure noise of this shape (Tracy–Widom). */
  readonly edge: number;
  /** Upper end of the limiting law. */
  readonly limit: number;
  /** Singular values above the edge, descending. */
  readonly outliers: readonly number[];
  /** P(largest value of noise > outlier) for each outlier. */
  readonly pValues: readonly number[];
  /** Kolmogorov–Smirnov distance between the bulk and the law. */
  readonly bulkDistance: number;
  /** Whether that distance is small enough for the law to describe the bulk. */
  readonly bulkAccepted: boolean;
  /** Abscissae of the density. */
  readonly grid: readonly number[];
  /** Density of singular values under the law, times the share of values in the bulk. */
  readonly density: readonly number[];
}

/** One weight matrix at one moment. */
export interface WeightSpectrum {
  /** Singular values, descending. */
  readonly singularValues: Float64Array;
  /** Largest singular value. */
  readonly spectralNorm: number;
  /** Frobenius norm. */
  readonly frobeniusNorm: number;
  /** ‖W‖_F² / s₁². */
  readonly stableRank: Tagged;
  /** exp of the entropy of s / Σ s. */
  readonly effectiveRank: Tagged;
  /** Marchenko–Pastur bulk, or why none was fitted. */
  readonly bulk: Tagged<SingularBulk>;
}

/** One weight matrix before and after training. */
export interface LayerSpectra {
  /** Name of the layer. */
  readonly name: string;
  /** Outputs. */
  readonly rows: number;
  /** Inputs. */
  readonly cols: number;
  /** At initialisation. */
  readonly initial: WeightSpectrum;
  /** After training. */
  readonly trained: WeightSpectrum;
}

/** All weight matrices. */
export interface LayersPart {
  /** In the order of the layers. */
  readonly layers: readonly LayerSpectra[];
}

/** Singular values of every weight matrix before and after training, with the Marchenko–Pastur bulk of each. */
export function layersPart(network: Network, training: TrainingPart): LayersPart {
  const layers = network.blocks
    .filter((block) => block.role === "weight" && block.shape.length === 2)
    .map((block): LayerSpectra => {
      const [rows, cols] = block.shape as readonly [number, number];
      const at = (params: Float64Array): WeightSpectrum =>
        weightSpectrum({ rows, cols, data: params.slice(block.offset, block.offset + block.length) });
      return { name: block.layer, rows, cols, initial: at(training.initial), trained: at(training.trained) };
    });
  return { layers };
}

/** Spectrum and bulk of one matrix. */
export function weightSpectrum(W: Matrix): WeightSpectrum {
  const spectrum: MatrixSpectrum = matrixSpectrum(W);
  const { singularValues, spectralNorm, frobeniusNorm, stableRank, effectiveRank } = spectrum;
  return { singularValues, spectralNorm, frobeniusNorm, stableRank, effectiveRank, bulk: bulkOf(singularValues, W) };
}

const FEWEST_VALUES = 8; // a histogram of fewer says nothing about a density
const GRID = 160; // points of the density curve

function bulkOf(singularValues: Float64Array, { rows, cols }: Matrix): Tagged<SingularBulk> {
  const long = Math.max(rows, cols);
  const positive = singularValues.filter((s) => s > 1e-5 * singularValues[0]).length; // zeros of the fit: s² <= 1e-10 s₁²
  if (positive < FEWEST_VALUES) return undefinedBecause(`${positive} nonzero singular values are too few to fit a law`);
  const fit = fitMarchenkoPastur(
    singularValues.map((s) => (s * s) / long),
    { rows, cols },
  );
  const toSingular = (value: number): number => Math.sqrt(value * long);
  return defined({
    variance: fit.variance,
    standardError: fit.standardError,
    edge: toSingular(fit.edge),
    limit: toSingular(fit.law.support[1]),
    outliers: fit.spikes.map((spike) => toSingular(spike.value)),
    pValues: fit.spikes.map((spike) => spike.pValue),
    bulkDistance: fit.bulkDistance,
    bulkAccepted: fit.bulkAccepted,
    ...densityCurve(fit, long, fit.bulkCount / singularValues.length),
  });
}

/** The law of s = √(N λ): density 2 s/N · pdf(s²/N). Grid points crowd at both ends, where the density has the slope of a root. */
function densityCurve({ law }: MarchenkoPasturFit, long: number, share: number): { grid: number[]; density: number[] } {
  const [low, high] = law.support.map((value) => Math.sqrt(Math.max(0, value) * long)) as [number, number];
  const grid = Array.from({ length: GRID + 1 }, (_, i) => low + ((high - low) * (1 - cos((Math.PI * i) / GRID))) / 2);
  return { grid, density: grid.map((s) => (share * 2 * s * law.pdf((s * s) / long)) / long) };
}
