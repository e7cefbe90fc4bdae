import {
  type Matrix,
  requireFinite,
  requireNumber,
  requireOptions,
  requirePositive,
  ShapeError,
  UnsupportedError,
} from "../core/index.js";
import { fixedNormalizationPass, type NormalizationStatistics } from "./fixed-normalization.js";
import type { Layer, LayerDefinition, LayerPass, ParameterSpec } from "./layer.js";
import { shapeSize } from "./layer.js";
import { zeros } from "./products.js";

/** Options of {@link layerNorm}. */
export interface NormalizationOptions {
  /** Added to the variance (default 1e-5). */
  readonly epsilon?: number;
}

/** Options of {@link batchNorm}. */
export interface BatchNormOptions extends NormalizationOptions {
  /** Fixed means and variances, one of each per feature (evaluation mode); by default those of the samples in the call. */
  readonly statistics?: NormalizationStatistics;
}

/**
 * Defines batch normalisation: each feature (each channel of an image) is centred and scaled by the mean and variance of the batch.
 *
 * Relation: x̂ = (x − μ)/√(v + ε), y = γ x̂ + β with μ, v over the batch (and the positions of a channel), v the population variance.
 * Without `statistics` they are those of the samples in the call (training mode), and derivatives go through them: samples are coupled, so
 * per-sample quantities do not exist and data cannot be split into chunks. With `statistics`, running averages from elsewhere or those of
 * {@link evaluationMode}, the layer is an affine map and samples are independent.
 *
 * @throws {ArgumentError} when epsilon is not > 0, or a variance is negative
 * @throws {ShapeError} when there are not as many means as variances; from `sequential` when they are not as many as the features
 *
 * @example
 * ```ts
 * import { batchNorm, predict, sequential } from "eigenscope/networks";
 * const net = sequential([batchNorm()], { inputShape: [1] });
 * const shifted = predict(net, Float64Array.of(1, 0), [[100], [102]]);
 * console.log(shifted.data[0]?.toFixed(4), net.couplesSamples); // -1.0000 true
 * ```
 */
export function batchNorm(options: BatchNormOptions = {}): LayerDefinition {
  requireOptions(options, ["epsilon", "statistics"], "batchNorm");
  const { epsilon, statistics } = options;
  return normalization("batchNorm", epsilon === undefined ? {} : { epsilon }, requireStatistics(statistics));
}

/** Checks fixed statistics and copies them, so that a definition stays what it was. */
function requireStatistics(statistics: NormalizationStatistics | undefined): NormalizationStatistics | null {
  if (statistics === undefined) return null;
  requireOptions(statistics, ["mean", "variance"], "batchNorm");
  const mean = Float64Array.from(statistics.mean ?? []);
  const variance = Float64Array.from(statistics.variance ?? []);
  requireFinite(mean, "statistics.mean", "batchNorm");
  requireFinite(variance, "statistics.variance", "batchNorm");
  variance.forEach((value, i) => requireNumber(value, `statistics.variance[${i}]`, "batchNorm", 0));
  if (mean.length !== variance.length) {
    throw new ShapeError({
      function: "batchNorm",
      argument: "statistics",
      expected: "of one mean and one variance per feature",
      got: `${mean.length} means and ${variance.length} variances`,
    });
  }
  return { mean: Array.from(mean), variance: Array.from(variance) };
}

/**
 * Defines layer normalisation: each sample is centred and scaled by the mean and variance of its own features.
 *
 * Relation: x̂ = (x − μ)/√(v + ε), y = γ ∘ x̂ + β with μ, v over the features of one sample, v the population variance. Samples stay
 * independent.
 *
 * @throws {ArgumentError} when epsilon is not > 0
 *
 * @example
 * ```ts
 * import { layerNorm, predict, sequential } from "eigenscope/networks";
 * const net = sequential([layerNorm()], { inputShape: [2] });
 * console.log(predict(net, Float64Array.of(1, 1, 0, 0), [[5, 9]]).data[1]?.toFixed(4)); // 1.0000
 * ```
 */
export function layerNorm(options: NormalizationOptions = {}): LayerDefinition {
  return normalization("layerNorm", options);
}

function normalization(
  kind: "batchNorm" | "layerNorm",
  options: NormalizationOptions,
  statistics: NormalizationStatistics | null = null,
): LayerDefinition {
  requireOptions(options, ["epsilon"], kind);
  const epsilon = requirePositive(options.epsilon ?? 1e-5, "epsilon", kind);
  return {
    kind,
    inputShape: null,
    config: { epsilon, ...(statistics === null ? {} : { statistics }) },
    bind(inputShape, name): Layer {
      const size = shapeSize(inputShape);
      if (size < 1) {
        throw new ShapeError({
          function: "sequential",
          argument: `the input of ${name} (${kind})`,
          expected: "not empty",
          got: inputShape.join(" x "),
        });
      }
      // Images are channels x positions: a batch-normalised channel shares statistics and affine parameters over its positions.
      const positions = kind === "batchNorm" && inputShape.length > 1 ? size / inputShape[0] : 1;
      const features = size / positions;
      if (statistics !== null && statistics.mean.length !== features) {
        throw new ShapeError({
          function: "sequential",
          argument: `the statistics of ${name} (batchNorm)`,
          expected: `of ${features} features`,
          got: String(statistics.mean.length),
        });
      }
      const scale: ParameterSpec = {
        name: "scale",
        role: "scale",
        shape: [features],
        fanIn: 1,
        fanOut: 1,
        effectiveScale: 1,
      };
      return {
        kind,
        name,
        inputShape,
        outputShape: inputShape,
        parameters: [scale, { ...scale, name: "shift", role: "shift" }],
        couplesSamples: kind === "batchNorm" && statistics === null,
        memoryPerSample: 2 * size,
        forward: (parameters, input) =>
          statistics === null
            ? normalizationPass(kind, parameters, input, positions, epsilon)
            : fixedNormalizationPass(parameters, input, positions, statistics, epsilon),
      };
    },
  };
}

/** Which statistic an entry belongs to: its row for layer normalisation, its channel for batch normalisation. */
interface Groups {
  readonly count: number;
  readonly size: number;
  readonly of: (row: number, col: number) => number;
}

function normalizationPass(
  kind: "batchNorm" | "layerNorm",
  parameters: Float64Array,
  input: Matrix,
  positions: number,
  epsilon: number,
): LayerPass {
  const { rows, cols } = input;
  const features = cols / positions;
  const groups: Groups =
    kind === "layerNorm"
      ? { count: rows, size: cols, of: (row) => row }
      : { count: features, size: rows * positions, of: (_, col) => Math.floor(col / positions) };
  const affine = (col: number): number => Math.floor(col / positions);
  const gamma = parameters.subarray(0, features);
  const mean = groupMean(input, groups);
  const centred = mapEntries(input, (value, i, j) => value - mean[groups.of(i, j)]);
  const variance = groupMean(
    mapEntries(centred, (value) => value * value),
    groups,
  );
  const deviation = variance.map((value) => Math.sqrt(value + epsilon)); // s of each group
  const normal = mapEntries(centred, (value, i, j) => value / deviation[groups.of(i, j)]); // x̂
  const output = mapEntries(normal, (value, _, j) => gamma[affine(j)] * value + parameters[features + affine(j)]);

  /** P v = (v − mean v − x̂ mean(x̂ v))/s, the symmetric derivative of x̂ in x. */
  const project = (v: Matrix): Matrix => {
    const average = groupMean(v, groups);
    const along = groupMean(
      mapEntries(v, (value, i, j) => value * normal.data[i * cols + j]),
      groups,
    );
    return mapEntries(v, (value, i, j) => {
      const g = groups.of(i, j);
      return (value - average[g] - normal.data[i * cols + j] * along[g]) / deviation[g];
    });
  };
  const scaled = (v: Matrix, factors: Float64Array): Matrix =>
    mapEntries(v, (value, _, j) => factors[affine(j)] * value);
  const addScale = (gradient: Float64Array, cotangent: Matrix, features: Matrix): void => {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < cols; j++) gradient[affine(j)] += cotangent.data[i * cols + j] * features.data[i * cols + j];
    }
  };
  const addShift = (gradient: Float64Array, cotangent: Matrix): void => {
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < cols; j++) gradient[features + affine(j)] += cotangent.data[i * cols + j];
  };
  return {
    output,
    input,
    jvp(direction, inputTangent) {
      const moved = inputTangent === null ? zeros(rows, cols) : scaled(project(inputTangent), gamma);
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < cols; j++) {
          moved.data[i * cols + j] +=
            direction[affine(j)] * normal.data[i * cols + j] + direction[features + affine(j)];
        }
      }
      return { output: moved };
    },
    vjp(cotangent, gradient, needInput) {
      if (gradient !== null) {
        addScale(gradient, cotangent, normal);
        addShift(gradient, cotangent);
      }
      return { input: needInput ? project(scaled(cotangent, gamma)) : null };
    },
    secondOrder(given, gradient, needInput) {
      const { cotangent, cotangentTangent } = given;
      const normalTangent = given.input === null ? null : project(given.input);
      addScale(gradient, cotangentTangent, normal);
      if (normalTangent !== null) addScale(gradient, cotangent, normalTangent);
      addShift(gradient, cotangentTangent);
      if (!needInput) return null;
      // c = γ δ and its derivative; then the derivative of P c, whose x̂ and s move with the input.
      const c = scaled(cotangent, gamma);
      const moved = scaled(cotangentTangent, gamma);
      const byScale = scaled(cotangent, given.parameters.subarray(0, features));
      for (let e = 0; e < moved.data.length; e++) moved.data[e] += byScale.data[e];
      const back = project(moved);
      if (given.input === null || normalTangent === null) return back;
      const inputTangent = given.input;
      const deviationTangent = groupMean(
        mapEntries(inputTangent, (value, i, j) => value * normal.data[i * cols + j]),
        groups,
      );
      const along = groupMean(
        mapEntries(c, (value, i, j) => value * normal.data[i * cols + j]),
        groups,
      );
      const alongTangent = groupMean(
        mapEntries(c, (value, i, j) => value * normalTangent.data[i * cols + j]),
        groups,
      );
      const projected = project(c);
      return mapEntries(back, (value, i, j) => {
        const g = groups.of(i, j);
        const e = i * cols + j;
        const turn = normalTangent.data[e] * along[g] + normal.data[e] * alongTangent[g];
        return value - (deviationTangent[g] * projected.data[e] + turn) / deviation[g];
      });
    },
    perSample(cotangent, out, offset) {
      if (kind === "batchNorm") {
        throw new UnsupportedError({
          function: "perSample",
          argument: "layer",
          expected: "without coupled samples",
          got: "batchNorm",
        });
      }
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < cols; j++) {
          const delta = cotangent.data[i * cols + j];
          out.data[i * out.cols + offset + j] += delta * normal.data[i * cols + j];
          out.data[i * out.cols + offset + features + j] += delta;
        }
      }
    },
  };
}

function mapEntries(A: Matrix, f: (value: number, row: number, col: number) => number): Matrix {
  const { rows, cols, data } = A;
  const out = new Float64Array(data.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) out[i * cols + j] = f(data[i * cols + j], i, j);
  return { rows, cols, data: out };
}

function groupMean(A: Matrix, groups: Groups): Float64Array {
  const sums = new Float64Array(groups.count);
  for (let i = 0; i < A.rows; i++) for (let j = 0; j < A.cols; j++) sums[groups.of(i, j)] += A.data[i * A.cols + j];
  return sums.map((sum) => sum / groups.size);
}
