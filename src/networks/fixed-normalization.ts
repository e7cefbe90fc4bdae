import type { Matrix } from "../core/index.js";
import type { LayerPass } from "./layer.js";
import { zeros } from "./products.js";

/** Mean and variance of each feature (each channel of an image). */
export interface NormalizationStatistics {
  /** Means. */
  readonly mean: ArrayLike<number>;
  /** Population variances, >= 0. */
  readonly variance: ArrayLike<number>;
}

/**
 * Batch normalisation with statistics that do not depend on the batch: an affine map of each feature, y = γ (x − μ)/s + β. Samples are
 * independent, and the layer is linear in its input.
 */
export function fixedNormalizationPass(
  parameters: Float64Array,
  input: Matrix,
  positions: number,
  { mean, variance }: NormalizationStatistics,
  epsilon: number,
): LayerPass {
  const { rows, cols } = input;
  const features = cols / positions;
  const deviation = Float64Array.from(variance, (value) => Math.sqrt(value + epsilon));
  const gamma = parameters.subarray(0, features);
  const normal = zeros(rows, cols); // x̂
  forEachEntry(rows, features, positions, (e, f) => (normal.data[e] = (input.data[e] - mean[f]) / deviation[f]));
  /** slope_f · A + shift_f, feature by feature. */
  const affine = (A: Matrix, slope: (feature: number) => number, shift: (feature: number) => number): Matrix => {
    const out = zeros(rows, cols);
    forEachEntry(rows, features, positions, (e, f) => (out.data[e] = slope(f) * A.data[e] + shift(f)));
    return out;
  };
  const addGradient = (cotangent: Matrix, gradient: Float64Array): void => {
    forEachEntry(rows, features, positions, (e, f) => {
      gradient[f] += cotangent.data[e] * normal.data[e];
      gradient[features + f] += cotangent.data[e];
    });
  };
  return {
    output: affine(
      normal,
      (f) => gamma[f],
      (f) => parameters[features + f],
    ),
    input,
    jvp(direction, inputTangent) {
      const moved = affine(
        normal,
        (f) => direction[f],
        (f) => direction[features + f],
      );
      if (inputTangent !== null) {
        forEachEntry(rows, features, positions, (e, f) => {
          moved.data[e] += (gamma[f] / deviation[f]) * inputTangent.data[e];
        });
      }
      return { output: moved };
    },
    vjp(cotangent, gradient, needInput) {
      if (gradient !== null) addGradient(cotangent, gradient);
      const zero = (): number => 0;
      return { input: needInput ? affine(cotangent, (f) => gamma[f] / deviation[f], zero) : null };
    },
    secondOrder(given, gradient, needInput) {
      const { cotangent, cotangentTangent, parameters: direction } = given;
      addGradient(cotangentTangent, gradient);
      const moved = given.input;
      if (moved !== null) {
        forEachEntry(rows, features, positions, (e, f) => {
          gradient[f] += (cotangent.data[e] * moved.data[e]) / deviation[f];
        });
      }
      if (!needInput) return null;
      const back = zeros(rows, cols);
      forEachEntry(rows, features, positions, (e, f) => {
        back.data[e] = (gamma[f] * cotangentTangent.data[e] + direction[f] * cotangent.data[e]) / deviation[f];
      });
      return back;
    },
    perSample(cotangent, out, offset) {
      forEachEntry(rows, features, positions, (e, f) => {
        const base = Math.floor(e / cols) * out.cols + offset;
        out.data[base + f] += cotangent.data[e] * normal.data[e];
        out.data[base + features + f] += cotangent.data[e];
      });
    },
  };
}

/** Calls back with the index of every entry and its feature. */
function forEachEntry(
  rows: number,
  features: number,
  positions: number,
  visit: (entry: number, feature: number) => void,
): void {
  let entry = 0;
  for (let i = 0; i < rows; i++) {
    for (let f = 0; f < features; f++) for (let p = 0; p < positions; p++) visit(entry++, f);
  }
}
