import { square } from "../core/index.js";
import type { LayerReport } from "./layer-record.js";

/** Stable rank below which one direction carries the layer, in layers of at least FEW values. */
const ONE_DIRECTION = 1.5;
const FEW = 20;

/** Condition number beyond which float32 activations lose all digits of the weakest direction. */
const FLOAT32_CONDITION = 1e7;

/** Singular values of large entries: the permuted copies reach this many times the edge of the noise. */
const TRAP = 1.5;

/** Findings that ask for something to be done, each with what that is. */
export function warningsOf(report: Omit<LayerReport, "warnings">): string[] {
  if (report.spectralNorm === 0)
    return ["all weights are zero: the layer passes nothing on; check that it was trained and saved"];
  return [
    ...rankWarnings(report),
    ...energyWarnings(report),
    ...randomnessWarnings(report),
    ...convolutionWarnings(report),
  ];
}

function rankWarnings(report: Omit<LayerReport, "warnings">): string[] {
  const { conditionNumber, numericalRank, singularValues, method, reliableAbove } = report;
  const warnings: string[] = [];
  if (method === "gram") {
    warnings.push(
      `singular values below ${reliableAbove.toExponential(1)} come from a Gram matrix and are noise: do not read ranks or condition numbers from them`,
    );
  } else if (conditionNumber.defined && conditionNumber.value === Infinity) {
    warnings.push(
      `rank ${numericalRank} of ${singularValues.length}: some directions are dead; the layer can be factored without loss`,
    );
  } else if (conditionNumber.defined && conditionNumber.value > FLOAT32_CONDITION) {
    warnings.push(
      `condition number ${conditionNumber.value.toExponential(1)}: in float32 the weakest directions are rounding; truncate the layer or regularise it before inverting it`,
    );
  }
  return warnings;
}

function energyWarnings({ stableRank, singularValues, frobeniusNorm }: Omit<LayerReport, "warnings">): string[] {
  if (!stableRank.defined || stableRank.value >= ONE_DIRECTION || singularValues.length < FEW) return [];
  const share = (100 * (singularValues[0] / frobeniusNorm) * (singularValues[0] / frobeniusNorm)).toFixed(0);
  return [
    `one direction carries ${share}% of the energy (stable rank ${stableRank.value.toFixed(2)}): often a mean that was not removed; centre the inputs or look at the first singular vector`,
  ];
}

function randomnessWarnings({ bulk, phase, frobeniusNorm, rows, cols }: Omit<LayerReport, "warnings">): string[] {
  const warnings: string[] = [];
  if (bulk.defined && bulk.value.bulkCount >= FEW && bulk.value.bulkAccepted && bulk.value.spikes.length === 0) {
    warnings.push(
      "the spectrum is that of random weights: nothing learned is visible in it; compare with the initial weights, the layer may be untrained or superfluous",
    );
  }
  if (phase.defined && phase.value.draws > 0 && bulk.defined) {
    // Shuffled entries keep their size but no structure: noise of the same total energy ends at this edge.
    const edge = ((bulk.value.edge / bulk.value.variance) * square(frobeniusNorm / Math.sqrt(rows))) / cols;
    const ratio = phase.value.largest.permuted[0] / edge;
    if (ratio > TRAP) {
      warnings.push(
        `even with its entries shuffled the largest value stays ${ratio.toFixed(1)} times beyond the edge of noise: the entries have a common mean, or a few are very large; look at their histogram before reading structure into outliers`,
      );
    }
  }
  return warnings;
}

function convolutionWarnings(report: Omit<LayerReport, "warnings">): string[] {
  const { kind, operatorNorm, layout, shape, geometryGuesses } = report;
  if (kind !== "convolution") return [];
  const warnings: string[] = [];
  if (operatorNorm.defined && operatorNorm.value.status !== "converged") {
    const { status, residual } = operatorNorm.value;
    warnings.push(
      `the operator norm is a lower estimate (${status}, residual ${residual.toExponential(1)}): use its upper bound`,
    );
  }
  if (layout.from === "guessed" && layout.reason.includes("do not tell"))
    warnings.push(`layout ${layout.layout} is a guess (${layout.reason}): give the layout to be sure`);
  if (geometryGuesses.length > 0)
    warnings.push(`${geometryGuesses.join(", ")}: give the geometry of this layer if that is wrong`);
  else if (operatorNorm.defined && operatorNorm.value.groups === 1 && shape[1] === 1 && shape[0] > 1)
    warnings.push("one input channel: if the layer is depthwise, its groups must be given for the operator norm");
  return warnings;
}
