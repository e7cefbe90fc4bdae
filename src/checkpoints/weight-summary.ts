import { log } from "../core/index.js";
import type { LayoutChoice } from "./layer-matrices.js";
import type { LayerReport } from "./layer-record.js";

/** A tensor that was not analysed. */
export interface SkippedTensor {
  /** Name. */
  readonly name: string;
  /** Shape. */
  readonly shape: readonly number[];
  /** Why. */
  readonly reason: string;
  /** Number of entries; 0 for a tied tensor, whose entries are counted with its twin. */
  readonly parameters: number;
  /** Share of all entries of the checkpoint. */
  readonly share: number;
}

/** Totals of a report. */
export interface WeightSummary {
  /** Rows in `layers`. */
  readonly layers: number;
  /** Entries of all tensors, tied ones counted once. */
  readonly parameters: number;
  /** Share of them in analysed layers. */
  readonly analyzedShare: number;
  /** Layout of the file. */
  readonly layout: LayoutChoice;
  /** Largest spectral norm and where it is. */
  readonly largestSpectralNorm: { readonly name: string; readonly value: number };
  /** Σ log ‖W‖₂ over the layers that are not zero: the logarithm of a Lipschitz bound only for a plain chain of such layers. */
  readonly logSpectralNormSum: number;
  /** Median of the stable rank over min(rows, cols). */
  readonly medianRelativeStableRank: number;
  /** Number of layers whose tail is a supported power law. */
  readonly supportedTails: number;
  /** Mean of alpha over those layers, or null: an average over unsupported fits would mean nothing. */
  readonly meanSupportedAlpha: number | null;
  /** Number of layers with warnings. */
  readonly layersWithWarnings: number;
  /** "converged", or "cancelled" when the signal stopped the analysis: `layers` then holds what was done. */
  readonly status: "converged" | "cancelled";
}

/** The per-layer weight report. */
export interface WeightReport {
  /** Totals. */
  readonly summary: WeightSummary;
  /** One record per matrix, in file order. */
  readonly layers: readonly LayerReport[];
  /** Everything else, with reasons. */
  readonly skipped: readonly SkippedTensor[];
}

/** Adds up the totals. */
export function assembleReport(
  layers: readonly LayerReport[],
  skipped: readonly Omit<SkippedTensor, "share">[],
  layout: LayoutChoice,
  cancelled: boolean,
): WeightReport {
  const analyzed = layers.reduce((sum, layer) => sum + layer.parameters, 0);
  const parameters = analyzed + skipped.reduce((sum, tensor) => sum + tensor.parameters, 0);
  const largest = layers.reduce(
    (best, layer) => (layer.spectralNorm > best.value ? { name: layer.name, value: layer.spectralNorm } : best),
    { name: "", value: 0 },
  );
  const relative = layers
    .flatMap((layer) => (layer.stableRank.defined ? [layer.stableRank.value / layer.singularValues.length] : []))
    .sort((a, b) => a - b);
  const alphas = layers.flatMap((layer) =>
    layer.tail.defined && layer.tail.value.verdict === "supported" ? [layer.tail.value.alpha] : [],
  );
  return {
    summary: {
      layers: layers.length,
      parameters,
      analyzedShare: parameters === 0 ? 0 : analyzed / parameters,
      layout,
      largestSpectralNorm: largest,
      logSpectralNormSum: layers.reduce(
        (sum, layer) => (layer.spectralNorm > 0 ? sum + log(layer.spectralNorm) : sum),
        0,
      ),
      medianRelativeStableRank: relative.length === 0 ? 0 : relative[relative.length >> 1],
      supportedTails: alphas.length,
      meanSupportedAlpha: alphas.length === 0 ? null : alphas.reduce((sum, alpha) => sum + alpha, 0) / alphas.length,
      layersWithWarnings: layers.filter((layer) => layer.warnings.length > 0).length,
      status: cancelled ? "cancelled" : "converged",
    },
    layers,
    skipped: skipped.map((tensor) => ({ ...tensor, share: parameters === 0 ? 0 : tensor.parameters / parameters })),
  };
}
