import { formatNumber } from "../../plot/index.js";
import type { EdgePart } from "./edge-part.js";
import type { OutliersPart } from "./outliers-part.js";
import { percent } from "./percent.js";
import type { ProfilePart } from "./profile-part.js";
import type { SpectraPart } from "./spectra-part.js";

/** A question about the curvature, answered by the numbers of this run. */
export interface CurvatureVerdict {
  /** Identifier. */
  readonly id: string;
  /** The question. */
  readonly question: string;
  /** The answer for this run. */
  readonly answer: string;
  /** The numbers that it rests on, in words. */
  readonly evidence: string;
  /** The rule that turns the numbers into the answer. */
  readonly rule: string;
}

/** The parts that verdicts are computed from; null where they were not done. */
export interface VerdictParts {
  /** Curvature by layer. */
  readonly profile: ProfilePart | null;
  /** Spectra of the three matrices. */
  readonly spectra: SpectraPart | null;
  /** Outliers and classes. */
  readonly outliers: OutliersPart | null;
  /** Three optimisers. */
  readonly edge: EdgePart | null;
}

const SAME_SPACE = 0.9; // overlap from which two spaces count as one
const CARRIES = 0.5; // share from which a part counts as the source
const LOW_RANK = 0.01; // effective rank over dimension below which the Hessian counts as of low rank
const UNSURPRISING = 4; // standard errors

/** Computes the answers from the parts that were done. */
export function curvatureVerdicts(parts: VerdictParts, classes: number): CurvatureVerdict[] {
  return [
    ...(parts.profile === null ? [] : profileVerdicts(parts.profile)),
    ...(parts.spectra === null ? [] : spectraVerdicts(parts.spectra)),
    ...(parts.outliers === null ? [] : outlierVerdicts(parts.outliers, classes)),
    ...(parts.edge === null ? [] : parts.edge.runs.map(edgeVerdict)),
  ];
}

function profileVerdicts({ heaviest }: ProfilePart): CurvatureVerdict[] {
  return [
    {
      id: "heaviest-layer",
      question: "Which layer holds most of the curvature?",
      answer: heaviest.name,
      evidence: `${percent(heaviest.ggnShare)} of the Gauss–Newton trace with ${percent(heaviest.parameterShare)} of the parameters`,
      rule: "largest exact Gauss–Newton trace of a layer",
    },
  ];
}

function spectraVerdicts(spectra: SpectraPart): CurvatureVerdict[] {
  const [H, G, R] = spectra.matrices;
  const bottom = H.smallest;
  const verdicts: CurvatureVerdict[] = [];
  if (bottom !== null) {
    const indefinite = bottom.values[0] < -bottom.residualNorms[0];
    verdicts.push({
      id: "definiteness",
      question: "Is the end of training a minimum?",
      answer: indefinite ? "no: the Hessian is indefinite" : "no direction of negative curvature was found",
      evidence: `smallest eigenvalue ${formatNumber(bottom.values[0])} ± ${formatNumber(bottom.residualNorms[0], 2)}, largest ${formatNumber(H.largest.values[0])}`,
      rule: "indefinite when the smallest eigenvalue lies below minus its residual norm",
    });
  }
  verdicts.push({
    id: "gauss-newton-top",
    question: "Is the top of the Hessian the top of the Gauss–Newton matrix?",
    answer: spectra.leadingOverlap >= SAME_SPACE ? "yes" : "only in part",
    evidence: `the ${spectra.overlapCount} leading eigenvectors span spaces of overlap ${formatNumber(spectra.leadingOverlap, 3)}; λ₁(G)/λ₁(H) = ${formatNumber(G.largest.values[0] / H.largest.values[0], 4)}, λ₁(R)/λ₁(H) = ${formatNumber(R.largest.values[0] / H.largest.values[0], 3)}`,
    rule: `yes from an overlap of ${SAME_SPACE}`,
  });
  const z = R.trace.mean / R.trace.standardError;
  verdicts.push({
    id: "residual-trace",
    question: "Does the residual H − G contribute to the trace?",
    answer: Math.abs(z) > UNSURPRISING ? "yes" : "not measurably",
    evidence: `tr R = ${formatNumber(R.trace.mean, 3)} ± ${formatNumber(R.trace.standardError, 2)} beside tr G = ${formatNumber(G.trace.mean, 3)} ± ${formatNumber(G.trace.standardError, 2)}`,
    rule: `yes beyond ${UNSURPRISING} standard errors of its own estimate`,
  });
  const { energy } = spectra.effectiveRank;
  verdicts.push({
    id: "effective-rank",
    question: "How many directions carry the curvature?",
    answer: energy.mean + 2 * energy.standardError < LOW_RANK * spectra.dimension ? "few: low effective rank" : "many",
    evidence: `(Σλ²)²/Σλ⁴ = ${formatNumber(energy.mean, 3)} ± ${formatNumber(energy.standardError, 2)} of ${spectra.dimension}`,
    rule: `few when two standard errors above the estimate is below ${percent(LOW_RANK)} of the dimension`,
  });
  return verdicts;
}

function outlierVerdicts({ trained, initial }: OutliersPart, classes: number): CurvatureVerdict[] {
  const named = (count: number): string =>
    count === classes - 1 ? "C − 1" : count === classes ? "C" : "neither C − 1 nor C";
  const leading = trained.attributions.slice(0, trained.outlierCount);
  const total = leading.reduce((sum, item) => sum + item.eigenvalue, 0);
  const fromClasses = leading.reduce((sum, item) => sum + item.eigenvalue * item.shares.class, 0) / total;
  return [
    {
      id: "outlier-count",
      question: "How many outliers stand apart?",
      answer: `${trained.outlierCount} (${named(trained.outlierCount)}, C = ${classes})`,
      evidence: `largest ratio of neighbours ${formatNumber(trained.gapRatio, 3)} after the ${ordinal(trained.outlierCount)}; before training ${initial.outlierCount} (${named(initial.outlierCount)}), ratio ${formatNumber(initial.gapRatio, 3)}`,
      rule: "position of the largest ratio of neighbouring eigenvalues among the first 2C",
    },
    {
      id: "class-share",
      question: "Do class means explain the outliers?",
      answer: fromClasses >= CARRIES ? "mostly" : "only in part",
      evidence: `${percent(fromClasses)} of the curvature of the outliers lies in the class part`,
      rule: `mostly from ${percent(CARRIES)}`,
    },
  ];
}

function edgeVerdict({
  optimizer,
  limit,
  lateMeanProduct,
  verdict,
  stepSize,
  lateRisingShare,
  losses,
}: EdgePart["runs"][number]): CurvatureVerdict {
  const reached = lateMeanProduct.defined ? formatNumber(lateMeanProduct.value, 4) : "not measured";
  const threshold = limit.defined ? formatNumber(limit.value, 3) : "none";
  return {
    id: `edge-${optimizer.replace(/[^a-z]+/g, "-")}`,
    question: `Where does ${optimizer} train (η = ${formatNumber(stepSize, 3)})?`,
    answer: verdict,
    evidence:
      verdict === "diverged"
        ? `the loss left the range of numbers after ${losses.length} steps`
        : `mean ηλ over the last half ${reached}, limit ${threshold}; the loss rose in ${percent(lateRisingShare)} of these steps`,
    rule: "at the edge within 10 % of the limit",
  };
}

function ordinal(n: number): string {
  const suffix = n % 100 >= 11 && n % 100 <= 13 ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th");
  return `${n}${suffix}`;
}
