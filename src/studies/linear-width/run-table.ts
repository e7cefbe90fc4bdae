import type { RunRow } from "./run-row.js";
import { rankCorrelation } from "./statistics.js";

/** How a spectral feature orders the runs, against how the test error does. */
export interface FeatureCorrelation {
  /** The feature. */
  readonly feature: keyof typeof FEATURES;
  /** Its name. */
  readonly name: string;
  /** Spearman's rank correlation with the test error over the trained runs. */
  readonly correlation: number;
  /** Number of runs; runs of one seed share network and data, so they are not independent. */
  readonly runs: number;
}

/** Spectral features of the table. */
const FEATURES = {
  relativeMove: "relative move of W",
  topOverEdge: "s₁ over the edge",
  hill: "Hill exponent",
  spread: "largest over median s²",
  stableRank: "stable rank",
  alignmentFive: "teacher in five directions",
} as const;

const FEWEST = 6; // the ranks of fewer runs say nothing

/** Rank correlations of every spectral feature with the test error, over the trained runs; none for very few of them. */
export function featureCorrelations(rows: readonly RunRow[]): FeatureCorrelation[] {
  const trained = rows.filter((row) => row.trained !== "none");
  if (trained.length < FEWEST) return [];
  const errors = trained.map((row) => row.testError);
  return (Object.keys(FEATURES) as FeatureCorrelation["feature"][]).map((feature) => ({
    feature,
    name: FEATURES[feature],
    correlation: rankCorrelation(
      trained.map((row) => row[feature]),
      errors,
    ),
    runs: trained.length,
  }));
}
