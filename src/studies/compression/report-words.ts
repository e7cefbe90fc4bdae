import { formatNumber } from "../../plot/index.js";
import type { CompressionStudy } from "./compression-study.js";
import type { JointRow } from "./joint-ranks.js";
import type { CompressionLayer } from "./layer-ranks.js";

/** A share in percent. */
export const percent = (share: number, digits = 3): string => `${formatNumber(100 * share, digits)} %`;

/** The ranks that suffice alone, in a sentence. */
export function sufficientSentence(layers: readonly CompressionLayer[]): string {
  const parts = layers.map((layer) => `${layer.name} ${layer.smallestSufficient} of ${layer.singularValues.length}`);
  return `Cut one at a time, the layers keep the accuracy to within one percentage point with these ranks: ${parts.join(", ")}.`;
}

/** The rule in words. */
export function ruleName({ kind, setting }: JointRow): string {
  if (kind === "energy") return `energy ${formatNumber(100 * (setting ?? 0), 4)} %`;
  if (kind === "loss") return `each loses ≤ ${formatNumber(100 * (setting ?? 0), 2)} %`;
  return kind === "full" ? "full rank" : "Gavish–Donoho";
}

/** The smallest sufficient network, in a sentence. */
export function jointSentence({ joint, training }: CompressionStudy): string {
  const enough = joint.filter((row) => row.accuracy >= (training?.testAccuracy ?? 0) - 0.01);
  const smallest = enough.reduce((a, b) => (b.parameterShare < a.parameterShare ? b : a));
  return smallest.parameterShare < 1
    ? `Cut together, the smallest network within one percentage point is “${ruleName(smallest)}”, ranks ${smallest.ranks.join(", ")}: ${percent(smallest.parameterShare)} of the numbers to store, accuracy ${percent(smallest.accuracy)}.`
    : "Cut together, no rule tried here keeps the accuracy within one percentage point and stores less.";
}

/** Whether the bound held, and what it is worth, in a sentence. */
export function boundSentence({ layers, joint }: CompressionStudy): string {
  const rows = [...layers.flatMap((layer) => layer.ranks), ...joint];
  const tightest = Math.max(...rows.map((row) => row.tightness));
  return `The bound by σₖ₊₁ and the later norms held for every image at every rank (largest quotient ${formatNumber(tightest, 3)}). It is far from the accuracy: low rank preserves this function much better than the bound can prove.`;
}
