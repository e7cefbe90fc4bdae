import { type Matrix, requireInteger, requireOptions, square, asin, acos } from "../core/index.js";
import { type NamedTensors, type Tensor, toFloat64 } from "../formats/index.js";
import { matmul, norms, svd } from "../linalg/index.js";
import { spectralDistance } from "../spectra/index.js";
import { type WeightLayout, guessLayout, layerMatrices, requireLayout, skipReason } from "./layer-matrices.js";

/** Options of compareWeights. */
export interface CompareWeightsOptions {
  /** Number of leading singular vectors whose subspaces are compared; default 5, at most min(rows, cols). */
  readonly subspace?: number;
  /** Order of the axes; default guessed from the first model. */
  readonly layout?: "auto" | WeightLayout;
}

/** What changed in one matrix. */
export interface LayerComparison {
  /** Name of the tensor. */
  readonly name: string;
  /** Part of a packed tensor, or null. */
  readonly part: string | null;
  /** Outputs. */
  readonly rows: number;
  /** Inputs. */
  readonly cols: number;
  /** ‖B − A‖₂. */
  readonly spectralChange: number;
  /** ‖B − A‖_F. */
  readonly frobeniusChange: number;
  /** ‖B − A‖_F / ‖A‖_F; Infinity when A is zero and B is not, 0 when both are. */
  readonly relativeChange: number;
  /** Stable rank of B − A: small when the change is low-rank; 0 when nothing changed. */
  readonly changeStableRank: number;
  /** Wasserstein-2 distance of the singular values; at most frobeniusChange / √min(rows, cols). */
  readonly spectrumDistance: number;
  /** Kolmogorov–Smirnov distance of the singular values. */
  readonly spectrumKs: number;
  /** Principal angles between the leading left subspaces, in radians, ascending. */
  readonly leftAngles: Float64Array;
  /** The same on the right. */
  readonly rightAngles: Float64Array;
  /** ‖A‖₂ and ‖B‖₂. */
  readonly spectralNorms: readonly [number, number];
}

/** Two models side by side. */
export interface WeightComparison {
  /** One record per matrix that both have with the same shape. */
  readonly layers: readonly LayerComparison[];
  /** Tensors of two or more dimensions that only one model has, or with different shapes. */
  readonly unmatched: readonly { readonly name: string; readonly reason: string }[];
}

/**
 * Compares the weights of two models, layer by layer: size of the change, spectra, leading subspaces.
 *
 * Relation: with Δ = B − A, (1/r) Σ (s_i(B) − s_i(A))² <= ‖Δ‖_F²/r (Hoffman–Wielandt); principal angles are the arc
 * cosines of the singular values of U_AᵀU_B, taken from the sines where they are small.
 *
 * @param first the model before, by name or as a list
 * @param second the model after
 * @throws {ArgumentError} when subspace is not an integer >= 1
 * @throws {NonFiniteError} when a weight is NaN or infinite
 *
 * Cost: three SVDs per layer.
 * @see [wedin1972]
 *
 * @example
 * ```ts
 * import { compareWeights } from "eigenscope/checkpoints";
 * const layer = (data: number[]) => [{ name: "w", dtype: "F64" as const, shape: [2, 2], data: Float64Array.from(data) }];
 * const { layers } = compareWeights(layer([2, 0, 0, 1]), layer([2, 0, 0, 1.5]), { subspace: 1 });
 * console.log(layers[0]?.spectralChange, layers[0]?.leftAngles[0]); // 0.5 0
 * ```
 */
export function compareWeights(
  first: NamedTensors | Iterable<Tensor>,
  second: NamedTensors | Iterable<Tensor>,
  options: CompareWeightsOptions = {},
): WeightComparison {
  const caller = "compareWeights";
  requireOptions(options, ["subspace", "layout"], caller);
  const subspace = requireInteger(options.subspace ?? 5, "subspace", caller, 1);
  const chosen = requireLayout(options.layout, caller);
  const before = byName(first);
  const after = byName(second);
  const layout = chosen === "auto" ? guessLayout([...before.values()]).layout : chosen;
  const layers: LayerComparison[] = [];
  const unmatched: { name: string; reason: string }[] = [];
  for (const [name, a] of before) {
    if (skipReason(a) !== null) continue;
    const b = after.get(name);
    if (b === undefined) unmatched.push({ name, reason: "only in the first model" });
    else if (b.shape.join() !== a.shape.join())
      unmatched.push({ name, reason: `shapes [${a.shape.join(", ")}] and [${b.shape.join(", ")}]` });
    else {
      const matricesA = layerMatrices(a, toFloat64(a), layout);
      const matricesB = layerMatrices(b, toFloat64(b), layout);
      matricesA.forEach(({ part, matrix }, k) =>
        layers.push(compareLayer(name, part, matrix, matricesB[k].matrix, subspace)),
      );
    }
  }
  for (const [name, b] of after)
    if (!before.has(name) && skipReason(b) === null) unmatched.push({ name, reason: "only in the second model" });
  return { layers, unmatched };
}

function byName(tensors: NamedTensors | Iterable<Tensor>): Map<string, Tensor> {
  const list =
    Symbol.iterator in tensors ? Array.from(tensors as Iterable<Tensor>) : Object.values(tensors as NamedTensors);
  return new Map(list.map((tensor) => [tensor.name, tensor]));
}

function compareLayer(name: string, part: string | null, A: Matrix, B: Matrix, subspace: number): LayerComparison {
  const before = svd(A);
  const after = svd(B);
  const difference = { ...A, data: A.data.map((value, e) => B.data[e] - value) };
  const change = svd(difference, { vectors: "none" }).singularValues;
  const frobeniusChange = norms(difference).frobenius;
  const size = norms(A).frobenius;
  const count = Math.min(subspace, A.rows, A.cols);
  const distance = spectralDistance(after.singularValues, before.singularValues);
  return {
    name,
    part,
    rows: A.rows,
    cols: A.cols,
    spectralChange: change[0],
    frobeniusChange,
    relativeChange: frobeniusChange === 0 ? 0 : frobeniusChange / size,
    changeStableRank: change[0] === 0 ? 0 : square(frobeniusChange / change[0]),
    spectrumDistance: distance.wasserstein2,
    spectrumKs: distance.kolmogorovSmirnov,
    leftAngles: principalAngles(before.u, after.u, count),
    rightAngles: principalAngles(before.v, after.v, count),
    spectralNorms: [before.singularValues[0], after.singularValues[0]],
  };
}

/** Angles between the spans of the leading columns; small ones from the sines, because the cosine is flat at 1. */
function principalAngles(U: Matrix, V: Matrix, count: number): Float64Array {
  const A = leading(U, count);
  const B = leading(V, count);
  const overlap = matmul(A, B, { transposeA: true });
  const cosines = svd(overlap, { vectors: "none" }).singularValues;
  const projected = matmul(A, overlap);
  const outside = { ...B, data: B.data.map((value, e) => value - projected.data[e]) };
  const sines = svd(outside, { vectors: "none" }).singularValues.reverse();
  return cosines.map((cosine, k) => (cosine > Math.SQRT1_2 ? asin(Math.min(1, sines[k])) : acos(Math.min(1, cosine))));
}

function leading(A: Matrix, count: number): Matrix {
  const data = new Float64Array(A.rows * count);
  for (let i = 0; i < A.rows; i++) data.set(A.data.subarray(i * A.cols, i * A.cols + count), i * count);
  return { rows: A.rows, cols: count, data };
}
