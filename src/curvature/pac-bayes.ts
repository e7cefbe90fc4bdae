import { square, log } from "../core/index.js";
import type { Matrix } from "../core/index.js";
import { argmaxRows, type Network, predict } from "../networks/index.js";
import { fillNormal, type Rng } from "../random/index.js";

/** A PAC-Bayes bound with its prior and posterior. */
export interface PacBayesBound {
  /** Theorem. */
  readonly name: string;
  /** Prior and posterior, in words. */
  readonly distributions: string;
  /** Standard deviation σ that gave the smallest bound. */
  readonly deviation: number;
  /** KL(posterior ‖ prior) = ‖θ − θ_prior‖²/(2σ²), in nats. */
  readonly divergence: number;
  /** Training error of the randomised classifier, mean over the draws. */
  readonly empiricalError: number;
  /** Upper confidence limit of that error over the draws. */
  readonly empiricalErrorLimit: number;
  /** The bound on the test error of the randomised classifier, true with probability 1 − δ. */
  readonly bound: number;
  /** Failure probability δ in all. */
  readonly delta: number;
  /** True when the bound is at least 1 − 1/classes, the error of guessing. */
  readonly vacuous: boolean;
}

/** What {@link pacBayes} needs, already checked. */
export interface PacBayesInput {
  readonly net: Network;
  readonly params: Float64Array;
  readonly prior: Float64Array;
  readonly inputs: Matrix;
  readonly labels: Int32Array;
  readonly delta: number;
  readonly draws: number;
  readonly deviations: readonly number[];
  readonly rng: Rng;
}

/**
 * PAC-Bayes-kl bound (Langford and Seeger, with Maurer's constant) for prior N(θ_prior, σ²I) and posterior N(θ, σ²I).
 *
 * Relation: with probability 1 − δ, kl(ê ‖ e) <= (KL + ln(2√n/δ₁))/n for each σ, where ê is the posterior's training error. ê
 * itself is estimated by m weight draws: kl(ê_m ‖ ê) <= ln(2/δ₂)/m. The budget δ is split evenly between the two statements and
 * over the K values of σ, so that σ may be chosen after seeing the data.
 */
export function pacBayes(given: PacBayesInput): PacBayesBound {
  const { net, params, prior, inputs, labels, delta, draws, deviations, rng } = given;
  const n = inputs.rows;
  const share = delta / (2 * deviations.length);
  const distance = params.reduce((sum, value, i) => sum + square(value - prior[i]), 0);
  const noise = new Float64Array(params.length);
  let best: PacBayesBound | null = null;
  deviations.forEach((deviation, index) => {
    const stream = rng.fork(`pac-bayes ${index}`);
    let wrong = 0;
    for (let m = 0; m < draws; m++) {
      fillNormal(stream, noise);
      const draw = params.map((value, i) => value + deviation * noise[i]);
      const predicted = argmaxRows(predict(net, draw, inputs));
      for (let i = 0; i < n; i++) if (predicted[i] !== labels[i]) wrong++;
    }
    const empiricalError = wrong / (draws * n);
    const empiricalErrorLimit = inverseKl(empiricalError, log(2 / share) / draws);
    const divergence = distance / (2 * (deviation * deviation));
    const bound = inverseKl(empiricalErrorLimit, (divergence + log((2 * Math.sqrt(n)) / share)) / n);
    if (best !== null && best.bound <= bound) return;
    best = {
      name: "PAC-Bayes-kl",
      distributions: "prior N(prior, σ²I), posterior N(params, σ²I), one σ for both, chosen from a fixed list",
      deviation,
      divergence,
      empiricalError,
      empiricalErrorLimit,
      bound,
      delta,
      vacuous: bound >= 1 - 1 / net.outputs,
    };
  });
  return best as unknown as PacBayesBound;
}

/** Largest p >= q with kl(q ‖ p) <= limit, kl the divergence of coin flips; by bisection to full precision. */
export function inverseKl(q: number, limit: number): number {
  let low = q;
  let high = 1;
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2;
    if (coinDivergence(q, middle) <= limit) low = middle;
    else high = middle;
  }
  return high;
}

function coinDivergence(q: number, p: number): number {
  const term = (a: number, b: number): number => (a === 0 ? 0 : b === 0 ? Infinity : a * log(a / b));
  return term(q, p) + term(1 - q, 1 - p);
}
