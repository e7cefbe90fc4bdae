import type { Tableau } from "./tableaux.js";

/** A right-hand side y' = f(t, y): writes f(t, y) to `out` and leaves y alone. */
export type RightHandSide = (t: number, y: Float64Array, out: Float64Array) => void;

/** Working memory of one integration: every vector that a step touches. */
export interface Stepper {
  /** Coefficients in use. */
  readonly tableau: Tableau;
  /** Right-hand side. */
  readonly f: RightHandSide;
  /** Number of unknowns. */
  readonly n: number;
  /** Stage derivatives: the stages, the derivative at the new point, then the extra stages of the dense output. */
  readonly k: Float64Array[];
  /** Argument of the stage under evaluation; after a step, of the last stage (the stiffness test needs it). */
  readonly argument: Float64Array;
  /** Argument of an extra stage. */
  readonly extraArgument: Float64Array;
  /** Evaluations of f so far. */
  evaluations: number;
}

/** Allocates the vectors of an integration of n unknowns. */
export function createStepper(tableau: Tableau, f: RightHandSide, n: number): Stepper {
  const vectors = tableau.nodes.length + 1 + tableau.extraNodes.length;
  return {
    tableau,
    f,
    n,
    k: Array.from({ length: vectors }, () => new Float64Array(n)),
    argument: new Float64Array(n),
    extraArgument: new Float64Array(n),
    evaluations: 0,
  };
}

/** out <- y + h Σ coefficients[j] k[j]. */
function combine(
  stepper: Stepper,
  y: Float64Array,
  h: number,
  coefficients: readonly number[],
  out: Float64Array,
): void {
  const { n, k } = stepper;
  out.fill(0);
  for (let j = 0; j < coefficients.length; j++) {
    const c = coefficients[j];
    if (c === 0) continue;
    const derivative = k[j];
    for (let i = 0; i < n; i++) out[i] += c * derivative[i];
  }
  for (let i = 0; i < n; i++) out[i] = y[i] + h * out[i];
}

/** Evaluates f into stage j and counts. */
export function evaluateStage(stepper: Stepper, j: number, t: number, y: Float64Array): void {
  stepper.f(t, y, stepper.k[j]);
  stepper.evaluations++;
}

/**
 * Tries one step of size h from (t, y), whose derivative already stands in k[0].
 *
 * On return yNew holds the new point and k[stages] its derivative.
 */
export function tryStep(stepper: Stepper, t: number, y: Float64Array, h: number, yNew: Float64Array): void {
  const { tableau, argument } = stepper;
  const stages = tableau.nodes.length;
  for (let i = 1; i < stages; i++) {
    combine(stepper, y, h, tableau.stages[i - 1], argument);
    evaluateStage(stepper, i, t + tableau.nodes[i] * h, argument);
  }
  combine(stepper, y, h, tableau.weights, yNew);
  evaluateStage(stepper, stages, t + h, yNew);
}

/**
 * Scaled norm of the local error of the step just tried: at most 1 means acceptable. NaN when f produced no numbers.
 *
 * Root mean square of error_i / (absolute + relative · max(|y_i|, |yNew_i|)). dop853 blends its two estimates,
 * e₅²/√(e₅² + e₃²/100), which has order 7 and does not vanish where the fifth-order estimate does by accident.
 */
export function errorNorm(
  stepper: Stepper,
  y: Float64Array,
  yNew: Float64Array,
  h: number,
  relative: number,
  absolute: Float64Array,
): number {
  const { n, k, tableau } = stepper;
  const sums = [0, 0];
  for (let i = 0; i < n; i++) {
    const scale = absolute[i] + relative * Math.max(Math.abs(y[i]), Math.abs(yNew[i]));
    for (let e = 0; e < tableau.errors.length; e++) {
      const weights = tableau.errors[e];
      let error = 0;
      for (let j = 0; j < weights.length; j++) error += weights[j] * k[j][i];
      const ratio = error === 0 ? 0 : error / scale; // 0/0 where the tolerance and the solution vanish
      sums[e] += ratio * ratio;
    }
  }
  if (n === 0) return 0;
  const size = Math.abs(h);
  if (tableau.errors.length === 1) return size * Math.sqrt(sums[0] / n);
  if (sums[0] === 0 && sums[1] === 0) return 0;
  return (size * sums[0]) / Math.sqrt((sums[0] + 0.01 * sums[1]) * n);
}

/** Estimate of h |λ| along the direction between the last stage and the new point: large values mean stiffness. */
export function stiffnessRatio(stepper: Stepper, yNew: Float64Array, h: number): number {
  const { n, k, argument, tableau } = stepper;
  const last = k[tableau.nodes.length - 1];
  const next = k[tableau.nodes.length];
  let numerator = 0;
  let denominator = 0;
  for (let i = 0; i < n; i++) {
    const df = next[i] - last[i];
    const dy = yNew[i] - argument[i];
    numerator += df * df;
    denominator += dy * dy;
  }
  return denominator > 0 ? Math.abs(h) * Math.sqrt(numerator / denominator) : 0;
}

/** Number of vectors of length n that the continuous extension of one step consists of. */
export function denseTerms(tableau: Tableau): number {
  return 3 + tableau.dense.length;
}

/**
 * Writes the continuous extension of the accepted step: with x the fraction of the step,
 * y(x) = y + x (F0 + (1 − x)(F1 + x (F2 + (1 − x)(F3 + …)))), F0 … vectors one after the other from `offset`.
 */
export function denseInto(
  stepper: Stepper,
  t: number,
  y: Float64Array,
  yNew: Float64Array,
  h: number,
  out: Float64Array,
  offset: number,
): void {
  const { n, k, tableau, extraArgument } = stepper;
  const stages = tableau.nodes.length;
  for (let e = 0; e < tableau.extraNodes.length; e++) {
    combine(stepper, y, h, tableau.extraStages[e], extraArgument);
    evaluateStage(stepper, stages + 1 + e, t + tableau.extraNodes[e] * h, extraArgument);
  }
  const first = k[0];
  const last = k[stages];
  for (let i = 0; i < n; i++) {
    const rise = yNew[i] - y[i];
    out[offset + i] = rise;
    out[offset + n + i] = h * first[i] - rise;
    out[offset + 2 * n + i] = 2 * rise - h * (last[i] + first[i]);
  }
  for (let d = 0; d < tableau.dense.length; d++) {
    const weights = tableau.dense[d];
    const at = offset + (3 + d) * n;
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let j = 0; j < weights.length; j++) sum += weights[j] * k[j][i];
      out[at + i] = h * sum;
    }
  }
}

/** Evaluates the continuous extension of one step at fraction x in [0, 1]. */
export function evaluateDense(
  y: Float64Array,
  yOffset: number,
  coefficients: Float64Array,
  offset: number,
  terms: number,
  n: number,
  x: number,
  out: Float64Array,
  outOffset = 0,
): void {
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let j = terms - 1; j >= 0; j--) {
      sum = (sum + coefficients[offset + j * n + i]) * (j % 2 === 0 ? x : 1 - x);
    }
    out[outOffset + i] = y[yOffset + i] + sum;
  }
}
