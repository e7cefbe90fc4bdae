import { type Matrix, type Tagged, acos, asin, defined, square, undefinedBecause } from "../core/index.js";
import { type TensorArchive, toFloat64 } from "../formats/index.js";
import { matmul, norms, svd } from "../linalg/index.js";
import { spectralDistance } from "../spectra/index.js";
import { requireFiniteWeights } from "./finite-weights.js";
import { gramSingularValues } from "./gram-values.js";
import { type LayerPart, type TensorOutline, type WeightLayout, outlineLayer } from "./layer-matrices.js";

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
  /** Principal angles between the leading left subspaces, in radians, ascending; undefined where no vectors were computed. */
  readonly leftAngles: Tagged<Float64Array>;
  /** The same on the right. */
  readonly rightAngles: Tagged<Float64Array>;
  /** (s_k − s_{k+1})/s_k at the end k of the subspaces, the smaller of both models: near 0 the angles are arbitrary. */
  readonly subspaceGap: number;
  /** ‖A‖₂ and ‖B‖₂. */
  readonly spectralNorms: readonly [number, number];
  /** Singular values of A, descending. */
  readonly before: Float64Array;
  /** Singular values of B, descending. */
  readonly after: Float64Array;
  /** Singular values of B − A, descending. */
  readonly change: Float64Array;
  /** "svd", or "gram" for tiles: values below √ε of the largest are noise. */
  readonly method: "svd" | "gram";
}

/** Compares two matrices of one shape. */
export function compareLayer(
  name: string,
  part: Pick<LayerPart, "part" | "rows" | "cols">,
  A: Matrix,
  B: Matrix,
  subspace: number,
): LayerComparison {
  const before = svd(A);
  const after = svd(B);
  const difference = { ...A, data: A.data.map((value, e) => B.data[e] - value) };
  const count = Math.min(subspace, A.rows, A.cols);
  const zero = before.singularValues[0] === 0 || after.singularValues[0] === 0;
  const angles = (U: Matrix, V: Matrix): Tagged<Float64Array> =>
    zero ? undefinedBecause("zero matrix") : defined(principalAngles(U, V, count));
  return {
    ...describeChange(
      name,
      part,
      before.singularValues,
      after.singularValues,
      svd(difference, { vectors: "none" }).singularValues,
      norms(difference).frobenius,
      norms(A).frobenius,
    ),
    leftAngles: angles(before.u, after.u),
    rightAngles: angles(before.v, after.v),
    subspaceGap: Math.min(gapAt(before.singularValues, count), gapAt(after.singularValues, count)),
    method: "svd",
  };
}

/** Everything that follows from the singular values of A, B and B − A. */
function describeChange(
  name: string,
  { part, rows, cols }: Pick<LayerPart, "part" | "rows" | "cols">,
  before: Float64Array,
  after: Float64Array,
  change: Float64Array,
  frobeniusChange: number,
  size: number,
): Omit<LayerComparison, "leftAngles" | "rightAngles" | "subspaceGap" | "method"> {
  const distance = spectralDistance(after, before);
  return {
    name,
    part,
    rows,
    cols,
    spectralChange: change[0],
    frobeniusChange,
    relativeChange: frobeniusChange === 0 ? 0 : frobeniusChange / size,
    changeStableRank: change[0] === 0 ? 0 : square(frobeniusChange / change[0]),
    spectrumDistance: distance.wasserstein2,
    spectrumKs: distance.kolmogorovSmirnov,
    spectralNorms: [before[0], after[0]],
    before,
    after,
    change,
  };
}

/** Relative gap behind the k-th value: 1 when there is no further one. */
function gapAt(values: Float64Array, count: number): number {
  const last = values[count - 1];
  return last === 0 ? 0 : (last - (values[count] ?? 0)) / last;
}

/** Compares two tensors that are read in tiles: values and norms, no vectors. */
export async function compareTiled(
  before: TensorArchive,
  after: TensorArchive,
  outline: TensorOutline,
  layout: WeightLayout,
  settings: { readonly subspace: number; readonly tileAbove: number },
  caller: string,
): Promise<readonly LayerComparison[]> {
  const { name } = outline;
  const { viewCols, parts } = outlineLayer(outline, layout);
  const tileRows = Math.max(1, Math.floor(settings.tileAbove / 4 / viewCols));
  const result: LayerComparison[] = [];
  for (const part of parts) {
    const { row, col, height, width } = part.block;
    const readFrom =
      (archive: TensorArchive, which: string) =>
      async (from: number, to: number): Promise<Float64Array> => {
        const start = (row + from) * viewCols;
        const data = toFloat64(await archive.read(name, { start, end: (row + to) * viewCols }));
        requireFiniteWeights(data, name, start, `${caller}, ${which} model`);
        if (width === viewCols) return data;
        const out = new Float64Array((to - from) * width);
        for (let i = 0; i < to - from; i++)
          out.set(data.subarray(i * viewCols + col, i * viewCols + col + width), i * width);
        return out;
      };
    const [readA, readB] = [readFrom(before, "first"), readFrom(after, "second")];
    const readChange = async (from: number, to: number): Promise<Float64Array> => {
      const a = await readA(from, to);
      const b = await readB(from, to);
      return b.map((value, e) => value - a[e]);
    };
    const valuesOf = async (read: typeof readA): Promise<Float64Array> =>
      (await gramSingularValues(height, width, tileRows, read)).singularValues;
    const [a, b, change] = [await valuesOf(readA), await valuesOf(readB), await valuesOf(readChange)];
    const none = undefinedBecause<Float64Array>("read in tiles: no singular vectors were computed");
    const count = Math.min(settings.subspace, a.length);
    result.push({
      ...describeChange(name, part, a, b, change, frobeniusOf(change), frobeniusOf(a)),
      leftAngles: none,
      rightAngles: none,
      subspaceGap: Math.min(gapAt(a, count), gapAt(b, count)),
      method: "gram",
    });
  }
  return result;
}

function frobeniusOf(values: Float64Array): number {
  return norms({ rows: 1, cols: values.length, data: values }).frobenius;
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
