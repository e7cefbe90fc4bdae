import {
  ArgumentError,
  describe,
  type LabelledData,
  requireInteger,
  requireNumber,
  requireOptions,
  requirePositive,
} from "../core/index.js";
import {
  activationLayer,
  batchNorm,
  dense,
  type InitializationScheme,
  type LayerDefinition,
  layerNorm,
  mlp,
  type Network,
  oneHot,
  residual,
  sequential,
} from "../networks/index.js";
import { normalMatrix, requireRng, type Rng } from "../random/index.js";
import {
  type ArchitectureComparison,
  type ArchitectureOptions,
  compareArchitectures,
} from "./compare-architectures.js";

const INPUTS = 5;
const CLASSES = 3;
const SAMPLES = 60;
const WIDTH = 10;
const SHARED = ["draws", "steps", "etaSharpness", "denseLimit", "rng", "signal", "onProgress"];

/** Options of {@link normalizationEffect}. */
export interface NormalizationEffectOptions extends ArchitectureOptions {
  /** Shifts added to all inputs (default [0, 2, 5]). */
  readonly shifts?: readonly number[];
}

/**
 * Effect of normalisation layers on the Hessian at initialisation: a network with and without them, on shifted inputs.
 *
 * Relation: three hidden ReLU layers of width 10 on three Gaussian classes in five dimensions. Batch normalisation of the first layer's
 * output removes any common shift of the inputs exactly, so that the Hessian in the other layers' parameters, and with zero biases its
 * largest eigenvalue, does not see the shift; without it λ_max grows with the shift.
 *
 * @returns records named "plain, shift s", "batch normalisation, shift s", "layer normalisation, shift s"
 * @throws {ArgumentError} when shifts is not a list of numbers
 *
 * @example
 * ```ts
 * import { createRng } from "eigenscope/random";
 * import { normalizationEffect } from "eigenscope/training";
 * const { records } = normalizationEffect({ shifts: [0, 5], draws: 1, rng: createRng(1) });
 * const top = records.map((record) => record.largest.median);
 * console.log(top[3] / top[0] > 2, Math.abs(top[4] / top[1] - 1) < 1e-6); // true true
 * ```
 */
export function normalizationEffect(options: NormalizationEffectOptions): ArchitectureComparison {
  const caller = "normalizationEffect";
  requireOptions(options, [...SHARED, "shifts"], caller);
  requireRng(options?.rng, caller);
  const { shifts: given, ...rest } = options;
  const shifts = requireList(given ?? [0, 2, 5], "shifts", caller).map((shift, i) =>
    requireNumber(shift, `shifts[${i}]`, caller),
  );
  const network = (layer: LayerDefinition | null): Network =>
    classifier(
      Array.from({ length: 3 }, () => [
        dense({ outputs: WIDTH }),
        ...(layer === null ? [] : [layer]),
        activationLayer("relu"),
      ]).flat(),
    );
  const kinds = [
    ["plain", network(null)],
    ["batch normalisation", network(batchNorm())],
    ["layer normalisation", network(layerNorm())],
  ] as const;
  return compareArchitectures(
    shifts.flatMap((shift) =>
      kinds.map(([name, net]) => ({
        name: `${name}, shift ${shift}`,
        network: net,
        data: (rng: Rng) => gaussianBlobs(rng, shift),
      })),
    ),
    rest,
  );
}

/** Options of {@link residualEffect}. */
export interface ResidualEffectOptions extends ArchitectureOptions {
  /** Numbers of hidden layers, each at least 2 (default [8, 12]). */
  readonly depths?: readonly number[];
}

/**
 * Effect of residual connections on the Hessian at initialisation and on the speed of training.
 *
 * Relation: hidden tanh layers of width 10, x ↦ tanh(Wx + b) ("plain") against x ↦ x + tanh(Wx + b) ("residual"), the first one plain in both
 * because it changes the width; Xavier initialisation. The raw λ_max rises with residual connections; what improves is the loss after a
 * given number of steps at η = 1/λ_max.
 *
 * @returns records named "plain, depth d" and "residual, depth d"
 * @throws {ArgumentError} when depths is not a list of integers >= 2
 *
 * @example
 * ```ts
 * import { createRng } from "eigenscope/random";
 * import { residualEffect } from "eigenscope/training";
 * const { records } = residualEffect({ depths: [8], draws: 1, denseLimit: 0, rng: createRng(1) });
 * console.log(records[1].largest.median > records[0].largest.median); // true
 * ```
 */
export function residualEffect(options: ResidualEffectOptions): ArchitectureComparison {
  const caller = "residualEffect";
  requireOptions(options, [...SHARED, "depths"], caller);
  requireRng(options?.rng, caller);
  const { depths: given, ...rest } = options;
  const depths = requireList(given ?? [8, 12], "depths", caller).map((depth, i) =>
    requireInteger(depth, `depths[${i}]`, caller, 2),
  );
  const block = [dense({ outputs: WIDTH }), activationLayer("tanh")];
  const network = (depth: number, skip: boolean): Network =>
    classifier([...block, ...Array.from({ length: depth - 1 }, () => (skip ? [residual(block)] : block)).flat()]);
  return compareArchitectures(
    depths.flatMap((depth) =>
      [false, true].map((skip) => ({
        name: `${skip ? "residual" : "plain"}, depth ${depth}`,
        network: network(depth, skip),
        initialization: "xavier" as const,
        data: (rng: Rng) => gaussianBlobs(rng, 0),
      })),
    ),
    rest,
  );
}

/** Options of {@link initializationEffect}. */
export interface InitializationEffectOptions extends ArchitectureOptions {
  /** Factors on the weights (default [0.1, 1, 3]). */
  readonly gains?: readonly number[];
  /** Scheme (default "xavier"). */
  readonly initialization?: InitializationScheme;
}

/**
 * Effect of the size of the initial weights on the Hessian.
 *
 * Relation: four hidden tanh layers of width 10 on three Gaussian classes; λ_max grows strongly with the gain.
 *
 * @returns records named "xavier, gain g"
 * @throws {ArgumentError} when gains is not a list of numbers > 0
 *
 * @example
 * ```ts
 * import { createRng } from "eigenscope/random";
 * import { initializationEffect } from "eigenscope/training";
 * const { records } = initializationEffect({ gains: [0.1, 3], draws: 1, rng: createRng(1) });
 * console.log(records[1].largest.median > 10 * records[0].largest.median); // true
 * ```
 */
export function initializationEffect(options: InitializationEffectOptions): ArchitectureComparison {
  const caller = "initializationEffect";
  requireOptions(options, [...SHARED, "gains", "initialization"], caller);
  requireRng(options?.rng, caller);
  const { gains: given, initialization = "xavier", ...rest } = options;
  const gains = requireList(given ?? [0.1, 1, 3], "gains", caller).map((gain, i) =>
    requirePositive(gain, `gains[${i}]`, caller),
  );
  const network = mlp({
    sizes: [INPUTS, WIDTH, WIDTH, WIDTH, WIDTH, CLASSES],
    activation: "tanh",
    loss: "cross-entropy",
  });
  return compareArchitectures(
    gains.map((gain) => ({
      name: `${initialization}, gain ${gain}`,
      network,
      initialization,
      gain,
      data: (rng: Rng) => gaussianBlobs(rng, 0),
    })),
    rest,
  );
}

/** Options of {@link widthEffect}. */
export interface WidthEffectOptions extends ArchitectureOptions {
  /** Widths of the hidden layer (default [2, 5, 10, 30]). */
  readonly widths?: readonly number[];
}

/**
 * Effect of the width on the Hessian at initialisation: overparameterisation makes eigenvalues near zero.
 *
 * Relation: one hidden tanh layer, three Gaussian classes, ten samples. The Gauss–Newton matrix has rank at most n(C − 1) = 20 whatever the
 * width; the other directions have the curvature of the residual alone.
 *
 * @returns records named "width w"
 * @throws {ArgumentError} when widths is not a list of integers >= 1
 *
 * @example
 * ```ts
 * import { createRng } from "eigenscope/random";
 * import { widthEffect } from "eigenscope/training";
 * const { records } = widthEffect({ widths: [10, 30], draws: 1, rng: createRng(1) });
 * console.log(records.map((record) => `${record.ggnRank?.median} of ${record.parameters}`).join(", ")); // 20 of 93, 20 of 273
 * ```
 */
export function widthEffect(options: WidthEffectOptions): ArchitectureComparison {
  const caller = "widthEffect";
  requireOptions(options, [...SHARED, "widths"], caller);
  requireRng(options?.rng, caller);
  const { widths: given, ...rest } = options;
  const widths = requireList(given ?? [2, 5, 10, 30], "widths", caller).map((width, i) =>
    requireInteger(width, `widths[${i}]`, caller, 1),
  );
  return compareArchitectures(
    widths.map((width) => ({
      name: `width ${width}`,
      network: mlp({ sizes: [INPUTS, width, CLASSES], activation: "tanh", loss: "cross-entropy" }),
      initialization: "lecun" as const,
      data: (rng: Rng) => gaussianBlobs(rng, 0, 10),
    })),
    rest,
  );
}

function classifier(hidden: readonly LayerDefinition[]): Network {
  return sequential([...hidden, dense({ outputs: CLASSES })], { inputShape: [INPUTS], loss: "cross-entropy" });
}

/** Gaussian classes: random labels, unit spread around normal centres, a common shift of all inputs. */
function gaussianBlobs(rng: Rng, shift: number, samples = SAMPLES): LabelledData {
  const centres = normalMatrix(rng.fork("centres"), CLASSES, INPUTS);
  const inputs = normalMatrix(rng.fork("inputs"), samples, INPUTS);
  const draws = rng.fork("labels");
  const labels = Array.from({ length: samples }, () => Math.floor(CLASSES * draws.uniform()));
  labels.forEach((label, i) => {
    for (let j = 0; j < INPUTS; j++) inputs.data[i * INPUTS + j] += centres.data[label * INPUTS + j] + shift;
  });
  return { inputs, targets: oneHot(labels, CLASSES) };
}

function requireList(value: unknown, argument: string, caller: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw new ArgumentError({
      function: caller,
      argument,
      expected: "a list of at least one number",
      got: describe(value),
    });
  }
  return value;
}
