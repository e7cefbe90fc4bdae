import { norm } from "../../core/index.js";
import type { Rng } from "../../random/index.js";
import { fitMarchenkoPastur } from "../../rmt/index.js";
import type { LinearWidthCase } from "./case.js";
import { difference, testError, valuesOf } from "./network.js";
import { permutedCopy, spread, teacherOverlap, upperHalfExponent } from "./statistics.js";
import type { Trained } from "./training.js";

/** One training run: spectral features of the first layer beside the test error. */
export interface RunRow {
  /** What was run, such as "Adam, η = 0.3". */
  readonly name: string;
  /** Part of the study it belongs to. */
  readonly part: "small steps" | "large steps" | "adaptive";
  /** Layers trained. */
  readonly trained: "first layer" | "both layers" | "none";
  /** Seed of network and data. */
  readonly seed: number;
  /** Samples over inputs, n/d. */
  readonly samplesPerInput: number;
  /** Loss before the last step (of its batch); of the start for an untrained network. */
  readonly trainLoss: number;
  /** Mean squared error on fresh points over the variance of their noiseless targets. */
  readonly testError: number;
  /** ‖W − W₀‖_F/‖W₀‖_F. */
  readonly relativeMove: number;
  /** s₁ over the edge √h + √d of the bulk at the start. */
  readonly topOverEdge: number;
  /** Singular values beyond the 95 % Tracy–Widom edge of the fitted bulk. */
  readonly outliers: number;
  /** Hill exponent of the upper half of s². */
  readonly hill: number;
  /** The same after permuting the entries. */
  readonly permutedHill: number;
  /** Largest over median of s². */
  readonly spread: number;
  /** ‖W‖_F²/s₁². */
  readonly stableRank: number;
  /** |⟨v₁, β⟩|. */
  readonly alignment: number;
  /** Norm of the projection of β on the five leading right singular vectors. */
  readonly alignmentFive: number;
}

/** Measures the first layer of a run; `name` labels the stream of the permutation too. */
export function runRow(
  head: Pick<RunRow, "name" | "part" | "trained" | "seed">,
  start: LinearWidthCase,
  run: Trained,
  rng: Rng,
): RunRow {
  const { rows: h, cols: d } = start.W;
  const values = valuesOf(run.W);
  const squares = values.map((s) => s * s);
  const permuted = valuesOf(permutedCopy(run.W, rng.fork(head.name).fork(head.seed))).map((s) => s * s);
  const { first, five } = teacherOverlap(run.W, start.beta);
  const long = Math.max(h, d);
  return {
    ...head,
    samplesPerInput: start.X.cols / d,
    trainLoss: run.losses[run.losses.length - 1],
    testError: testError(start, run.W, run.v),
    relativeMove: norm(difference(run.W, start.W).data) / norm(start.W.data),
    topOverEdge: values[0] / (Math.sqrt(h) + Math.sqrt(d)),
    outliers: fitMarchenkoPastur(
      squares.map((value) => value / long),
      { rows: h, cols: d },
    ).spikes.length,
    hill: upperHalfExponent(squares),
    permutedHill: upperHalfExponent(permuted),
    spread: spread(squares),
    stableRank: squares.reduce((sum, value) => sum + value, 0) / squares[0],
    alignment: first,
    alignmentFive: five,
  };
}
