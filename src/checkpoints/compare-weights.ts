import {
  type LongRunning,
  type Matrix,
  type Tagged,
  acos,
  asin,
  defined,
  isCancelled,
  requireInteger,
  requireOptions,
  square,
  undefinedBecause,
} from "../core/index.js";
import {
  type ByteInput,
  type NamedTensors,
  type Tensor,
  type TensorArchive,
  openTensors,
  sizeOfShape,
  toFloat64,
} from "../formats/index.js";
import { matmul, norms, svd } from "../linalg/index.js";
import { spectralDistance } from "../spectra/index.js";
import { requireFiniteWeights } from "./finite-weights.js";
import { gramSingularValues } from "./gram-values.js";
import {
  type LayerPart,
  type LayoutChoice,
  type TensorOutline,
  type WeightLayout,
  guessLayout,
  layerMatrices,
  outlineLayer,
  requireLayout,
  skipReason,
} from "./layer-matrices.js";
import { matchesPattern, requirePatterns } from "./patterns.js";

/** Options of compareWeights and compareCheckpoints. */
export interface CompareWeightsOptions extends LongRunning {
  /** Number of leading singular vectors whose subspaces are compared; default 5, at most min(rows, cols). */
  readonly subspace?: number;
  /** Order of the axes; default guessed from the first model. */
  readonly layout?: "auto" | WeightLayout;
  /** Names to compare, "*" standing for any text; all by default. */
  readonly only?: readonly string[];
  /** compareCheckpoints only: tensors with more entries are read in tiles and compared by values alone; default 16,777,216. */
  readonly tileAbove?: number;
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

/** Two models side by side. */
export interface WeightComparison {
  /** One record per matrix that both have with the same shape. */
  readonly layers: readonly LayerComparison[];
  /** Tensors of two or more dimensions that only one model has, or with different shapes. */
  readonly unmatched: readonly { readonly name: string; readonly reason: string }[];
  /** Layout used for both. */
  readonly layout: LayoutChoice;
  /** "converged", or "cancelled" when the signal stopped it: `layers` then holds what was done. */
  readonly status: "converged" | "cancelled";
}

interface CompareSettings {
  readonly subspace: number;
  readonly layout: "auto" | WeightLayout;
  readonly only: readonly string[] | null;
  readonly tileAbove: number;
  readonly running: LongRunning;
}

function requireCompareSettings(options: CompareWeightsOptions, caller: string): CompareSettings {
  requireOptions(options, ["subspace", "layout", "only", "tileAbove", "signal", "onProgress"], caller);
  const { signal, onProgress } = options;
  return {
    subspace: requireInteger(options.subspace ?? 5, "subspace", caller, 1),
    layout: requireLayout(options.layout, caller),
    only: options.only === undefined ? null : requirePatterns(options.only, "only", caller),
    tileAbove: requireInteger(options.tileAbove ?? 2 ** 24, "tileAbove", caller, 1),
    running: { ...(signal === undefined ? {} : { signal }), ...(onProgress === undefined ? {} : { onProgress }) },
  };
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
 * console.log(layers[0]?.spectralChange, layers[0]?.leftAngles.defined && layers[0].leftAngles.value[0]); // 0.5 0
 * ```
 */
export function compareWeights(
  first: NamedTensors | Iterable<Tensor>,
  second: NamedTensors | Iterable<Tensor>,
  options: CompareWeightsOptions = {},
): WeightComparison {
  const caller = "compareWeights";
  const settings = requireCompareSettings(options, caller);
  const before = byName(listOf(first));
  const after = byName(listOf(second));
  const plan = planComparison([...before.values()], [...after.values()], settings);
  const layers: LayerComparison[] = [];
  for (const [index, { name }] of plan.pairs.entries()) {
    if (isCancelled(settings.running.signal)) break;
    layers.push(...compareTensors(before.get(name)!, after.get(name)!, plan.layout.layout, settings.subspace, caller));
    settings.running.onProgress?.({ phase: "comparison", done: index + 1, total: plan.pairs.length });
  }
  return finish(layers, plan, settings);
}

/**
 * Compares two checkpoint files, one pair of tensors at a time.
 *
 * Relation and errors as compareWeights; inputs as analyzeCheckpoint. Tensors with more than `tileAbove` entries are read
 * in tiles: their values and norms come from Gram matrices, and their angles are undefined.
 *
 * @throws {FormatError} when a file is damaged
 * @throws {NonFiniteError} when a weight is NaN or infinite
 *
 * Cost: three SVDs per layer; memory a few times the largest tensor.
 * @see [wedin1972]
 */
export async function compareCheckpoints(
  first: ByteInput | readonly ByteInput[] | TensorArchive,
  second: ByteInput | readonly ByteInput[] | TensorArchive,
  options: CompareWeightsOptions = {},
): Promise<WeightComparison> {
  const caller = "compareCheckpoints";
  const settings = requireCompareSettings(options, caller);
  const before = isArchive(first) ? first : await openTensors(first);
  try {
    const after = isArchive(second) ? second : await openTensors(second);
    try {
      const plan = planComparison(before.tensors, after.tensors, settings);
      const layers: LayerComparison[] = [];
      for (const [index, outline] of plan.pairs.entries()) {
        if (isCancelled(settings.running.signal)) break;
        const { layout } = plan.layout;
        if (sizeOfShape(outline.shape) > settings.tileAbove)
          layers.push(...(await compareTiled(before, after, outline, layout, settings, caller)));
        else {
          const [a, b] = [await before.read(outline.name), await after.read(outline.name)];
          layers.push(...compareTensors(a, b, layout, settings.subspace, caller));
        }
        settings.running.onProgress?.({ phase: "comparison", done: index + 1, total: plan.pairs.length });
      }
      return finish(layers, plan, settings);
    } finally {
      if (!isArchive(second)) await after.close();
    }
  } finally {
    if (!isArchive(first)) await before.close();
  }
}

/** Whether an input is an archive that is open already. */
export function isArchive(input: unknown): input is TensorArchive {
  const candidate = input as Partial<TensorArchive> | null;
  return (
    typeof candidate === "object" &&
    candidate !== null &&
    Array.isArray(candidate.tensors) &&
    typeof candidate.read === "function"
  );
}

function listOf(tensors: NamedTensors | Iterable<Tensor>): readonly Tensor[] {
  return Symbol.iterator in tensors ? Array.from(tensors as Iterable<Tensor>) : Object.values(tensors as NamedTensors);
}

function byName<T extends { readonly name: string }>(list: readonly T[]): Map<string, T> {
  return new Map(list.map((item) => [item.name, item]));
}

interface Plan {
  readonly layout: LayoutChoice;
  readonly pairs: readonly TensorOutline[];
  readonly unmatched: WeightComparison["unmatched"];
}

/** Names and shapes decide what is compared, before any tensor is read. */
function planComparison(
  first: readonly TensorOutline[],
  second: readonly TensorOutline[],
  settings: CompareSettings,
): Plan {
  const layout: LayoutChoice =
    settings.layout === "auto"
      ? guessLayout(first)
      : { layout: settings.layout, from: "given", reason: "given by the caller" };
  const selected = (outline: TensorOutline): boolean =>
    skipReason(outline) === null &&
    (settings.only === null || settings.only.some((pattern) => matchesPattern(outline.name, pattern)));
  const before = byName(first);
  const after = byName(second);
  const pairs: TensorOutline[] = [];
  const unmatched: { name: string; reason: string }[] = [];
  for (const a of before.values()) {
    if (!selected(a)) continue;
    const b = after.get(a.name);
    if (b === undefined) unmatched.push({ name: a.name, reason: "only in the first model" });
    else if (b.shape.join() !== a.shape.join())
      unmatched.push({ name: a.name, reason: `shapes [${a.shape.join(", ")}] and [${b.shape.join(", ")}]` });
    else if (skipReason(b) !== null) unmatched.push({ name: a.name, reason: `in the second model: ${skipReason(b)}` });
    else pairs.push(a);
  }
  for (const b of after.values())
    if (!before.has(b.name) && selected(b)) unmatched.push({ name: b.name, reason: "only in the second model" });
  return { layout, pairs, unmatched };
}

function finish(layers: readonly LayerComparison[], plan: Plan, settings: CompareSettings): WeightComparison {
  const status = isCancelled(settings.running.signal) ? "cancelled" : "converged";
  return { layers, unmatched: plan.unmatched, layout: plan.layout, status };
}

function compareTensors(
  a: Tensor,
  b: Tensor,
  layout: WeightLayout,
  subspace: number,
  caller: string,
): readonly LayerComparison[] {
  const [dataA, dataB] = [toFloat64(a), toFloat64(b)];
  requireFiniteWeights(dataA, a.name, 0, `${caller}, first model`);
  requireFiniteWeights(dataB, b.name, 0, `${caller}, second model`);
  const second = layerMatrices(b, dataB, layout);
  return layerMatrices(a, dataA, layout).map(({ matrix, ...part }, k) =>
    compareLayer(a.name, part, matrix, second[k].matrix, subspace),
  );
}

function compareLayer(
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

async function compareTiled(
  before: TensorArchive,
  after: TensorArchive,
  outline: TensorOutline,
  layout: WeightLayout,
  settings: CompareSettings,
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
