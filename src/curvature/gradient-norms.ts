import type { Matrix } from "../core/index.js";
import { chainBackward, type LayerPass, type LossExpansion, usesOf } from "../networks/index.js";
import { curvatureRoots } from "./roots.js";

/**
 * Σ_i ‖∂(c_i · output_i)/∂θ‖² over the samples, for one layer.
 *
 * For one row per sample this is Σ ‖δ_i‖² (w²‖a_i‖² + b²), without forming a gradient; shared weights (convolutions) add the
 * gradients of their positions first, so there they are formed sample by sample.
 */
export function squaredGradientSum(pass: LayerPass, cotangent: Matrix, parameters: number): number {
  const { linear } = pass;
  if (linear !== undefined && linear.positions === 1) {
    const { rows, weightScale } = linear;
    const constant = linear.biasScale === null ? 0 : linear.biasScale * linear.biasScale;
    let sum = 0;
    for (let i = 0; i < rows.rows; i++) {
      sum += rowSquares(cotangent, i) * (weightScale * weightScale * rowSquares(rows, i) + constant);
    }
    return sum;
  }
  const gradients = { rows: cotangent.rows, cols: parameters, data: new Float64Array(cotangent.rows * parameters) };
  pass.perSample(cotangent, gradients, 0);
  return gradients.data.reduce((sum, value) => sum + value * value, 0);
}

function rowSquares(A: Matrix, i: number): number {
  let sum = 0;
  for (let j = i * A.cols; j < (i + 1) * A.cols; j++) sum += A.data[j] * A.data[j];
  return sum;
}

/** A stretch of the parameter vector inside one layer, or a whole layer. */
export interface ParameterRange {
  /** Name of the block. */
  readonly name: string;
  /** Index of its first parameter. */
  readonly start: number;
  /** Index after its last parameter. */
  readonly end: number;
}

/** Exact traces of Gauss–Newton blocks: (1/n) Σ_k Σ_i ‖J_{i,b}ᵀ s_{ik}‖². */
export function ggnBlockTraces(point: LossExpansion, ranges: readonly ParameterRange[]): number[] {
  const traces = ranges.map(() => 0);
  point.forEachChunk(({ pass, targets }) => {
    for (const root of curvatureRoots(point.loss, pass.output, targets)) {
      const { cotangents } = chainBackward(pass, root, null, false);
      pass.passes.forEach((layerPass, l) => {
        const start = pass.chain.offsets[l];
        const end = pass.chain.offsets[l + 1];
        const uses = usesOf(pass.chain, l);
        if (uses.length === 0) return;
        const inside = ranges
          .map((range, index) => ({ ...range, index }))
          .filter((range) => range.start >= start && range.end <= end);
        if (inside.length === 1 && uses.length === 1) {
          traces[inside[0].index] += squaredGradientSum(layerPass, cotangents[l], end - start) / point.samples;
          return;
        }
        const gradients = { rows: root.rows, cols: end - start, data: new Float64Array(root.rows * (end - start)) };
        for (const use of uses) pass.passes[use].perSample(cotangents[use], gradients, 0); // shared parameters: sums
        for (const range of inside) {
          let sum = 0;
          for (let i = 0; i < gradients.rows; i++) {
            for (let j = range.start - start; j < range.end - start; j++)
              sum += gradients.data[i * gradients.cols + j] * gradients.data[i * gradients.cols + j];
          }
          traces[range.index] += sum / point.samples;
        }
      });
    }
  });
  return traces;
}

/** Trace of the Gauss–Newton matrix, exact. */
export function ggnTraceOf(point: LossExpansion): number {
  const { layers, offsets } = point.network.chain;
  const ranges = layers.map((layer, l) => ({ name: layer.name, start: offsets[l], end: offsets[l + 1] }));
  return ggnBlockTraces(
    point,
    ranges.filter((range) => range.end > range.start),
  ).reduce((sum, value) => sum + value, 0);
}
