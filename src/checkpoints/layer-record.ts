import type { Tagged } from "../core/index.js";
import type { MarchenkoPasturFit, PhaseClassification, PowerLawFit } from "../rmt/index.js";
import type { ConvolutionNorm } from "./convolution-norm.js";
import type { ConvolutionSpectrum } from "./convolution-spectrum.js";
import type { LayerKind, LayoutChoice } from "./layer-matrices.js";
import type { WeightWatcherAliases } from "./weight-watcher.js";

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
  /** Singular values of the true convolution: all of them, or the leading ones; undefined for other layers. */
  readonly operatorSpectrum: Tagged<ConvolutionSpectrum>;
  /** What was guessed of a convolution's geometry from its name, in words. */
  readonly geometryGuesses: readonly string[];
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
